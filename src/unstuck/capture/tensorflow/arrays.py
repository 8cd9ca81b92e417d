"""Functions of `tf` that cut, join, pick and turn tensors."""

from __future__ import annotations

import math as python_math
from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from keras import ops

from .dtypes import named
from .signatures import Functions, Table, all_spelled, numbers
from .tensors import lengths_of, tensor_of

_TABLE: Table = {
    "expand_dims": (ops.expand_dims, "input axis="),
    "squeeze": (ops.squeeze, "input axis="),
    "repeat": (ops.repeat, "input repeats= axis="),
    "linspace": (jnp.linspace, "start stop num= axis="),
    "searchsorted": (ops.searchsorted, "sorted_sequence values side="),
    "tensor_scatter_nd_update": (ops.scatter_update, "tensor indices updates"),
}


def functions() -> Functions:
    """All of them by name."""
    return {**all_spelled(_TABLE), **_OWN}


def reshape(tensor: Any, shape: Any, name: str | None = None) -> Any:
    """TensorFlow's `tf.reshape`."""
    return ops.reshape(tensor_of(tensor), lengths_of(shape))


def transpose(a: Any, perm: Any = None, conjugate: bool = False, name: str | None = None) -> Any:
    """TensorFlow's `tf.transpose`."""
    return ops.transpose(a, axes=None if perm is None else lengths_of(perm))


def concat(values: Any, axis: Any, name: str | None = None) -> Any:
    """TensorFlow's `tf.concat`."""
    if isinstance(values, list | tuple):
        return ops.concatenate([tensor_of(value) for value in values], axis=int(axis))
    return tensor_of(values)


def stack(values: Any, axis: int = 0, name: str | None = None) -> Any:
    """TensorFlow's `tf.stack`."""
    return ops.stack([tensor_of(value) for value in values], axis=int(axis))


def unstack(value: Any, num: int | None = None, axis: int = 0, name: str | None = None) -> list[Any]:
    """TensorFlow's `tf.unstack`."""
    return list(ops.unstack(tensor_of(value), num=num, axis=axis))


def split(value: Any, num_or_size_splits: Any, axis: int = 0, num: int | None = None,
          name: str | None = None) -> list[Any]:
    """TensorFlow's `tf.split`: into equal parts, or parts of these sizes."""
    if isinstance(num_or_size_splits, int | np.integer):
        return list(ops.split(value, int(num_or_size_splits), axis=axis))
    sizes = list(num_or_size_splits)
    if -1 in sizes:
        sizes[sizes.index(-1)] = value.shape[axis] - sum(size for size in sizes if size != -1)
    return list(ops.split(value, np.cumsum(sizes)[:-1].tolist(), axis=axis))


def gather(params: Any, indices: Any, validate_indices: Any = None, axis: Any = None,
           batch_dims: int = 0, name: str | None = None) -> Any:
    """TensorFlow's `tf.gather`."""
    indices = ops.cast(tensor_of(indices), "int32")
    if not batch_dims:
        return ops.take(tensor_of(params), indices, axis=0 if axis is None else int(axis))
    axis = batch_dims if axis is None else axis

    def each(rows: Any, picks: Any, depth: int) -> Any:
        if depth == 0:
            return jnp.take(rows, picks, axis=axis - batch_dims)
        return jnp.stack([each(row, pick, depth - 1) for row, pick in zip(rows, picks, strict=True)])

    return each(numbers(params, "gather"), indices, batch_dims)


def gather_nd(params: Any, indices: Any, batch_dims: int = 0, name: str | None = None) -> Any:
    """TensorFlow's `tf.gather_nd`."""
    params, indices = numbers(tensor_of(params), "gather_nd"), ops.cast(tensor_of(indices), "int32")
    if batch_dims:
        return jnp.stack([gather_nd(row, pick, batch_dims - 1)
                          for row, pick in zip(params, indices, strict=True)])
    return params[tuple(jnp.moveaxis(indices, -1, 0))]


def boolean_mask(tensor: Any, mask: Any, axis: int | None = None, name: str = "") -> Any:
    """TensorFlow's `tf.boolean_mask`; how many are left must be known, so not inside a network."""
    tensor, mask = numbers(tensor_of(tensor), "boolean_mask"), numbers(mask, "boolean_mask")
    before = (slice(None),) * (axis or 0)
    return tensor[(*before, mask)]


def where(condition: Any, x: Any = None, y: Any = None, name: str | None = None) -> Any:
    """TensorFlow's `tf.where`: of two tensors, or the places where something holds."""
    condition = tensor_of(condition)
    if x is None and y is None:
        return jnp.argwhere(numbers(condition, "where"))
    return ops.where(condition, x, y)


def pad(tensor: Any, paddings: Any, mode: str = "CONSTANT", constant_values: Any = 0,
        name: str | None = None) -> Any:
    """TensorFlow's `tf.pad`."""
    kind = mode.lower()
    widths = np.asarray(paddings).tolist()
    given = {"constant_values": constant_values} if kind == "constant" and constant_values else {}
    return ops.pad(tensor_of(tensor), widths, mode=kind, **given)


def tile(input: Any, multiples: Any, name: str | None = None) -> Any:
    """TensorFlow's `tf.tile`."""
    return ops.tile(tensor_of(input), lengths_of(multiples))


def broadcast_to(input: Any, shape: Any, name: str | None = None) -> Any:
    """TensorFlow's `tf.broadcast_to`."""
    return ops.broadcast_to(tensor_of(input), lengths_of(shape))


def reverse(tensor: Any, axis: Any, name: str | None = None) -> Any:
    """TensorFlow's `tf.reverse`."""
    return ops.flip(tensor_of(tensor), axis=lengths_of(axis))


def roll(input: Any, shift: Any, axis: Any, name: str | None = None) -> Any:
    """TensorFlow's `tf.roll`."""
    one = isinstance(axis, int)
    return ops.roll(input, int(shift) if one else lengths_of(shift), axis if one else lengths_of(axis))


def slice_(input_: Any, begin: Any, size: Any, name: str | None = None) -> Any:
    """TensorFlow's `tf.slice`."""
    cut = tuple(slice(b, None if s == -1 else b + s)
                for b, s in zip(lengths_of(begin), lengths_of(size), strict=True))
    return tensor_of(input_)[cut]


def strided_slice(input_: Any, begin: Any, end: Any, strides: Any = None, **options: Any) -> Any:
    """TensorFlow's `tf.strided_slice`."""
    begin, end = lengths_of(begin), lengths_of(end)
    steps = (1,) * len(begin) if strides is None else lengths_of(strides)
    return tensor_of(input_)[tuple(slice(*cut) for cut in zip(begin, end, steps, strict=True))]


def sort(values: Any, axis: int = -1, direction: str = "ASCENDING", name: str | None = None) -> Any:
    """TensorFlow's `tf.sort`."""
    found = ops.sort(values, axis=axis)
    return found if direction == "ASCENDING" else ops.flip(found, axis=axis)


def argsort(values: Any, axis: int = -1, direction: str = "ASCENDING", stable: bool = False,
            name: str | None = None) -> Any:
    """TensorFlow's `tf.argsort`."""
    values = tensor_of(values)
    return ops.argsort(values if direction == "ASCENDING" else ops.negative(values), axis=axis)


def sequence_mask(lengths: Any, maxlen: Any = None, dtype: Any = "bool",
                  name: str | None = None) -> Any:
    """TensorFlow's `tf.sequence_mask`."""
    lengths = tensor_of(lengths)
    longest = int(ops.max(lengths)) if maxlen is None else int(maxlen)
    return ops.cast(ops.arange(longest) < lengths[..., None], named(dtype))


def meshgrid(*args: Any, indexing: str = "xy", name: str | None = None) -> list[Any]:
    """TensorFlow's `tf.meshgrid`."""
    return list(ops.meshgrid(*map(tensor_of, args), indexing=indexing))


def unique(x: Any, out_idx: Any = None, name: str | None = None) -> tuple[Any, Any]:
    """TensorFlow's `tf.unique`: the values in the order they come in, and which each one is."""
    values, first, which = np.unique(np.asarray(x), return_index=True, return_inverse=True)
    order = np.argsort(first)
    return tensor_of(values[order]), tensor_of(np.argsort(order)[which].astype("int32"))


def scatter_nd(indices: Any, updates: Any, shape: Any, name: str | None = None) -> Any:
    """TensorFlow's `tf.scatter_nd`."""
    return ops.scatter(tensor_of(indices), tensor_of(updates), lengths_of(shape))


def histogram_fixed_width(values: Any, value_range: Any, nbins: int = 100, dtype: Any = "int32",
                          name: str | None = None) -> Any:
    """TensorFlow's `tf.histogram_fixed_width`: what lies beyond counts in the outermost ones."""
    within = jnp.clip(numbers(tensor_of(values)), *value_range)
    return ops.cast(jnp.histogram(within, nbins, value_range)[0], named(dtype))


def _alike(make: Callable[..., Any]) -> Callable[..., Any]:
    return lambda input, dtype=None, name=None, **options: make(tensor_of(input), dtype=named(dtype))


def _scattered(change: Callable[[Any], Callable[..., Any]]) -> Callable[..., Any]:
    def called(tensor: Any, indices: Any, updates: Any, name: str | None = None) -> Any:
        places = tuple(jnp.moveaxis(ops.cast(indices, "int32"), -1, 0))
        return change(numbers(tensor_of(tensor), "scatter").at[places])(numbers(updates))

    return called


def _identity(input: Any, name: str | None = None) -> Any:
    return tensor_of(input)


def _many(inputs: Sequence[Any], name: str | None = None) -> list[Any]:
    return [tensor_of(value) for value in inputs]


_OWN: Functions = {
    "reshape": reshape, "transpose": transpose, "concat": concat, "stack": stack, "unstack": unstack,
    "split": split, "gather": gather, "gather_nd": gather_nd, "boolean_mask": boolean_mask,
    "where": where, "pad": pad, "tile": tile, "broadcast_to": broadcast_to, "reverse": reverse,
    "roll": roll, "slice": slice_, "strided_slice": strided_slice, "sort": sort, "argsort": argsort,
    "sequence_mask": sequence_mask, "meshgrid": meshgrid, "unique": unique, "zeros_like":
    _alike(ops.zeros_like), "ones_like": _alike(ops.ones_like), "identity": _identity,
    "identity_n": _many, "scatter_nd": scatter_nd,
    "tensor_scatter_nd_add": _scattered(lambda at: at.add),
    "tensor_scatter_nd_sub": _scattered(lambda at: at.subtract),
    "tensor_scatter_nd_max": _scattered(lambda at: at.max),
    "tensor_scatter_nd_min": _scattered(lambda at: at.min),
    "rank": lambda input, name=None: len(np.shape(input)),
    "size": lambda input, out_type=None, name=None: python_math.prod(np.shape(input)),
    "ensure_shape": lambda x, shape, name=None: x,
    "broadcast_static_shape": lambda a, b: np.broadcast_shapes(tuple(a), tuple(b)),
    "stop_gradient": lambda input, name=None: ops.stop_gradient(input),
    "histogram_fixed_width": histogram_fixed_width,
}
