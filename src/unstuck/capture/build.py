"""From a call of `fit` to a Recipe: every argument carried, noted, or refused by name."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from unstuck import adapter
from unstuck.architecture import Architecture
from unstuck.errors import BadData, NotSupported, UnstuckError
from unstuck.recipe import Data, Optimizer, Recipe

from .data import as_data, check_inputs
from .networks import copy_of, refuse_unknown_training

_WATCHERS = ("History", "ProgbarLogger")


def recipe_of(
    model: keras.Model, fit: Mapping[str, Any], *, copied: bool
) -> tuple[Recipe, tuple[str, ...]]:
    """The training that `model.fit(**fit)` would be, and notes on what is not carried over.

    Neither the model nor the arrays are changed. Call it within `random_state_kept`.

    Args:
        model: the user's, compiled.
        fit: the arguments of `fit` by name, defaults applied.
        copied: keep copies of the arrays, because the user's may change from now on.

    Raises:
        BadData: the arrays cannot be trained on.
        NotSupported: some part cannot be trained faithfully.
        UnstuckError: the model is not compiled.
    """
    _check_compiled(model)
    refuse_unknown_training(model)
    notes: list[str] = []
    data, validation = _data(fit, copied)
    epochs, batch_size = _numbers(fit, notes)
    compiled = adapter.compile_config(model)
    recipe = Recipe(
        architecture=Architecture(source=copy_of(model, data.x)),
        optimizer=_optimizer(compiled["optimizer"]),
        loss=compiled["loss"],
        loss_weights=compiled["loss_weights"],
        metrics=_fresh_metrics(compiled["metrics"]),
        weighted_metrics=_fresh_metrics(compiled["weighted_metrics"]),
        x=data.x,
        y=data.y,
        sample_weight=data.sample_weight,
        validation_data=validation,
        validation_split=0.0 if validation is not None else fit["validation_split"] or 0.0,
        class_weight=_class_weight(fit, data),
        batch_size=batch_size,
        epochs=epochs,
        shuffle=bool(fit["shuffle"]),
        left_out=_callbacks(fit["callbacks"]),
    )
    _check_split(recipe)
    _check_builds(recipe)
    return recipe, tuple(notes)


def _check_compiled(model: keras.Model) -> None:
    if not model.compiled:
        raise UnstuckError(
            "The model is not compiled: Keras says “You must call `compile()` before using the"
            " model”. Write model.compile(optimizer=…, loss=…) before fit."
        )
    own_step = adapter.overrides(model, "train_step") or adapter.overrides(model, "compute_loss")
    if model.loss is None and not own_step and not adapter.overrides(model, "compile"):
        raise NotSupported(
            "The model was compiled without a loss. Write model.compile(optimizer=…, loss=…)."
        )


def _data(fit: Mapping[str, Any], copied: bool) -> tuple[Data, Data | None]:
    x, y = fit["x"], fit["y"]
    if x is None:
        raise BadData("fit was called without x.")
    if y is None and adapter.stream_kind(x) is None:
        raise NotSupported(
            "fit was called without targets y. To learn the inputs themselves, write fit(x, x)."
        )
    data = as_data(x, y, fit["sample_weight"], copied=copied)
    if fit["validation_data"] is None:
        return data, None
    kind = adapter.stream_kind(fit["validation_data"])
    if kind is not None:
        raise NotSupported(f"validation_data is {kind}; pass a pair of arrays (x, y).")
    try:
        parts = adapter.split_pair(fit["validation_data"])
    except ValueError as error:
        raise BadData("validation_data must be (x, y) or (x, y, sample_weight).") from error
    if parts[1] is None:
        raise BadData("validation_data has no targets; it must be (x, y).")
    return data, as_data(*parts, where="validation_data", copied=copied)


def _numbers(fit: Mapping[str, Any], notes: list[str]) -> tuple[int, int]:
    if fit["steps_per_epoch"] is not None:
        raise NotSupported(
            "steps_per_epoch together with arrays is not supported: leave it out, and an epoch is"
            " every row once."
        )
    first, epochs = int(fit["initial_epoch"] or 0), int(fit["epochs"])
    if epochs - first < 1:
        raise UnstuckError(
            f"fit(epochs={epochs}{f', initial_epoch={first}' if first else ''}) trains nothing."
        )
    if first:
        notes.append(f"initial_epoch={first}: the {epochs - first} epochs after it are trained.")
    batch_size = 32 if fit["batch_size"] is None else fit["batch_size"]
    if batch_size != int(batch_size) or batch_size < 1:
        raise BadData(f"batch_size={batch_size!r} is not a whole number from 1 up.")
    for name, default in (
        ("validation_steps", None), ("validation_batch_size", None), ("validation_freq", 1)
    ):
        if fit[name] != default:
            notes.append(f"{name} is left out: all validation rows are read after every epoch.")
    return epochs - first, int(batch_size)


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
            " (exclude_from_weight_decay), which its configuration does not tell, so replicas would"
            " be trained otherwise. Take that call out to diagnose the script."
        )
    rate = known.learning_rate
    if rate is None:
        return known
    # The variable holds a float32; its shortest decimal form is what the user wrote.
    return Optimizer(
        cls=known.cls, config={**known.config, "learning_rate": float(str(np.float32(rate)))}
    )


def _fresh_metrics(metrics: Any) -> Any:
    """Metrics of our own: the user's objects keep a running state."""

    def fresh(metric: Any) -> Any:
        if not isinstance(metric, keras.metrics.Metric):
            return metric
        try:
            return type(metric).from_config(metric.get_config())
        except Exception:  # a user's class without a config is used as it is, and only read
            return metric

    return None if metrics is None else keras.tree.map_structure(fresh, metrics)


def _class_weight(fit: Mapping[str, Any], data: Data) -> Mapping[int, float] | None:
    given = fit["class_weight"]
    if given is None:
        return None
    if data.sample_weight is not None:
        raise BadData("fit takes class_weight or sample_weight, not both.")
    if keras.tree.is_nested(data.y):
        raise BadData("class_weight needs a model with one output; use sample_weight.")
    if not isinstance(given, Mapping):
        raise BadData("class_weight must be a dict from class numbers to weights.")
    return {int(label): float(weight) for label, weight in given.items()}


def _callbacks(callbacks: Any) -> tuple[str, ...]:
    if isinstance(callbacks, keras.callbacks.CallbackList):
        callbacks = callbacks.callbacks
    if callbacks is None:
        return ()
    listed = callbacks if isinstance(callbacks, list | tuple) else [callbacks]
    names = (type(callback).__name__ for callback in listed
             if not type(callback).__module__.startswith("unstuck."))
    return tuple(name for name in names if name not in _WATCHERS)


def _check_split(recipe: Recipe) -> None:
    share = recipe.validation_split
    if not share:
        return
    rows = Data(x=recipe.x, y=recipe.y).rows
    trained = math.floor(rows * (1.0 - share)) if 0 < share < 1 else 0
    if not 0 < trained < rows:
        raise BadData(
            f"validation_split={share} of {rows} row{'s' * (rows != 1)} leaves none to"
            f" {'validate on' if trained == rows else 'train on'}."
        )


def _check_builds(recipe: Recipe) -> None:
    """Let Keras read one batch through model, loss and metrics, without computing anything."""
    if recipe.architecture.is_graph:
        check_inputs(recipe.architecture.source, recipe.x)
    try:
        recipe.build()
    except UnstuckError:
        raise
    except Exception as error:
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
