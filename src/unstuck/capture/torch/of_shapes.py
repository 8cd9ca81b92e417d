"""Shapes, slices, sums and arithmetic."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from unstuck.network.torch_numbers.layers import Detach

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
        if len(shape) == 2 and len(x.shape) > 2:
            return to.noted(keras.layers.Flatten(name=to.called(op)), op)(x)
        return to.noted(keras.layers.Reshape(shape[1:], name=to.called(op)), op)(x)
    return ops.reshape(x, (-1, *shape[1:]))


@translates("squeeze", "unsqueeze")
def squeeze(to: Translation, op: Op) -> Any:
    """An axis of one, put in or left out; never that of the rows."""
    x = to.arg(op, 0, "input")
    if op.shape[:1] != (to.count,):
        raise to.refused(op, f"{op.name} moves the axis of the rows")
    if tuple(x.shape[1:]) == op.shape[1:]:
        return x
    return ops.reshape(x, (-1, *op.shape[1:]))


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
        raise to.refused(op, "movedim")
    order = [axis % rank for axis in order]
    if order[0] == 0:
        return to.noted(keras.layers.Permute(order[1:], name=to.called(op)), op)(x)
    return ops.transpose(x, order)


@translates("data", "detach")
def detach(to: Translation, op: Op) -> Any:
    """No gradient goes through."""
    x = to.arg(op, 0, "input")
    return x if op.cut else Detach(name=to.called(op))(x)


@translates("contiguous", "to", "float", "clone", "type_as", "double", "positive")
def same(to: Translation, op: Op) -> Any:
    """The same numbers."""
    x = to.arg(op, 0, "input")
    if op.name == "float" and hasattr(x, "dtype") and str(x.dtype) != "float32":
        return ops.cast(x, "float32")
    return x


@translates("long", "int")
def whole(to: Translation, op: Op) -> Any:
    """Whole numbers."""
    return ops.cast(to.arg(op, 0, "input"), "int32")


@translates("__getitem__")
def item(to: Translation, op: Op) -> Any:
    """A slice."""
    x, key = to.arg(op, 0, "input"), op.args[1]
    key = key if isinstance(key, tuple) else (key,)
    if any(not isinstance(one, int | slice | type(None) | type(Ellipsis)) for one in key):
        raise to.refused(op, "rows are chosen by other numbers within its network")
    if op.shape[:1] != (to.count,):
        raise to.refused(op, "its network takes single rows out of a batch")
    return x[key]


@translates("cat", "concat", "concatenate")
def cat(to: Translation, op: Op) -> Any:
    """Side by side."""
    parts, axis = to.arg(op, 0, "tensors"), to.raw(op, 1, "dim", 0)
    if axis == 0:
        raise to.refused(op, "its network puts rows below one another")
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
           "__sub__": ops.subtract, "__truediv__": ops.divide, "__pow__": ops.power}


@translates(*_BINARY)
def binary(to: Translation, op: Op) -> Any:
    """Arithmetic of two."""
    from .of_layers import biased
    given = biased(to, op)
    if given is not None:
        return given
    one, other = to.arg(op, 0, "input"), to.arg(op, 1, "other")
    both = all(hasattr(each, "_keras_history") for each in (one, other))
    kind = {"add": keras.layers.Add, "mul": keras.layers.Multiply}.get(op.name)
    if both and kind is not None and one.shape == other.shape:
        return to.noted(kind(name=to.called(op)), op)([one, other])
    return _BINARY[op.name](one, other)


_UNARY = {"neg": ops.negative, "exp": ops.exp, "log": ops.log, "sqrt": ops.sqrt, "abs": ops.abs,
          "square": ops.square, "sin": ops.sin, "cos": ops.cos, "log1p": ops.log1p, "sign": ops.sign,
          "reciprocal": ops.reciprocal, "expm1": ops.expm1, "rsqrt": ops.rsqrt, "__neg__": ops.negative}


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


_OVER = {"mean": ops.mean, "sum": ops.sum, "amax": ops.max, "amin": ops.min, "prod": ops.prod}


@translates(*_OVER)
def over_axes(to: Translation, op: Op) -> Any:
    """Means and sums."""
    x = to.arg(op, 0, "input")
    axis = to.raw(op, 1, "dim")
    return _OVER[op.name](x, axis=axis, keepdims=bool(to.raw(op, 2, "keepdim", False)))


@translates("max", "min")
def extreme(to: Translation, op: Op) -> Any:
    """Over one axis, with where it was; or over all."""
    x, axis = to.arg(op, 0, "input"), to.raw(op, 1, "dim")
    function = ops.max if op.name == "max" else ops.min
    if axis is None:
        return function(x)
    keep = bool(to.raw(op, 2, "keepdim", False))
    where = ops.argmax if op.name == "max" else ops.argmin
    return function(x, axis=axis, keepdims=keep), where(x, axis=axis, keepdims=keep)


@translates("var", "std")
def spread(to: Translation, op: Op) -> Any:
    """Of a sample, with n - 1."""
    x, axis = to.arg(op, 0, "input"), to.raw(op, 1, "dim")
    keep = bool(op.kwargs.get("keepdim", False))
    count = 1
    for one in range(len(x.shape)) if axis is None else [axis] if isinstance(axis, int) else axis:
        count *= x.shape[one]
    found = ops.var(x, axis=axis, keepdims=keep) * (count / (count - 1))
    return found if op.name == "var" else ops.sqrt(found)
