"""From a call of `fit` to a Recipe: every argument carried, noted, or refused by name."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import replace
from typing import Any

import keras
import numpy as np

from unstuck.base.errors import BadData, NotSupported, UnstuckError
from unstuck.network import adapter
from unstuck.network.architecture import Architecture
from unstuck.network.data import Data
from unstuck.network.made_with import Arguments
from unstuck.network.optimizer import Optimizer
from unstuck.network.own_compile import OwnCompile
from unstuck.network.own_steps import takes_data_alone
from unstuck.network.rebuilding import Built
from unstuck.network.recipe import Recipe
from unstuck.network.rivals import numbered

from .callbacks import rules_of
from .data import as_data, check_inputs, refuse_one_row
from .events import loss_itself
from .failing import cause_of, misfit
from .fit_numbers import class_weight_of, epochs_of, steps_of, validation_share, whole_number
from .inside import told_of
from .judging import adds_its_loss, judge_of, judged_recipe, says_its_loss
from .networks import Made, copy_of, finished, refuse_unknown_training
from .plain_steps import COMPARED, without_own_step
from .tape import Tape, tape
from .weights import Drawn, before_fit


def recipe_of(
    model: keras.Model, fit: MutableMapping[str, Any], *, copied: bool, drawn: Drawn | None = None,
    made: Made | None = None, trained: bool = False,
) -> tuple[Recipe, tuple[str, ...]]:
    """The training that `model.fit(**fit)` would be, and notes on what is not carried over.

    Neither the model nor the arrays are changed. Call it within `random_state_kept`.

    Args:
        model: the user's, compiled.
        fit: the arguments of `fit` by name, defaults applied. A source of batches that was read
            is replaced by one that begins anew.
        copied: keep copies of the arrays, because the user's may change from now on.
        made: with what arguments the script's models were made; `None` for a model from memory.
        drawn: what the script's weights were drawn as; `None` for a model from memory.
        trained: `fit` has just trained it on these arrays, so that nobody need see whether it can.

    Raises:
        BadData: the arrays cannot be trained on.
        NotSupported: some part cannot be trained faithfully.
        UnstuckError: the model is not compiled.
    """
    _check_compiled(model)
    refuse_one_row(model, fit["x"])
    given = None if made is None else made.compiled(model)
    own_compile, optimizers = (None, []) if given is None else OwnCompile.of(*given)
    refuse_unknown_training(model, None if given is None else optimizers)
    notes: list[str] = []
    alone = fit["y"] is None and (takes_data_alone(model) or adds_its_loss(model))
    taped = _taped(fit, notes, alone=alone)
    alone = alone and (takes_data_alone(model) if taped is None else taped.rows_alone)
    judge = judge_of(model, fit if taped is None else {"x": taped.x, "y": None if alone else taped.y})
    data, validation = _data(fit, taped, copied, notes, judged=judge.of)
    epochs = epochs_of(fit, notes)
    if taped is not None and taped.passes is not None:
        epochs = taped.passes
    batches = _batches(fit, data, taped)
    compiled = adapter.compile_config(model)
    arguments = None if made is None else made.of(model)
    recipe = Recipe(
        architecture=Architecture(source=copy_of(model, data.x, arguments), arguments=arguments),
        optimizer=_optimizer(optimizers[0] if optimizers else compiled["optimizer"]),
        own_compile=own_compile,
        others=tuple(map(_optimizer, optimizers[1:])),
        rows_alone=alone,
        by_loss=judge.by_loss,
        loss=keras.tree.map_structure(loss_itself, compiled["loss"]),
        loss_weights=compiled["loss_weights"],
        metrics=adapter.fresh_metrics(compiled["metrics"]),
        weighted_metrics=adapter.fresh_metrics(compiled["weighted_metrics"]),
        x=data.x,
        y=data.y,
        sample_weight=data.sample_weight,
        validation_data=validation,
        validation_split=0.0 if validation is not None else validation_share(fit),
        class_weight=class_weight_of(fit, data),
        epochs=epochs,
        plain={} if taped is not None else _plain(x=fit["x"], y=fit["y"]),
        columns=_columns(fit["x"]),
        **batches,
    )
    _check_split(recipe)
    built = model if trained else _built(recipe).model
    finished(recipe, model, built)
    if recipe.loss is None and not says_its_loss(model) and not adapter.adds_losses(
            built, keras.tree.map_structure(lambda a: a[:1], recipe.x)):
        raise NotSupported(
            "The model was compiled without a loss. Write model.compile(optimizer=…, loss=…).")
    recipe, told = judged_recipe(built, recipe)
    recipe = replace(recipe, rivals=numbered(recipe.rivals, model, optimizers))
    notes += [*judge.notes, *told]
    rules, left_out, more = rules_of(
        fit, built, recipe.optimizer, validated=recipe.validation is not None)
    recipe = replace(recipe, rules=rules, left_out=left_out)
    before = before_fit(model, recipe, drawn)
    plain = without_own_step(recipe)
    if plain is not None:
        recipe = plain
        notes.append(f"{type(model).__name__}'s train_step does what fit does by itself ({COMPARED}"
                     " updates of both give the same losses and weights): it is trained as any other"
                     " network.")
    return before.carried(recipe), (*notes, *more, *before.notes)


def recipe_of_step(
    model: keras.Model, optimizer: Any, x: Any, y: Any, sample_weight: Any, *, drawn: Drawn,
    arguments: Arguments | None,
) -> tuple[Recipe, tuple[str, ...]]:
    """The training of which one step is known: a model that an optimizer of its own trains on rows.

    Its loss is not known yet.

    Args:
        arguments: those that the model was made with, where they are known.

    Raises:
        BadData: the arrays cannot be trained on.
        NotSupported: some part cannot be trained faithfully.
    """
    data = as_data(x, y, sample_weight, copied=True)
    recipe = Recipe(
        architecture=Architecture(source=copy_of(model, data.x, arguments), arguments=arguments),
        optimizer=_optimizer(optimizer), loss="mse", x=data.x, y=data.y,
        sample_weight=data.sample_weight, batch_size=data.rows, shuffle=False)
    before = before_fit(model, recipe, drawn, optimizer)
    return before.carried(recipe), before.notes


def _plain(**trees: Any) -> dict[str, str]:
    """The type of numbers of those trees of which every array is a numpy array: the narrowest."""
    found = {}
    for name, tree in trees.items():
        parts = list(tree.values()) if isinstance(tree, dict) else tree
        arrays = list(parts) if isinstance(parts, list | tuple) else [parts]
        if arrays and all(isinstance(a, np.ndarray) for a in arrays):
            found[name] = str(min((a.dtype for a in arrays), key=lambda dtype: dtype.itemsize))
    return found


def _columns(x: Any) -> tuple[str, ...]:
    """The names that a frame gives its columns; none where it numbers them, or is no frame."""
    names = getattr(x, "columns", ())
    given = tuple(map(str, names)) if hasattr(x, "dtypes") else ()
    return () if all(name.isdecimal() for name in given) else given


def _check_compiled(model: keras.Model) -> None:
    if not model.compiled:
        raise UnstuckError(
            "The model is not compiled: Keras says “You must call `compile()` before using the"
            " model”. Write model.compile(optimizer=…, loss=…) before fit."
        )


def _taped(
    fit: MutableMapping[str, Any], notes: list[str], *, alone: bool = False
) -> Tape | None:
    """The tape of a source of batches; in `fit`, a generator that was read begins anew.

    Args:
        alone: batches may be rows without targets.
    """
    if adapter.stream_kind(fit["x"]) is None:
        return None
    for name in ("y", "sample_weight"):
        if fit[name] is not None:
            raise BadData(f"fit was given a source of batches and {name}: the batches hold them.")
    if validation_share(fit):
        raise BadData("validation_split needs arrays; a source of batches cannot be split.")
    taped = tape(fit["x"], steps=steps_of(fit), epochs=epochs_of(fit),
                 shuffle=bool(fit["shuffle"]), alone=alone)
    fit["x"] = taped.again
    notes.append(taped.note)
    return taped


def _batches(fit: Mapping[str, Any], data: Data, taped: Tape | None) -> dict[str, Any]:
    """The recipe's fields that say how its epochs are made of rows."""
    if taped is not None:
        return {"batch_size": taped.batch_size, "shuffle": taped.kind != "fixed", "taped": True,
                "epochs_in_rows": taped.epochs,
                "batches": taped.kind if taped.kind in ("whole", "stream") else "drawn"}
    share, rows = validation_share(fit), data.rows
    if share and fit["validation_data"] is None:
        rows = math.floor(rows * (1.0 - share))
    steps = steps_of(fit)
    size = whole_number(fit, "batch_size", least=1)
    if size is None:
        size = 32 if not steps else max(1, math.ceil(rows / steps))
    made: dict[str, Any] = {"batch_size": size, "shuffle": bool(fit["shuffle"])}
    if fit["shuffle"] == "batch":
        made["batches"] = "whole"
    if steps and steps < math.ceil(rows / size):
        epochs, rest = divmod(rows, steps * size)
        if rest or "batches" in made:
            raise NotSupported(
                f"steps_per_epoch={steps} of {math.ceil(rows / size)} batches: the {rows} rows are"
                " no whole number of such epochs, so that Keras cuts some of them short with a"
                " warning. Leave it out, and an epoch is every row once.")
        made |= {"batches": "part", "epochs_in_rows": epochs}
    return made


def _data(
    fit: MutableMapping[str, Any], taped: Tape | None, copied: bool, notes: list[str], *,
    judged: Callable[[Any], Any] | None,
) -> tuple[Data, Data | None]:
    if taped is not None:
        y = taped.y if judged is None else judged(taped.x)
        data = as_data(taped.x, y, taped.sample_weight, copied=False)
        return data, _validation(fit, data, copied, notes, judged=judged)
    x = fit["x"]
    if x is None:
        raise BadData("fit was called without x.")
    y = fit["y"] if judged is None else judged(x)
    if y is None:
        raise NotSupported(
            "fit was called without targets y. To learn the inputs themselves, write fit(x, x)."
        )
    data = as_data(x, y, fit["sample_weight"], copied=copied)
    return data, _validation(fit, data, copied, notes, judged=judged)


def _validation(
    fit: MutableMapping[str, Any], data: Data, copied: bool, notes: list[str], *,
    judged: Callable[[Any], Any] | None,
) -> Data | None:
    """The rows to validate on that `fit` was given by themselves, the steps asked for of them."""
    given, steps = fit["validation_data"], whole_number(fit, "validation_steps", least=0)
    if given is None:
        return None
    if adapter.stream_kind(given) is not None:
        taped = tape(given, steps=steps, epochs=1, shuffle=False, where="validation_data",
                     alone=judged is not None)
        fit["validation_data"] = taped.again
        notes.append("The validation data came in batches; they were read once, for all trainings.")
        y = judged(taped.x) if judged is not None and taped.rows_alone else taped.y
        held = as_data(taped.x, y, taped.sample_weight, where="validation_data", copied=False)
        _check_alike(data, held)
        return held
    try:
        parts = adapter.split_pair(fit["validation_data"])
    except ValueError as error:
        raise BadData("validation_data must be (x, y) or (x, y, sample_weight).") from error
    if parts[1] is None and judged is not None:
        parts = parts[0], judged(parts[0]), parts[2]
    if parts[1] is None:
        raise BadData("validation_data has no targets; it must be (x, y).")
    held = as_data(*parts, where="validation_data", copied=copied)
    _check_alike(data, held)
    if not steps:
        return held
    size = whole_number(fit, "validation_batch_size", least=0) or whole_number(
        fit, "batch_size", least=1)
    return held.taken(slice(steps * (size or 32)))


def _check_alike(data: Data, held: Data) -> None:
    """Refuse rows to validate on that are not of the shape of those trained on.

    Raises:
        BadData: they are not. One number for a row may lie in an axis of its own.
    """
    for name, ours, theirs in (("x", data.x, held.x), ("y", data.y, held.y)):
        pairs = keras.tree.flatten(ours), keras.tree.flatten(theirs)
        shapes, others = ([a.shape[1:] for a in leaves] for leaves in pairs)
        if name == "y":
            shapes, others = ([tuple(n for n in shape if n != 1) for shape in of]
                              for of in (shapes, others))
        if shapes != others:
            raise BadData(
                f"validation_data: {name} has rows of {_told(pairs[1])}, but the rows of {name} that"
                f" are trained on are of {_told(pairs[0])}.")


def _told(leaves: list[Any]) -> str:
    return " and ".join(str(a.shape[1:]) for a in leaves)


def _optimizer(optimizer: Any) -> Optimizer:
    if optimizer is None:
        raise UnstuckError("The model was compiled without an optimizer.")
    try:
        known = Optimizer.of(optimizer)
    except Exception as error:
        raise NotSupported(
            f"The optimizer {type(optimizer).__name__} does not tell its configuration: {error}."
            " Give the class a get_config()."
        ) from error
    if adapter.decays_selectively(optimizer):
        raise NotSupported(
            f"The optimizer {type(optimizer).__name__} leaves some variables out of its weight decay"
            " (exclude_from_weight_decay), which its configuration does not tell, so unstuck would"
            " be trained otherwise. Take that call out to diagnose the script."
        )
    return known


def _check_split(recipe: Recipe) -> None:
    share = recipe.validation_split
    if not share:
        return
    rows = Data(x=recipe.x, y=recipe.y).rows
    trained = math.floor(rows * (1.0 - share))
    if not 0 < trained < rows:
        raise BadData(
            f"validation_split={share} of {rows} row{'s' * (rows != 1)} leaves none to"
            f" {'validate on' if trained == rows else 'train on'}."
        )


def _built(recipe: Recipe) -> Built:
    """The model, compiled: Keras reads one batch through it, and computes nothing."""
    if recipe.architecture.is_graph and not takes_data_alone(recipe.architecture.source):
        check_inputs(recipe.architecture.source, recipe.x,
                     weights_in_batches=recipe.taped and recipe.sample_weight is not None)
    try:
        return recipe.build()
    except UnstuckError:
        raise
    except Exception as error:
        if (told := told_of(error) or misfit(recipe) or cause_of(error)) is not None:
            raise told from error
        shapes = {
            name: ", ".join(str(a.shape) for a in keras.tree.flatten(tree))
            for name, tree in (("x", recipe.x), ("y", recipe.y))
        }
        outputs = ", ".join(map(str, recipe.architecture.output_shapes))
        raise BadData(
            f"Keras cannot train this model on these arrays. x: {shapes['x']}; y: {shapes['y']}"
            + (f"; the model's output: {outputs}" if outputs else "")
            + f". Keras says: {str(error).strip()}"
        ) from error
