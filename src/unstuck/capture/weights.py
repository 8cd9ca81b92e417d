"""Which weights of a model are no fresh draw: loaded, set or trained before this `fit`.

While a script runs, what each variable was initialised with is noted, so that any other value shows.
For a model from memory only the initialisers are known: a bias that is not zero, or a weight outside
the range that its initialiser draws from, was not drawn by it.
"""

from __future__ import annotations

import hashlib
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np

from unstuck.network import adapter
from unstuck.network.architecture import Architecture
from unstuck.network.rebuilding import rebuilt
from unstuck.network.recipe import Recipe

from .patches import Attribute

_SHOWN = 4


class Drawn:
    """What each variable was initialised with, noted while a script runs."""

    def __init__(self) -> None:
        self._values: dict[int, tuple[weakref.ref[Any], Any]] = {}

    @property
    def wrappers(self) -> dict[Attribute, Callable[[Any], Any]]:
        """What to patch meanwhile."""
        return {adapter.INITIALISING: self._noting}

    def _noting(self, original: Any) -> Any:
        def initialise(variable: Any, *args: Any, **kwargs: Any) -> Any:
            result = original(variable, *args, **kwargs)
            mark = None if adapter.is_symbolic(variable.value) else digest(variable.value)
            self._values[id(variable)] = weakref.ref(variable), mark
            return result

        return initialise

    def changed(self, variable: Any) -> bool:
        """True where a variable holds another value than it was initialised with."""
        noted = self._values.get(id(variable))
        if noted is None or id(noted[0]()) != id(variable):
            return True
        return bool(noted[1] != digest(variable.value))


def digest(value: Any) -> bytes:
    """Tells values apart; kept in their place, because a training step frees the arrays it is given."""
    data = value if isinstance(value, bytes) else np.asarray(value).tobytes()
    return hashlib.blake2b(data, digest_size=16).digest()


@dataclass(frozen=True, kw_only=True)
class Before:
    """What a model brings along: its weights that are no draw, by the path in the copy.

    `optimizer` holds the values of its optimizer's variables where that has made steps already;
    `notes` tell all that.
    """

    kept: frozenset[str] = frozenset()
    optimizer: tuple[Any, ...] = ()
    notes: tuple[str, ...] = ()

    def carried(self, recipe: Recipe) -> Recipe:
        """The recipe that begins with it."""
        return replace(
            recipe,
            architecture=replace(recipe.architecture, kept=self.kept),
            optimizer=replace(recipe.optimizer, state=self.optimizer))


def before_fit(
    model: keras.Model, recipe: Recipe, drawn: Drawn | None, optimizer: Any = None
) -> Before:
    """What a model brings along to this `fit`.

    Args:
        model: the user's.
        recipe: of its copy.
        drawn: what was noted while its script ran; `None` for a model from memory.
        optimizer: what trains it; `None`: the one that it was compiled with.
    """
    optimizer = model.optimizer if optimizer is None else optimizer
    steps = int(optimizer.iterations.value) if optimizer.built else 0
    if drawn is None and steps:
        return Before(notes=(
            f"The model had been trained before, for {steps:,} updates; every training here begins with"
            " fresh weights.",))
    pairs = list(_pairs(model, recipe.architecture.source))
    if drawn is None:
        odd = _not_drawn(recipe.architecture)
        names = {name for name, path, _ in pairs if path in odd}
    else:
        names = {name for name, _, variable in pairs if drawn.changed(variable)}
    # A layer is loaded or drawn as a whole.
    kept = frozenset(path for name, path, _ in pairs if name in names)
    state = tuple(np.array(v.value) for v in optimizer.variables) if steps else ()
    if not kept:
        return Before()
    return Before(kept=kept, optimizer=state, notes=(_told(names, {n for n, _, _ in pairs}, steps),))


def _told(names: set[str], all_names: set[str], steps: int) -> str:
    listed = sorted(names)
    shown = ", ".join(listed[:_SHOWN]) + (
        f" and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else "")
    optimizer = f", and the optimizer with its {steps:,} updates" if steps else ""
    if names == all_names:
        return ("All weights had been loaded or trained before this fit: every training begins with"
                f" them{optimizer}, and trainings differ in the order of rows and in noise only.")
    return (f"The weights of {shown} had been loaded or trained before this fit: every training"
            f" begins with them{optimizer}; the other layers are drawn anew.")


def _pairs(model: keras.Model, copy: keras.Model) -> Iterator[tuple[str, str, Any]]:
    """Layer, path in the copy, and the user's variable, for all that the user's training moves."""
    prefix = f"{copy.name}/" if isinstance(copy, keras.Sequential) else ""
    paths = adapter.stable_paths(copy)
    originals = {layer.name: layer for layer in adapter.flat_layers(model)}
    for layer in adapter.flat_layers(copy):
        theirs = originals.get(layer.name)
        own = adapter.own_trainable(layer)
        if theirs is None or not own:
            continue
        for ours, variable in zip(own, adapter.own_trainable(theirs), strict=False):
            if ours.shape == variable.shape:
                yield layer.name, paths[id(ours)].removeprefix(prefix), variable


def _not_drawn(architecture: Architecture) -> frozenset[str]:
    """Paths of the weights that their initialisers cannot have drawn."""
    built = rebuilt(architecture)
    values = {v.path: np.asarray(v.value) for v in architecture.source.trainable_variables}
    prefix = f"{architecture.source.name}/"
    found = set()
    for variable in built.model.trainable_variables:
        value = values.get(variable.path, values.get(prefix + variable.path))
        initializer = built.initializers.get(id(variable))
        if value is None or initializer is None or value.shape != tuple(variable.shape):
            continue
        low, high = _range(initializer, value.shape)
        if value.min() < low or value.max() > high:
            found.add(variable.path)
    return frozenset(found)


def _range(initializer: Any, shape: tuple[int, ...]) -> tuple[float, float]:
    """Between which values an initialiser draws, a rounding error added."""
    kinds = keras.initializers
    if isinstance(initializer, kinds.Zeros):
        return 0.0, 0.0
    if isinstance(initializer, kinds.Ones):
        return 1.0, 1.0
    if isinstance(initializer, kinds.VarianceScaling):
        fans = dict(zip(("fan_in", "fan_out"), adapter.fans(initializer, shape), strict=True))
        fan = fans.get(initializer.mode, sum(fans.values()) / 2)
        deviation = float(np.sqrt(initializer.scale / max(1.0, fan)))
        widest = {"uniform": 3**0.5, "untruncated_normal": np.inf}.get(
            initializer.distribution, 2 / 0.8796)
        return -1.001 * widest * deviation, 1.001 * widest * deviation
    if isinstance(initializer, kinds.RandomUniform):
        return initializer.minval, initializer.maxval
    return -np.inf, np.inf
