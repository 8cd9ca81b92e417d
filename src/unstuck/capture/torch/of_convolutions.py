"""Convolutions, pools, and what changes the sizes of pictures; channels first."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import torch
from keras import ops

from .of_layers import layer_with, weighted
from .ops import Op
from .translating import Translation, translates

FIRST = "channels_first"


def _pair(value: Any, rank: int) -> tuple[int, ...]:
    return (value,) * rank if isinstance(value, int) else tuple(value) * (rank // len(value))


def _padded(to: Translation, op: Op, x: Any, padding: Any, rank: int, kernel: Any, strides: Any,
            dilation: Any, fill: float = 0.0) -> tuple[Any, str]:
    """Rows padded as torch pads them, or Keras's word where that pads alike."""
    if padding in ("same", "valid"):
        return x, str(padding)
    sizes = _pair(padding, rank)
    if not any(sizes):
        return x, "valid"
    whole = all(2 * p == d * (k - 1) for p, k, d in zip(sizes, kernel, dilation, strict=True))
    if whole and set(strides) == {1} and fill == 0.0:
        return x, "same"
    around = [(0, 0), (0, 0), *((p, p) for p in sizes)]
    return ops.pad(x, around, mode="constant", constant_values=fill), "valid"


def _turned(weight: Any) -> Any:
    """A weight of torch's (out, in, …) as a kernel (…, in, out)."""
    return np.moveaxis(weight, (0, 1), (-1, -2))


@translates("conv1d", "conv2d", "conv3d")
def convolution(to: Translation, op: Op) -> Any:
    """`nn.Conv*`, channels first."""
    rank, found = int(op.name[-2]), weighted(to, op)
    weight = to.arg(op, 1, "weight") if found is None else found[0].tensor
    size = tuple(weight.shape[2:])
    strides, dilation = (_pair(to.raw(op, at, name, 1), rank) for at, name in (
        (3, "stride"), (5, "dilation")))
    x, padding = _padded(to, op, to.arg(op, 0, "input"), to.raw(op, 4, "padding", 0), rank, size,
                         strides, dilation)
    if found is None:
        kernel = ops.transpose(weight, (*range(2, rank + 2), 1, 0))
        out = ops.conv(x, kernel, strides, padding, FIRST, dilation)
        bias = to.arg(op, 2, "bias")
        return out if bias is None else out + ops.reshape(bias, (-1, *[1] * rank))
    layer = layer_with(
        to, op, getattr(keras.layers, f"Conv{rank}D"), *found, _turned, filters=weight.shape[0],
        kernel_size=size, strides=strides, padding=padding, dilation_rate=dilation,
        groups=int(to.raw(op, 6, "groups", 1)), data_format=FIRST)
    return layer(x)


@translates("conv_transpose1d", "conv_transpose2d", "conv_transpose3d")
def transposed(to: Translation, op: Op) -> Any:
    """`nn.ConvTranspose*`: what Keras gives without padding, cut as torch cuts it."""
    rank, found = int(op.name[-2]), weighted(to, op)
    strides, padding, more, dilation = (_pair(to.raw(op, *one), rank) for one in (
        (3, "stride", 1), (4, "padding", 0), (5, "output_padding", 0), (7, "dilation", 1)))
    if found is None or int(to.raw(op, 6, "groups", 1)) != 1 or set(dilation) != {1}:
        raise to.refused(op, f"{op.name} with groups, with dilation, or with computed weights")
    _, filters, *size = found[0].tensor.shape
    layer = layer_with(
        to, op, getattr(keras.layers, f"Conv{rank}DTranspose"), *found, _turned, filters=filters,
        kernel_size=tuple(size), strides=strides, padding="valid",
        output_padding=None if not any(more) else more, data_format=FIRST)
    out = layer(to.arg(op, 0, "input"))
    if any(padding) or tuple(out.shape[2:]) != op.shape[2:]:
        cut = (slice(begin, begin + size) for begin, size in zip(padding, op.shape[2:], strict=True))
        out = out[(slice(None), slice(None), *cut)]
    return out


def _windows(to: Translation, op: Op) -> tuple[int, tuple[int, ...], tuple[int, ...]]:
    """How many axes a pool has, and along each the size of its windows and the steps between them."""
    rank = int(op.name[-2])
    size, stride = _pair(to.raw(op, 1, "kernel_size"), rank), to.raw(op, 2, "stride")
    return rank, size, size if stride in (None, ()) else _pair(stride, rank)


@translates("max_pool1d", "max_pool2d", "max_pool3d")
def max_pool(to: Translation, op: Op) -> Any:
    """The largest in each window, channels first."""
    rank, size, strides = _windows(to, op)
    if set(_pair(to.raw(op, 4, "dilation", 1), rank)) != {1}:
        raise to.refused(op, f"{op.name} with dilation")
    x, padding = to.arg(op, 0, "input"), _pair(to.raw(op, 3, "padding", 0), rank)
    ends = [(n - 1) * s + k - p - length for n, s, k, p, length in zip(
        op.shape[2:], strides, size, padding, x.shape[2:], strict=True)]  # `ceil_mode` reads on
    if any(padding) or max(ends) > 0:
        least = float(np.finfo(np.float32).min)
        around = [(0, 0), (0, 0), *((p, max(0, end)) for p, end in zip(padding, ends, strict=True))]
        x = ops.pad(x, around, mode="constant", constant_values=least)
    layer = getattr(keras.layers, f"MaxPooling{rank}D")(
        pool_size=size, strides=strides, padding="valid", data_format=FIRST, name=to.called(op))
    return to.noted(layer, op)(x)


@translates("avg_pool1d", "avg_pool2d", "avg_pool3d")
def average_pool(to: Translation, op: Op) -> Any:
    """The mean of each window, channels first."""
    rank, size, strides = _windows(to, op)
    padding, ceil = _pair(to.raw(op, 3, "padding", 0), rank), bool(to.raw(op, 4, "ceil_mode", False))
    counted, x = bool(to.raw(op, 5, "count_include_pad", True)), to.arg(op, 0, "input")
    if to.raw(op, 6, "divisor_override") is not None:
        raise to.refused(op, f"{op.name} with divisor_override")
    if any(padding) or ceil:
        return _each_axis(x, [
            lambda row, k=k, s=s, p=p: torch.nn.functional.avg_pool1d(row, k, s, p, ceil, counted)
            for k, s, p in zip(size, strides, padding, strict=True)])
    layer = getattr(keras.layers, f"AveragePooling{rank}D")(
        pool_size=size, strides=strides, padding="valid", data_format=FIRST, name=to.called(op))
    return to.noted(layer, op)(x)


def _each_axis(x: Any, along: list[Any]) -> Any:
    """What a function of torch's does along each axis of pictures, as a product with a matrix.

    Args:
        x: (rows, channels, …).
        along: for each axis the function, of rows (1, count, length).
    """
    for axis, function in enumerate(along, 2):
        length = x.shape[axis]
        matrix = function(torch.eye(length)[None])[0].numpy()
        if matrix.shape == (length, length) and np.array_equal(matrix, np.eye(length)):
            continue
        last = [i for i in range(len(x.shape)) if i != axis]
        back = sorted(range(len(x.shape)), key=[*last, axis].__getitem__)
        x = ops.transpose(ops.matmul(ops.transpose(x, (*last, axis)), matrix), back)
    return x


@translates("adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d")
def adaptive_average(to: Translation, op: Op) -> Any:
    """Means of as many parts as are wanted."""
    x = to.arg(op, 0, "input")
    if set(op.shape[2:]) == {1}:
        return _to_one(to, op, "Average")
    return _each_axis(x, [
        lambda row, n=n: torch.nn.functional.adaptive_avg_pool1d(row, n) for n in op.shape[2:]])


@translates("adaptive_max_pool1d", "adaptive_max_pool2d", "adaptive_max_pool3d")
def adaptive_largest(to: Translation, op: Op) -> Any:
    """The largest of each of as many parts as are wanted."""
    x = to.arg(op, 0, "input")
    if set(op.shape[2:]) == {1}:
        return _to_one(to, op, "Max")
    for axis, count in enumerate(op.shape[2:], 2):
        length = x.shape[axis]
        parts = [x[(*[slice(None)] * axis, slice(i * length // count, -(-(i + 1) * length // count)))]
                 for i in range(count)]
        x = ops.stack([ops.max(part, axis=axis) for part in parts], axis=axis)
    return x


def _to_one(to: Translation, op: Op, kind: str) -> Any:
    layer = getattr(keras.layers, f"Global{kind}Pooling{len(op.shape) - 2}D")(
        data_format=FIRST, keepdims=True, name=to.called(op))
    return to.noted(layer, op)(to.arg(op, 0, "input"))


@translates("interpolate")
def interpolate(to: Translation, op: Op) -> Any:
    """`nn.Upsample`: other sizes, axis by axis."""
    x, mode = to.arg(op, 0, "input"), str(to.raw(op, 3, "mode", "nearest"))
    corners, scale = to.raw(op, 4, "align_corners"), to.raw(op, 2, "scale_factor")
    kind = {"nearest": "nearest", "linear": "linear", "bilinear": "linear", "trilinear": "linear"}
    if mode not in kind or to.raw(op, 6, "antialias", False):
        raise to.refused(op, f"interpolate with mode={mode!r} or antialias")
    scales = [None] * (len(x.shape) - 2) if scale is None else (
        list(scale) if isinstance(scale, tuple) else [scale] * (len(x.shape) - 2))

    def along(size: int, by: Any) -> Any:
        sizes: dict[str, Any] = {"size": size} if by is None else {"scale_factor": by}
        more = {} if kind[mode] == "nearest" else {"align_corners": corners}
        return lambda row: torch.nn.functional.interpolate(row, mode=kind[mode], **sizes, **more)

    return _each_axis(x, [along(n, by) for n, by in zip(op.shape[2:], scales, strict=True)])


@translates("pad")
def pad(to: Translation, op: Op) -> Any:
    """With one number, or with what stands there; the last axis first."""
    x, sizes = to.arg(op, 0, "input"), to.raw(op, 1, "pad")
    mode = to.raw(op, 2, "mode", "constant")
    for i in range(0, len(sizes), 2):
        axis, (before, after) = len(x.shape) - 1 - i // 2, sizes[i : i + 2]
        if mode == "constant":
            around = [(0, 0)] * len(x.shape)
            around[axis] = (max(0, before), max(0, after))
            x = ops.pad(x, around, mode="constant", constant_values=to.raw(op, 3, "value") or 0.0)
            end = None if after >= 0 else after
            if before < 0 or after < 0:
                x = x[(*[slice(None)] * axis, slice(max(0, -before), end))]
        elif before or after:
            row = torch.arange(float(x.shape[axis]))[None, None]
            read = torch.nn.functional.pad(row, (before, after), mode=mode)[0, 0]
            x = ops.take(x, read.numpy().astype("int32"), axis=axis)
    return x


@translates("pixel_shuffle", "pixel_unshuffle")
def pixel_shuffle(to: Translation, op: Op) -> Any:
    """`nn.PixelShuffle` and its inverse, on (rows, channels, height, width)."""
    x, by = to.arg(op, 0, "input"), int(op.args[1])
    _, channels, height, width = x.shape
    if op.name == "pixel_shuffle":
        x = ops.reshape(x, (-1, channels // by**2, by, by, height, width))
        x = ops.transpose(x, (0, 1, 4, 2, 5, 3))
    else:
        x = ops.reshape(x, (-1, channels, height // by, by, width // by, by))
        x = ops.transpose(x, (0, 1, 3, 5, 2, 4))
    return ops.reshape(x, (-1, *op.shape[1:]))


@translates("channel_shuffle")
def channel_shuffle(to: Translation, op: Op) -> Any:
    """`nn.ChannelShuffle`."""
    x, groups = to.arg(op, 0, "input"), int(op.args[1])
    parts = ops.reshape(x, (-1, groups, x.shape[1] // groups, *x.shape[2:]))
    order = (0, 2, 1, *range(3, len(parts.shape)))
    return ops.reshape(ops.transpose(parts, order), (-1, *op.shape[1:]))
