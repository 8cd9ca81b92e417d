"""Loss and data of a recipe in the native engine's terms, prepared once.

Whatever depends only on the targets (label smoothing, clipping, signs for hinge losses) is computed
here, in float32 as Keras does it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from unstuck.base.errors import NotSupported
from unstuck.network.data import Data
from unstuck.network.recipe import Recipe

from .kernels import Loss, LossKind, Rows
from .nodes import Signal

Floats = NDArray[np.float32]

EPSILON = 1e-7
SPARSE = (LossKind.sparse_crossentropy, LossKind.sparse_crossentropy_logits)
SUMMED = (*SPARSE, LossKind.categorical_crossentropy, LossKind.categorical_crossentropy_logits,
          LossKind.kl_divergence)
"""Losses that sum over the outputs of a row; the others take their mean."""

LOSSES: dict[str, tuple[LossKind, LossKind | None]] = {
    **{name: (getattr(LossKind, name), None) for name in (
        "mean_squared_error", "mean_absolute_error", "mean_absolute_percentage_error",
        "mean_squared_logarithmic_error", "huber", "log_cosh", "hinge", "squared_hinge",
        "poisson", "kl_divergence")},
    "binary_crossentropy":
        (LossKind.binary_crossentropy, LossKind.binary_crossentropy_logits),
    "categorical_crossentropy":
        (LossKind.categorical_crossentropy, LossKind.categorical_crossentropy_logits),
    "sparse_categorical_crossentropy":
        (LossKind.sparse_crossentropy, LossKind.sparse_crossentropy_logits),
}
"""By Keras's name: the loss of probabilities (or plain outputs) and that of logits."""

LOSS_ARGUMENTS: dict[str, Any] = {
    "reduction": ("sum_over_batch_size", "mean", "sum", "mean_with_sample_weight"),
    "from_logits": (False, True), "axis": (-1, 1), "ignore_class": (None,),
    "cuts": ("logarithms",),
}
"""Arguments of losses and the values that are in scope; any label smoothing and delta are."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Objective:
    """A loss with its targets' preparation."""

    loss: Loss
    prepare: Callable[[Any], Floats]

    def rows(self, data: Data, features: Signal) -> Rows:
        """Rows of data as the kernels take them. Raises NotSupported for other shapes."""
        x, y, weight = (_single(part) for part in (data.x, data.y, data.sample_weight))
        inputs = as_rows(x, features.shape)
        targets = self.prepare(y)
        if targets.shape == inputs.shape and np.array_equal(targets, inputs):
            targets = inputs
        return Rows(inputs, targets, None if weight is None else _row_weights(weight, len(inputs)))


def objective(recipe: Recipe, out: Signal) -> Objective:
    """The loss of a recipe whose network ends in `out`. Raises NotSupported."""
    try:
        name, config = recipe.loss_config
    except ValueError as error:
        raise NotSupported(f"The native engine has no loss {recipe.loss!r}") from error
    if name not in LOSSES:
        raise NotSupported(f"The native engine has no loss {name}")
    for argument, value in config.items():
        if argument in LOSS_ARGUMENTS and value not in LOSS_ARGUMENTS[argument]:
            raise NotSupported(f"The native engine has no {name} with {argument}={value}")
        if argument not in (*LOSS_ARGUMENTS, "label_smoothing"):
            raise NotSupported(f"The native engine has no {name} with {argument}")
    if getattr(_loss_object(recipe), "dtype", "float32") != "float32":
        raise NotSupported(f"{name} in another precision than float32")
    plain, of_logits = LOSSES[name]
    kind = of_logits if config.get("from_logits") and of_logits is not None else plain
    if "cuts" in config:
        kind = LossKind.binary_crossentropy_logs
    rank = len(out.shape)
    if kind in SUMMED and rank != 1:
        raise NotSupported(f"{name} over the last of several axes")
    reduction = config.get("reduction", "sum_over_batch_size")
    units_averaged = 1 if kind in SUMMED else out.shape[-1] if reduction == "sum" else out.units
    weights = [recipe.train.sample_weight]
    if recipe.validation is not None:
        weights.append(recipe.validation.sample_weight)
    if rank > 1 and any(weight is not None for weight in weights):
        raise NotSupported("sample weights with outputs of several axes")
    smoothing = float(config.get("label_smoothing", 0.0))
    prepare = _preparation(name, kind, out, smoothing)
    loss = Loss(
        kind=kind, target_units=1 if kind in SPARSE else out.units,
        factor=_loss_weight(recipe.loss_weights) / units_averaged,
        p=_delta(recipe) if kind == LossKind.huber else 0.0, sum=reduction == "sum",
        weighted_mean=reduction == "mean_with_sample_weight",
        binary=kind == LossKind.binary_crossentropy and _all_bits(recipe, prepare),
    )
    return Objective(loss=loss, prepare=prepare)


def _single(tree: Any) -> Any:
    flat = keras.tree.flatten(tree)
    if len(flat) > 1:
        raise NotSupported("The native engine takes one input and one output")
    return flat[0] if flat else None


def _loss_object(recipe: Recipe) -> Any:
    (loss,) = (part for part in keras.tree.flatten(recipe.loss) if part is not None)
    return keras.losses.get(loss) if isinstance(loss, str) else loss


def _delta(recipe: Recipe) -> float:
    """Where a Huber loss turns linear: read off a far error, for its configuration keeps no delta.

    There the loss is delta * far - delta**2 / 2.
    """
    far = 2.0**20
    value = float(np.sum(_loss_object(recipe)(np.zeros((1, 1)), np.full((1, 1), far))))
    if value >= far**2 / 2:
        raise NotSupported("a Huber loss with a delta of a million")
    return far - float(np.sqrt(far**2 - 2 * value))


def _loss_weight(weights: Any) -> float:
    flat = [weight for weight in keras.tree.flatten(weights) if weight is not None]
    return float(flat[0]) if flat else 1.0


def _row_weights(weight: Any, rows: int) -> Floats:
    if weight.shape not in ((rows,), (rows, 1)):
        raise NotSupported(f"sample weights of shape {weight.shape}")
    return np.ascontiguousarray(weight, np.float32).reshape(rows)


def _all_bits(recipe: Recipe, prepare: Callable[[Any], Floats]) -> bool:
    every = [recipe.train] if recipe.validation is None else [recipe.train, recipe.validation]
    return all(_are(prepare(_single(data.y)), 0, 1) for data in every)


def _preparation(
    name: str, kind: LossKind, out: Signal, smoothing: float
) -> Callable[[Any], Floats]:
    def prepare(y: Any) -> Floats:
        if y is None:
            raise NotSupported("The native engine takes a loss of targets, and there are none")
        if kind in SPARSE:
            numbers = as_rows(y, (1,))
            if not np.isfinite(numbers).all():
                raise NotSupported("class numbers that are not finite")
            whole: Floats = np.trunc(numbers)
            return whole
        if y.shape[1:] != out.shape and not (y.ndim == 1 and out.shape == (1,)):
            raise NotSupported(f"targets of shape {y.shape} for outputs of shape {out.shape}")
        targets = as_rows(y, out.shape)
        if smoothing and name == "binary_crossentropy":
            targets = targets * np.float32(1 - smoothing) + np.float32(0.5 * smoothing)
        elif smoothing and name == "categorical_crossentropy":
            targets = targets * np.float32(1 - smoothing) + np.float32(smoothing / out.units)
        elif name in ("hinge", "squared_hinge"):
            targets = _signs(targets)
        elif name == "kl_divergence":
            targets = np.clip(targets, np.float32(EPSILON), np.float32(1))
        elif name == "mean_squared_logarithmic_error":
            targets = np.log(np.maximum(targets, np.float32(EPSILON)) + np.float32(1))
        return targets

    return prepare


def _are(targets: Floats, one: int, other: int) -> bool:
    return bool(((targets == one) | (targets == other)).all())


def _signs(targets: Floats) -> Floats:
    """Keras turns a batch of zeros and ones into signs, any other it leaves as it is."""
    if _are(targets, 0, 1):
        signs: Floats = targets * np.float32(2) - np.float32(1)
        return signs
    if _are(targets, -1, 1):
        return targets  # a batch of ones alone is turned into ones
    raise NotSupported("hinge targets that are neither all 0 and 1 nor all -1 and 1")


_converted: OrderedDict[tuple[Any, ...], tuple[Any, Floats]] = OrderedDict()


def as_rows(array: Any, shape: tuple[int, ...]) -> Floats:
    """[rows, numbers] in float32; a copy is kept for the next arm on the same data.

    Raises NotSupported where rows have another shape than `shape`.
    """
    array = np.asarray(array)
    if array.shape[1:] != shape and not (array.ndim == 1 and shape == (1,)):
        raise NotSupported(f"rows of shape {array.shape[1:]} for a network that takes {shape}")
    if array.dtype.kind not in "fiub":
        raise NotSupported(f"data of type {array.dtype}")
    if array.dtype == np.float32 and array.flags.c_contiguous:
        rows: Floats = array.reshape(len(array), -1)
        return rows
    key = (array.__array_interface__["data"][0], array.shape, array.strides, array.dtype.str)
    if key not in _converted:
        plain = np.ascontiguousarray(array, np.float32).reshape(len(array), -1)
        _converted[key] = (array, plain)  # the original, so that its address stays its own
        if len(_converted) > 8:
            _converted.popitem(last=False)
    return _converted[key][1]
