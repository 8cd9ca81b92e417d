"""Shapes, slices, sums and arithmetic."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from unstuck.network.torch_numbers.layers import Detach

from .of_choices import chosen
from .ops import Op
from .translating import Translation, translates


@translates("view", "reshape", "flatten", "unflatten")
def reshape(to: Translation, op: Op) -> Any:
    """Rows stay rows: what is left of the shape is what came out."""
    x = to.arg(op, 0, "input")
    shape = op.shape
    if shape[:1] == (to.count,) and x.shape[0] is None:
        if tuple(x.shape[1:]) == shape[1:]:
            return x
        if len(shape) == 2 and len(x.shape) > 2 and None not in x.shape[1:]:
            return to.noted(keras.layers.Flatten(name=to.called(op)), op)(x)
        return to.noted(keras.layers.Reshape(shape[1:], name=to.called(op)), op)(x)
    return ops.reshape(x, _sizes(tuple(x.shape), shape))


def _sizes(before: tuple[int | None, ...], after: tuple[int, ...]) -> tuple[int, ...]:
    """The shape that comes out, with -1 for the axis that the rows are in, or are part of."""
    if None not in before:
        return after
    ahead, passed = int(np.prod([n or 1 for n in before[: before.index(None)]])), 1
    for at, size in enumerate(after):
        if passed * size > ahead:
            return (*after[:at], -1, *after[at + 1 :])
        passed *= size
    return after


@translates("squeeze", "unsqueeze")
def squeeze(to: Translation, op: Op) -> Any:
    """An axis of one, put in or left out; never that of the rows."""
    x, rank = to.arg(op, 0, "input"), len(op.shape)
    given = tuple(x.shape)
    if None not in given:
        return ops.reshape(x, op.shape)
    if op.name == "unsqueeze":
        return ops.expand_dims(x, to.raw(op, 1, "dim"))
    axis = to.raw(op, 1, "dim")
    wanted = range(len(given)) if axis is None else [axis] if isinstance(axis, int) else axis
    ones = [one % len(given) for one in wanted if given[one] == 1]
    if len(given) - len(ones) != rank:
        raise to.refused(op, f"{op.name} moves the axis of the rows")
    return ops.squeeze(x, tuple(ones)) if ones else x


@translates("permute", "transpose", "t", "T", "mT", "swapaxes", "movedim")
def permute(to: Translation, op: Op) -> Any:
    """Axes in another order; those of rows first."""
    x = to.arg(op, 0, "input")
    rank = len(x.shape)
    order = list(range(rank))
    if op.name == "permute":
        given = op.args[1:] or op.kwargs.get("dims", ())
        order = list(given[0] if given and isinstance(given[0], tuple) else given)
    elif op.name in ("transpose", "swapaxes"):
        one, other = to.raw(op, 1, "dim0"), to.raw(op, 2, "dim1")
        order[one], order[other] = order[other], order[one]
    elif op.name in ("t", "T", "mT"):
        order = [*order[:-2], order[-1], order[-2]]
    else:
        order = _moved(rank, to.raw(op, 1, "source"), to.raw(op, 2, "destination"))
    order = [axis % rank for axis in order]
    if order[0] == 0:
        return to.noted(keras.layers.Permute(order[1:], name=to.called(op)), op)(x)
    return ops.transpose(x, order)


def _moved(rank: int, source: Any, target: Any) -> list[int]:
    sizes = np.moveaxis(np.empty(tuple(range(1, rank + 1))), source, target).shape
    return [size - 1 for size in sizes]


@translates("data", "detach")
def detach(to: Translation, op: Op) -> Any:
    """No gradient goes through."""
    x = to.arg(op, 0, "input")
    return x if op.cut else Detach(name=to.called(op))(x)


@translates("contiguous", "to", "float", "clone", "type_as", "double", "positive", "long", "int",
            "bool", "type", "half", "bfloat16", "detach_")
def same(to: Translation, op: Op) -> Any:
    """The same numbers, perhaps of another type."""
    x = to.arg(op, 0, "input")
    kind = str(getattr(x, "dtype", "float32"))
    return x if kind == op.whole or ("float" in kind and op.whole == "float32") else (
        ops.cast(x, op.whole))


@translates("__getitem__", "select", "narrow")
def item(to: Translation, op: Op) -> Any:
    """A slice."""
    x = to.arg(op, 0, "input")
    if op.name == "__getitem__":
        key = list(op.args[1]) if isinstance(op.args[1], tuple) else [op.args[1]]
    else:
        axis, begin = op.args[1] % len(x.shape), op.args[2]
        one = begin if op.name == "select" else slice(begin, begin + op.args[3])
        key = [*[slice(None)] * axis, one]
    if Ellipsis in [one for one in key if isinstance(one, type(Ellipsis))]:
        at = next(i for i, one in enumerate(key) if one is Ellipsis)
        left = len(x.shape) - sum(one is not None for one in key) + 1
        key[at : at + 1] = [slice(None)] * left
    if any(not isinstance(one, int | slice | type(None)) for one in key):
        return chosen(to, op, x, key)
    read = [one for one in key if one is not None]
    rows = next((i for i, size in enumerate(x.shape) if size is None), None)
    whole = rows is None or rows >= len(read) or read[rows] in (
        slice(None), slice(0, None), slice(None, to.count))
    if not whole:
        raise to.refused(op, "its network takes single rows out of a batch")
    if rows is not None and rows < len(read):
        key = [slice(None) if isinstance(one, slice) and one == slice(None, to.count) else one
               for one in key]
    return x[tuple(key)]


@translates("cat", "concat", "concatenate")
def cat(to: Translation, op: Op) -> Any:
    """Side by side."""
    parts, axis = to.arg(op, 0, "tensors"), to.raw(op, 1, "dim", 0)
    if axis % len(op.shape) == next((i for i, n in enumerate(parts[0].shape) if n is None), -1):
        raise to.refused(op, "its network puts rows below one another")
    if not all(hasattr(one, "_keras_history") for one in parts):
        return ops.concatenate(list(parts), axis=axis)
    layer = keras.layers.Concatenate(axis=axis, name=to.called(op))
    return to.noted(layer, op)(list(parts))


@translates("stack")
def stack(to: Translation, op: Op) -> Any:
    """Along a new axis."""
    return ops.stack(list(to.arg(op, 0, "tensors")), axis=to.raw(op, 1, "dim", 0))


_BINARY = {"add": ops.add, "sub": ops.subtract, "mul": ops.multiply, "div": ops.divide,
           "true_divide": ops.divide, "pow": ops.power, "maximum": ops.maximum, "minimum": ops.minimum,
           "__rsub__": lambda a, b: ops.subtract(b, a), "rsub": lambda a, b: ops.subtract(b, a),
           "__rdiv__": lambda a, b: ops.divide(b, a), "__rpow__": lambda a, b: ops.power(b, a),
           "multiply": ops.multiply, "subtract": ops.subtract,
           "__rtruediv__": lambda a, b: ops.divide(b, a), "divide": ops.divide,
           "__radd__": ops.add, "__rmul__": ops.multiply, "__add__": ops.add, "__mul__": ops.multiply,
           "__sub__": ops.subtract, "__truediv__": ops.divide, "__pow__": ops.power,
           "__iadd__": ops.add, "__isub__": ops.subtract, "__imul__": ops.multiply,
           "__itruediv__": ops.divide, "__idiv__": ops.divide, "__div__": ops.divide,
           "__floordiv__": ops.floor_divide, "floor_divide": ops.floor_divide, "__mod__": ops.mod,
           "remainder": ops.mod, "dot": ops.dot, "mv": ops.matmul, "outer": ops.outer,
           "atan2": ops.arctan2}


@translates(*_BINARY)
def binary(to: Translation, op: Op) -> Any:
    """Arithmetic of two."""
    from .of_layers import biased
    given = biased(to, op)
    if given is not None:
        return given
    one, other = to.arg(op, 0, "input"), to.arg(op, 1, "other")
    alpha = op.kwargs.get("alpha", 1)
    if alpha != 1:
        other = other * alpha
    if op.kwargs.get("rounding_mode") is not None:
        raise to.refused(op, f"{op.name} with rounding_mode")
    both = all(hasattr(each, "_keras_history") for each in (one, other))
    kind = {"add": keras.layers.Add, "mul": keras.layers.Multiply}.get(op.name)
    if both and kind is not None and one.shape == other.shape:
        return to.noted(kind(name=to.called(op)), op)([one, other])
    return _BINARY[op.name](one, other)


_UNARY = {"neg": ops.negative, "exp": ops.exp, "log": ops.log, "sqrt": ops.sqrt, "abs": ops.abs,
          "square": ops.square, "sin": ops.sin, "cos": ops.cos, "log1p": ops.log1p, "sign": ops.sign,
          "reciprocal": ops.reciprocal, "expm1": ops.expm1, "rsqrt": ops.rsqrt, "__neg__": ops.negative,
          "tan": ops.tan, "atan": ops.arctan, "asin": ops.arcsin, "acos": ops.arccos, "erf": ops.erf,
          "sinh": ops.sinh, "cosh": ops.cosh, "log2": ops.log2, "log10": ops.log10, "floor": ops.floor,
          "ceil": ops.ceil, "round": ops.round, "absolute": ops.abs, "__abs__": ops.abs,
          "nan_to_num": ops.nan_to_num, "sgn": ops.sign, "exp2": ops.exp2}


@translates(*_UNARY)
def unary(to: Translation, op: Op) -> Any:
    """Functions of one."""
    return _UNARY[op.name](to.arg(op, 0, "input"))


@translates("clamp", "clip")
def clamp(to: Translation, op: Op) -> Any:
    """Cut at both ends."""
    x, low, high = to.arg(op, 0, "input"), to.raw(op, 1, "min"), to.raw(op, 2, "max")
    x = x if low is None else ops.maximum(x, low)
    return x if high is None else ops.minimum(x, high)


@translates("addcmul", "lerp")
def of_three(to: Translation, op: Op) -> Any:
    """A sum with a product, or what is between two."""
    one, other, third = (to.value(part) for part in op.args[:3])
    if op.name == "lerp":
        return one + third * (other - one)
    return one + float(op.kwargs.get("value", 1)) * other * third


_OVER = {"mean": ops.mean, "sum": ops.sum, "amax": ops.max, "amin": ops.min, "prod": ops.prod,
         "logsumexp": ops.logsumexp, "all": ops.all, "any": ops.any}


@translates(*_OVER)
def over_axes(to: Translation, op: Op) -> Any:
    """Means and sums."""
    x = to.arg(op, 0, "input")
    if "bool" in str(x.dtype) and op.whole != "bool":
        x = ops.cast(x, op.whole)
    axis = to.raw(op, 1, "dim") or None if to.raw(op, 1, "dim") != 0 else 0
    return _OVER[op.name](x, axis=axis, keepdims=bool(to.raw(op, 2, "keepdim", False)))


@translates("max", "min")
def extreme(to: Translation, op: Op) -> Any:
    """Over one axis, with where it was; or over all."""
    x, axis = to.arg(op, 0, "input"), to.raw(op, 1, "dim")
    function = ops.max if op.name == "max" else ops.min
    if axis is None:
        return function(x)
    if not isinstance(axis, int):  # the larger of two
        other = ops.maximum if op.name == "max" else ops.minimum
        return other(x, to.value(axis))
    keep = bool(to.raw(op, 2, "keepdim", False))
    where = ops.argmax if op.name == "max" else ops.argmin
    return function(x, axis=axis, keepdims=keep), where(x, axis=axis, keepdims=keep)


