"""Parts of a tensor, and copies of it in other places."""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import ops

from .ops import Op
from .translating import Translation, translates


@translates("chunk", "split", "split_with_sizes", "tensor_split", "unbind")
def parts(to: Translation, op: Op) -> Any:
    """Pieces along an axis, as long as they came out."""
    x = to.arg(op, 0, "input")
    axis = to.raw(op, 1 if op.name == "unbind" else 2, "dim", 0) % len(x.shape)
    if x.shape[axis] is None:
        raise to.refused(op, "its network takes single rows out of a batch")
    if op.name == "unbind":
        return tuple(ops.unstack(x, axis=axis))
    ends = np.cumsum([shape[axis] for shape in op.shapes])[:-1].tolist()
    return tuple(ops.split(x, ends, axis=axis))


@translates("repeat", "tile", "expand", "expand_as", "broadcast_to")
def stretched(to: Translation, op: Op) -> Any:
    """Copies along some axes."""
    x = to.arg(op, 0, "input")
    given = (1,) * (len(op.shape) - len(x.shape)) + tuple(x.shape)
    if None not in given:  # of nothing that has rows, perhaps as many times as there are rows
        rows = np.zeros((*op.shape[:1], *[1] * (len(op.shape) - 1)), "float32")
        spread = to.like_rows(rows)
        plain = (given[0], *op.shape[1:]) if op.shape[:1] == (to.count,) and given[0] == 1 else op.shape
        out = _tiled(ops.reshape(x, given), given, plain)
        return out + spread if plain != op.shape else out
    if any(n is None and size != to.count for n, size in zip(given, op.shape, strict=True)):
        raise to.refused(op, "its network puts rows below one another")
    return _tiled(ops.reshape(x, tuple(-1 if n is None else n for n in given)), given, op.shape)


def _tiled(x: Any, given: tuple[int | None, ...], wanted: tuple[int, ...]) -> Any:
    times = tuple(1 if n is None else size // n for n, size in zip(given, wanted, strict=True))
    return ops.tile(x, times) if set(times) != {1} else x


@translates("repeat_interleave")
def repeated(to: Translation, op: Op) -> Any:
    """Each several times."""
    axis = to.raw(op, 2, "dim")
    if axis is None or axis == 0 or not isinstance(op.args[1], int):
        raise to.refused(op, "repeat_interleave of rows")
    return ops.repeat(to.arg(op, 0, "input"), op.args[1], axis=axis)


@translates("flip", "roll")
def turned(to: Translation, op: Op) -> Any:
    """In the other order, or from another place on."""
    x = to.arg(op, 0, "input")
    if op.name == "roll":
        return ops.roll(x, to.raw(op, 1, "shifts"), axis=to.raw(op, 2, "dims"))
    given = op.args[1:] or op.kwargs["dims"]
    axes = given[0] if isinstance(given[0], tuple) else given
    if 0 in [axis % len(x.shape) for axis in axes]:
        raise to.refused(op, "its network turns the order of rows")
    return ops.flip(x, axis=tuple(axes))


@translates("__setitem__")
def written(to: Translation, op: Op) -> Any:
    """A tensor with some of its numbers written over, along one axis."""
    x, key, new = to.value(op.args[0]), op.args[1], to.value(op.args[2])
    key = list(key) if isinstance(key, tuple) else [key]
    if any(not isinstance(one, int | slice) for one in key):
        raise to.refused(op, "its network writes into chosen places of a tensor")
    parts_of_axes = [(i, one) for i, one in enumerate(key) if one != slice(None)]
    if not parts_of_axes:
        return ops.zeros_like(x) + new
    (axis, one), *others = parts_of_axes
    if others or axis == 0 or (isinstance(one, slice) and one.step not in (None, 1)):
        raise to.refused(op, "its network writes into parts of several axes of a tensor")
    cut = slice(one, one + 1 or None) if isinstance(one, int) else one
    begin, end, _ = cut.indices(x.shape[axis])
    whole = [slice(None)] * axis
    middle = x[(*whole, slice(begin, end))]
    if isinstance(one, int) and hasattr(new, "shape") and len(new.shape):
        new = ops.expand_dims(new, axis)
    return ops.concatenate(
        [x[(*whole, slice(0, begin))], ops.zeros_like(middle) + new, x[(*whole, slice(end, None))]],
        axis=axis)


@translates("unfold")
def unfold(to: Translation, op: Op) -> Any:
    """Windows along an axis (`Tensor.unfold`)."""
    x = to.arg(op, 0, "input")
    if len(x.shape) == 4 and len(op.shape) == 3:
        return _patches(to, op, x)
    axis, size, step = op.args[1] % len(x.shape), op.args[2], op.args[3]
    count = (x.shape[axis] - size) // step + 1
    read = (np.arange(count) * step)[:, None] + np.arange(size)
    out = ops.take(x, read.astype("int32"), axis=axis)
    last = [i for i in range(len(out.shape)) if i != axis + 1]
    return ops.transpose(out, (*last, axis + 1))


def _patches(to: Translation, op: Op, x: Any) -> Any:
    """`F.unfold` of pictures: the windows of a convolution."""
    def pair(at: int, name: str, default: int) -> tuple[int, int]:
        given = to.raw(op, at, name, default)
        return (given, given) if isinstance(given, int) else tuple(given)

    size, dilation = pair(1, "kernel_size", 1), pair(2, "dilation", 1)
    padding, stride = pair(3, "padding", 0), pair(4, "stride", 1)
    if any(padding):
        x = ops.pad(x, [(0, 0), (0, 0), *((p, p) for p in padding)])
    for axis in (2, 3):
        i = axis - 2
        count = (x.shape[2 * axis - 2] - dilation[i] * (size[i] - 1) - 1) // stride[i] + 1
        read = np.arange(size[i])[:, None] * dilation[i] + np.arange(count) * stride[i]
        x = ops.take(x, read.astype("int32"), axis=2 * axis - 2)
    # (rows, channels, k1, out1, k2, out2)
    return ops.reshape(ops.transpose(x, (0, 1, 2, 4, 3, 5)), (-1, *op.shape[1:]))
