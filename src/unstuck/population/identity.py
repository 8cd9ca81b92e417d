"""What a training is, in words that mean the same in every process.

`Recipe.signature` tells recipes of one process apart by the identity of their arrays; here arrays are
told by a digest of their bytes, so that a replica trained yesterday, or on another machine, is known
to be of the same training.
"""

from __future__ import annotations

import hashlib
import types
from dataclasses import fields
from pathlib import Path
from typing import Any

import keras
import numpy as np

from unstuck.base.digests import digest
from unstuck.base.remembered import once
from unstuck.network import adapter
from unstuck.network.callback_rules import LearningRateScheduler
from unstuck.network.loops import Loop
from unstuck.network.recipe import Recipe


def fingerprint(recipe: Recipe) -> str:
    """Equal for recipes of which the same trainings come, in any process."""
    layers = [(layer.name, layer.kind, layer.inputs, sorted(map(repr, layer.config.items())))
              for layer in recipe.layers]
    name, config = recipe.loss_config
    words = (
        layers, sorted(map(repr, recipe.architecture.inserted)),
        recipe.optimizer.kind, sorted(map(repr, recipe.optimizer.config.items())),
        name, sorted(map(repr, config.items())), _told(recipe.loss), _told(recipe.loss_weights),
        recipe.epochs, recipe.batch_size, recipe.shuffle, recipe.validation_split,
        recipe.order_salt, sorted((recipe.class_weight or {}).items()), recipe.data_units,
        recipe.batches, recipe.epochs_in_rows, _rules_told(recipe), _kept_told(recipe),
        [_bytes_told(a) for a in recipe.optimizer.state],
    )
    if recipe.target_units is not None:
        words = (*words, recipe.target_units)  # type: ignore[assignment]
    if recipe.filled:
        words = (*words, recipe.filled)  # type: ignore[assignment]
    if recipe.loop is not None:
        words = (*words, _loop_told(recipe.loop))  # type: ignore[assignment]
    if recipe.others or recipe.alone:
        others = [(one.kind, sorted(map(repr, one.config.items()))) for one in recipe.others]
        words = (*words, others, recipe.alone)  # type: ignore[assignment]
    if recipe.loss_rows is not None:
        words = (*words, recipe.loss_rows)  # type: ignore[assignment]
    if recipe.term_weights:
        words = (*words, recipe.term_weights)  # type: ignore[assignment]
    return digest(repr(words).encode(), data_digest(recipe).encode())


def _loop_told(loop: Loop) -> str:
    """What a loop does otherwise than `fit`; its block is the script's, which stays the same."""
    given = {one.name: getattr(loop, one.name) for one in fields(loop)}
    return repr({**given, "untrained": sorted(loop.untrained), "block": loop.block is not None})


def _rules_told(recipe: Recipe) -> str:
    """The callbacks; a function of the epoch by the rates that it gives."""
    rules = recipe.rules
    plain = [(rule.kind, sorted((k, repr(v)) for k, v in vars(rule).items() if k != "schedule"))
             for rule in rules.rules]
    rates = recipe.rates().tolist() if rules.of(LearningRateScheduler) else []
    return repr((plain, rules.first_epoch, rules.validated, rates))


def _kept_told(recipe: Recipe) -> str:
    """The weights that a training begins with."""
    kept = recipe.architecture.kept
    values = recipe.architecture.initial_values if kept else {}
    return repr([(path, _bytes_told(values[path])) for path in sorted(kept & values.keys())])


def data_digest(recipe: Recipe) -> str:
    """A digest of every array of a recipe: rows, weights of rows, and what layers were given."""
    held = recipe.validation_data
    trees = (recipe.x, recipe.y, recipe.sample_weight,
             None if held is None else (held.x, held.y, held.sample_weight))
    parts = [_of_array(a) for a in keras.tree.flatten(trees)]
    return digest(*(part.encode() for part in parts), _given(recipe).encode())


def code_digest(recipe: Recipe) -> str:
    """A digest of the files that the user's own layers, losses and metrics stand in."""
    things = [*adapter.own_objects(recipe.architecture.source).values(), recipe.loss]
    files: set[str] = set()
    for thing in things:
        members = [thing, *vars(thing).values()] if isinstance(thing, type) else [thing]
        files |= {m.__code__.co_filename for m in members if isinstance(m, types.FunctionType)}
    return digest(*(_bytes_of(Path(file)) for file in sorted(files)))


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # a cell of a notebook, or typed in
        return str(path).encode()


def _given(recipe: Recipe) -> str:
    """Values that belong to the data, such as adapted statistics; not the states of dropout."""
    model = recipe.architecture.source

    def told() -> str:
        prefix = f"{model.name}/"
        weights = {w.path.removeprefix(prefix) for w in model.weights} | {
            w.path for w in model.weights}
        return repr([(path, _of_array(value)) for path, value
                     in sorted(recipe.architecture.initial_values.items()) if path in weights])

    return once(model, "given", told)


def _of_array(array: Any) -> str:
    """One array's type, shape and bytes."""
    if array is None:
        return "none"
    if isinstance(array, np.ndarray):
        return once(array, "bytes", lambda: _bytes_told(array))
    return _bytes_told(array)


def _bytes_told(array: Any) -> str:
    plain = np.ascontiguousarray(array)
    made = hashlib.blake2b(plain.view(np.uint8).data if plain.size else b"", digest_size=16)
    return f"{plain.dtype.str}{plain.shape}{made.hexdigest()}"


def _told(thing: Any) -> str:
    """A loss or a weight in words without addresses."""
    if isinstance(thing, dict):
        return repr({str(key): _told(value) for key, value in thing.items()})
    if isinstance(thing, list | tuple):
        return repr([_told(value) for value in thing])
    if isinstance(thing, keras.losses.Loss):
        return f"{type(thing).__qualname__}{sorted(map(repr, thing.get_config().items()))}"
    return thing if isinstance(thing, str) else getattr(thing, "__qualname__", None) or repr(thing)
