"""Comparisons, choices and orders: where, masks, gathers, sorts."""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import ops

from .constants import is_count
from .ops import Op
from .translating import Translation, translates

_COMPARED = {"eq": ops.equal, "ne": ops.not_equal, "gt": ops.greater, "ge": ops.greater_equal,
             "lt": ops.less, "le": ops.less_equal, "logical_and": ops.logical_and,
             "logical_or": ops.logical_or, "logical_xor": ops.logical_xor}
_COMPARED |= {f"__{name}__": function for name, function in _COMPARED.items()}
_COMPARED |= {"__and__": ops.logical_and, "__or__": ops.logical_or, "bitwise_and": ops.logical_and,
              "bitwise_or": ops.logical_or}


@translates(*_COMPARED)
def compared(to: Translation, op: Op) -> Any:
    """True or false."""
    if op.whole != "bool":
        raise to.refused(op, f"{op.name} of whole numbers")
    return _COMPARED[op.name](to.arg(op, 0, "input"), to.arg(op, 1, "other"))


@translates("logical_not", "bitwise_not", "__invert__", "isnan", "isinf", "isfinite")
def asked(to: Translation, op: Op) -> Any:
    """True or false of one."""
    function = {"isnan": ops.isnan, "isinf": ops.isinf, "isfinite": ops.isfinite}
    return function.get(op.name, ops.logical_not)(to.arg(op, 0, "input"))


@translates("where")
def where(to: Translation, op: Op) -> Any:
    """One or the other."""
    if len(op.args) < 3:
        raise to.refused(op, "places where something is true, as many as there are,")
    method = op.dtypes and len(op.shapes) == 1
    condition, one, other = (to.value(part) for part in op.args[:3])
    if method and str(getattr(condition, "dtype", "")) != "bool":  # tensor.where(condition, other)
        condition, one = one, condition
    return ops.where(condition, one, other)


@translates("masked_fill")
def masked_fill(to: Translation, op: Op) -> Any:
    """One number where a mask is true."""
    x, mask, value = to.arg(op, 0, "input"), to.arg(op, 1, "mask"), to.arg(op, 2, "value")
    return ops.where(ops.cast(mask, "bool"), ops.cast(value, "float32"), x)


@translates("triu", "tril")
def triangle(to: Translation, op: Op) -> Any:
    """What is above, or below, a diagonal."""
    x, k = to.arg(op, 0, "input"), int(to.raw(op, 1, "diagonal", 0))
    return ops.triu(x, k) if op.name == "triu" else ops.tril(x, k)


@translates("gather", "take_along_dim")
def gather(to: Translation, op: Op) -> Any:
    """Chosen along an axis, for each place by itself."""
    x = to.arg(op, 0, "input")
    axis, index = (to.raw(op, 1, "dim"), to.arg(op, 2, "index")) if op.name == "gather" else (
        to.raw(op, 2, "dim"), to.arg(op, 1, "indices"))
    if axis % len(x.shape) == 0:
        raise to.refused(op, "its network chooses rows of a batch")
    for at, size in enumerate(op.shape):  # torch reads only as far as the index goes
        if at not in (0, axis % len(x.shape)) and x.shape[at] != size:
            x = x[(*[slice(None)] * at, slice(0, size))]
    return ops.take_along_axis(x, ops.cast(index, "int32"), axis=axis)


@translates("index_select")
def index_select(to: Translation, op: Op) -> Any:
    """Chosen along an axis."""
    axis = to.raw(op, 1, "dim")
    if axis == 0:
        raise to.refused(op, "its network chooses rows of a batch")
    return ops.take(to.arg(op, 0, "input"), to.arg(op, 2, "index"), axis=axis)


@translates("one_hot")
def one_hot(to: Translation, op: Op) -> Any:
    """A one at the place of each number."""
    return ops.one_hot(ops.cast(to.arg(op, 0, "input"), "int32"), op.shape[-1])


@translates("topk", "sort", "argsort", "argmax", "argmin")
def order(to: Translation, op: Op) -> Any:
    """The largest, in their order, or where they are."""
    x = to.arg(op, 0, "input")
    if op.name in ("argmax", "argmin"):
        function = ops.argmax if op.name == "argmax" else ops.argmin
        return function(x, axis=to.raw(op, 1, "dim"), keepdims=bool(to.raw(op, 2, "keepdim", False)))
    if op.name == "topk":
        if to.raw(op, 2, "dim", -1) not in (-1, len(x.shape) - 1) or not to.raw(op, 3, "largest", True):
            raise to.refused(op, "topk over another axis than the last, or of the least")
        return ops.top_k(x, int(to.raw(op, 1, "k")))
    axis, down = to.raw(op, 1, "dim", -1), bool(to.raw(op, 2, "descending", False))
    at = ops.argsort(-x if down else x, axis=axis)
    return at if op.name == "argsort" else (ops.take_along_axis(x, at, axis=axis), at)


def chosen(to: Translation, op: Op, x: Any, key: list[Any]) -> Any:
    """`x[key]` where numbers choose: one list of them along an axis, or one for each row."""
    arrays = {i: to.fixed(one) if not isinstance(one, tuple) else np.asarray(one)
              for i, one in enumerate(key) if not isinstance(one, int | slice)}
    if is_count(arrays.get(0), to.count) and len(key) == 2:
        at = to.value(key[1])
        if isinstance(at, int):
            return x[:, at]
        at = ops.reshape(ops.cast(at, "int32"), (-1, *[1] * (len(x.shape) - 1)))
        at = ops.where(at < 0, at + x.shape[1], at)
        return ops.squeeze(ops.take_along_axis(x, at, axis=1), axis=1)
    if len(arrays) == 1 and 0 not in arrays:
        (axis, found), = arrays.items()
        plain = all(one == slice(None) for i, one in enumerate(key) if i != axis)
        if plain and found is not None and found.ndim == 1 and found.dtype != bool:
            return ops.take(x, np.where(found < 0, found + x.shape[axis], found), axis=axis)
    raise to.refused(op, "rows are chosen by other numbers within its network")
