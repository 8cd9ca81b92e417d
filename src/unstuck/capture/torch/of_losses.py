"""Torch's losses as arithmetic on Keras's tensors; which of Keras's they are shows by their numbers."""

from __future__ import annotations

from typing import Any

from keras import ops

from .ops import Op
from .translating import Translation, translates


def _reduced(to: Translation, op: Op, each: Any, weights: Any = None) -> Any:
    """By the loss's own reduction; weighted means are divided by the sum of the weights."""
    how = op.kwargs.get("reduction", "mean")
    if op.kwargs.get("size_average") is not None or op.kwargs.get("reduce") is not None:
        raise to.refused(op, f"{op.name} with size_average or reduce")
    if how == "none":
        return each
    if how == "sum":
        return ops.sum(each)
    return ops.mean(each) if weights is None else ops.sum(each) / ops.sum(weights)


def _pair(to: Translation, op: Op) -> tuple[Any, Any]:
    given, target = to.arg(op, 0, "input"), to.arg(op, 1, "target")
    return given, target


@translates("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss")
def of_errors(to: Translation, op: Op) -> Any:
    """Squares, sizes, and what is between."""
    given, target = _pair(to, op)
    error = given - ops.cast(target, "float32")
    if op.kwargs.get("weight") is not None:
        raise to.refused(op, f"{op.name} with weights")
    if op.name == "mse_loss":
        return _reduced(to, op, ops.square(error))
    size = ops.abs(error)
    if op.name == "l1_loss":
        return _reduced(to, op, size)
    delta = float(op.kwargs.get("beta", op.kwargs.get("delta", 1.0)))
    each = ops.where(size < delta, 0.5 * ops.square(error), delta * (size - 0.5 * delta))
    return _reduced(to, op, each / delta if op.name == "smooth_l1_loss" else each)


@translates("binary_cross_entropy")
def bce(to: Translation, op: Op) -> Any:
    """Logarithms are cut at -100."""
    given, target = _pair(to, op)
    target = ops.cast(target, "float32")
    logs = [ops.maximum(ops.log(one), -100.0) for one in (given, 1 - given)]
    each = -(target * logs[0] + (1 - target) * logs[1])
    weight = op.kwargs.get("weight")
    return _reduced(to, op, each if weight is None else each * to.value(weight))


@translates("binary_cross_entropy_with_logits")
def bce_of_logits(to: Translation, op: Op) -> Any:
    """With its weights of right ones."""
    given, target = _pair(to, op)
    target = ops.cast(target, "float32")
    right = to.value(op.kwargs.get("pos_weight"))
    weight = to.value(op.kwargs.get("weight"))
    factor = 1 if right is None else 1 + (right - 1) * target
    each = (1 - target) * given + factor * (
        ops.log1p(ops.exp(-ops.abs(given))) + ops.maximum(-given, 0.0))
    return _reduced(to, op, each if weight is None else each * weight)


@translates("nll_loss")
def nll(to: Translation, op: Op) -> Any:
    """Minus the output of the right class."""
    given, target = _pair(to, op)
    return _of_classes(to, op, given, target)


@translates("cross_entropy")
def cross_entropy(to: Translation, op: Op) -> Any:
    """Of logits, with class numbers or shares as targets."""
    given, target = _pair(to, op)
    return _of_classes(to, op, ops.log_softmax(given, axis=1 if len(given.shape) > 1 else 0), target)


def _of_classes(to: Translation, op: Op, logs: Any, target: Any) -> Any:
    axis = 1 if len(logs.shape) > 1 else 0
    classes = logs.shape[axis]
    weight, smoothing = to.value(op.kwargs.get("weight")), float(op.kwargs.get("label_smoothing", 0.0))
    logs = ops.moveaxis(logs, axis, -1)
    shares = len(target.shape) == len(logs.shape)
    if shares:
        rights = ops.moveaxis(ops.cast(target, "float32"), axis, -1)
    else:
        rights = ops.one_hot(ops.cast(target, "int32"), classes)
    if smoothing:
        rights = rights * (1 - smoothing) + smoothing / classes
    by = ops.ones(classes) if weight is None else ops.convert_to_tensor(weight)
    each = -ops.sum(rights * logs * by, axis=-1)
    if shares:
        how = op.kwargs.get("reduction", "mean")
        rows = ops.cast(ops.size(each), "float32")
        return ops.sum(each) / rows if how == "mean" else _reduced(to, op, each)
    counted = ops.cast(ops.not_equal(target, op.kwargs.get("ignore_index", -100)), "float32")
    weights = ops.take(by, ops.maximum(ops.cast(target, "int32"), 0)) * counted
    return _reduced(to, op, each * counted, weights)


@translates("kl_div")
def divergence(to: Translation, op: Op) -> Any:
    """Of logarithms."""
    given, target = _pair(to, op)
    if op.kwargs.get("log_target"):
        raise to.refused(op, "kl_div with log_target")
    each = target * (ops.log(ops.maximum(target, 1e-30)) - given)
    if op.kwargs.get("reduction", "mean") == "batchmean":
        return ops.sum(each) / to.count
    return _reduced(to, op, each)


NAMES = frozenset({
    "mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "binary_cross_entropy",
    "binary_cross_entropy_with_logits", "nll_loss", "cross_entropy", "kl_div"})
"""Losses that are one function of torch's."""
