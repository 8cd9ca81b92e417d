"""Norms, distances, spreads, running sums and products over named axes."""

from __future__ import annotations

from typing import Any

from keras import ops

from .ops import Op
from .translating import Translation, translates


def root(x: Any) -> Any:
    """A square root that has no slope at 0, as torch's norms have none."""
    positive = x > 0
    return ops.where(positive, ops.sqrt(ops.where(positive, x, 1.0)), 0.0)


@translates("var", "std")
def spread(to: Translation, op: Op) -> Any:
    """Of a sample, with n - 1."""
    x, axis = to.arg(op, 0, "input"), to.raw(op, 1, "dim")
    keep = bool(op.kwargs.get("keepdim", False))
    unbiased = op.kwargs.get("correction", 1) if to.raw(op, 2, "unbiased", True) else 0
    count = 1
    for one in range(len(x.shape)) if axis is None else [axis] if isinstance(axis, int) else axis:
        count *= x.shape[one]
    found = ops.var(x, axis=axis, keepdims=keep) * (count / (count - unbiased))
    return found if op.name == "var" else root(found)


@translates("norm", "linalg_norm", "linalg_vector_norm")
def norm(to: Translation, op: Op) -> Any:
    """Of vectors: sums of powers, and their root."""
    x, power = to.arg(op, 0, "input"), to.raw(op, 1, "ord" if "linalg" in op.name else "p", 2)
    axis, keep = to.raw(op, 2, "dim"), bool(to.raw(op, 3, "keepdim", False))
    matrix = op.name == "linalg_norm" and isinstance(axis, tuple) and len(axis) == 2
    if matrix and power not in (None, 2, "fro"):
        raise to.refused(op, "a norm of matrices")
    if power in (None, 2, 2.0, "fro"):
        return root(ops.sum(ops.square(x), axis=axis, keepdims=keep))
    if power in (1, float("inf")):
        over = ops.sum if power == 1 else ops.max
        return over(ops.abs(x), axis=axis, keepdims=keep)
    return ops.power(ops.sum(ops.power(ops.abs(x), power), axis=axis, keepdims=keep), 1 / power)


def _length(x: Any, axis: Any, power: float = 2.0) -> Any:
    if power == 2:
        return root(ops.sum(ops.square(x), axis=axis, keepdims=True))
    return ops.power(ops.sum(ops.power(ops.abs(x), power), axis=axis, keepdims=True), 1 / power)


@translates("normalize")
def normalize(to: Translation, op: Op) -> Any:
    """Vectors of length 1."""
    x, axis = to.arg(op, 0, "input"), to.raw(op, 2, "dim", 1)
    power, least = float(to.raw(op, 1, "p", 2.0)), float(to.raw(op, 3, "eps", 1e-12))
    return x / ops.maximum(_length(x, axis, power), least)


@translates("cosine_similarity")
def cosine(to: Translation, op: Op) -> Any:
    """The cosine of the angle between vectors."""
    one, other = to.value(op.args[0]), to.value(op.args[1])
    axis, least = to.raw(op, 2, "dim", 1), float(to.raw(op, 3, "eps", 1e-8))
    one, other = (x / ops.maximum(_length(x, axis), least) for x in (one, other))
    return ops.sum(one * other, axis=axis)


@translates("cdist", "pairwise_distance")
def distance(to: Translation, op: Op) -> Any:
    """Between all rows of two tables, or between rows of the same number."""
    one, other = to.value(op.args[0]), to.value(op.args[1])
    power = float(to.raw(op, 2, "p", 2.0))
    if op.name == "pairwise_distance":
        keep, least = bool(to.raw(op, 4, "keepdim", False)), float(to.raw(op, 3, "eps", 1e-6))
        found = _length(one - other + least, -1, power)
        return found if keep else ops.squeeze(found, -1)
    gaps = ops.expand_dims(one, -2) - ops.expand_dims(other, -3)
    return ops.squeeze(_length(gaps, -1, power), -1)


@translates("cumsum", "cumprod")
def running(to: Translation, op: Op) -> Any:
    """Sums, or products, of all up to each."""
    function = ops.cumsum if op.name == "cumsum" else ops.cumprod
    return function(to.arg(op, 0, "input"), axis=to.raw(op, 1, "dim"))


@translates("einsum")
def einsum(to: Translation, op: Op) -> Any:
    """Products over named axes."""
    operands = op.args[1] if len(op.args) == 2 and isinstance(op.args[1], tuple) else op.args[1:]
    return ops.einsum(op.args[0].replace(" ", ""), *map(to.value, operands))


@translates("bilinear")
def bilinear(to: Translation, op: Op) -> Any:
    """`nn.Bilinear`."""
    one, other, weight, bias = (to.value(part) for part in (*op.args, None)[:4])
    out = ops.einsum("...i,oij,...j->...o", one, weight, other)
    return out if bias is None else out + bias


@translates("_weight_norm")
def weight_norm(to: Translation, op: Op) -> Any:
    """A weight as its direction times its length."""
    direction, length, axis = to.value(op.args[0]), to.value(op.args[1]), op.args[2]
    rank = len(direction.shape)
    axes = [i for i in range(rank) if i != axis % rank] if axis != -1 else list(range(rank))
    return direction * (length / root(ops.sum(ops.square(direction), axis=axes, keepdims=True)))
