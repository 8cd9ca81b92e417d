"""`tf.math`: arithmetic number by number, and reductions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import keras
from keras import ops

from . import dtypes
from .signatures import Functions, Table, all_spelled
from .tensors import tensor_of

_KERAS_UNARY = (
    "abs", "sign", "round", "floor", "ceil", "exp", "expm1", "log", "log1p", "sqrt", "rsqrt", "square",
    "sin", "cos", "tan", "sinh", "cosh", "tanh", "sigmoid", "erf", "erfinv", "reciprocal", "negative",
    "logical_not", "real", "imag", "conj", "softplus",
)
_KERAS_BINARY = (
    "add", "subtract", "multiply", "divide", "maximum", "minimum", "mod", "equal", "not_equal",
    "greater", "greater_equal", "less", "less_equal", "logical_and", "logical_or", "logical_xor",
)
_REDUCED = ("mean", "sum", "max", "min", "prod", "any", "all", "std", "logsumexp")

_TABLE: Table = {
    **{name: (getattr(ops, name), "x") for name in _KERAS_UNARY},
    **{name: (getattr(ops, name), "x y") for name in _KERAS_BINARY},
    **{f"reduce_{name}": (getattr(ops, name), "input_tensor axis= keepdims=") for name in _REDUCED},
    "reduce_variance": (ops.var, "input_tensor axis= keepdims="),
    **{a: (getattr(ops, f"arc{a[1:]}"), "x") for a in (
        "asin", "acos", "atan", "asinh", "acosh", "atanh")},
    "atan2": (ops.arctan2, "y x"),
    "pow": (ops.power, "x y"),
    "floormod": (ops.mod, "x y"),
    "floordiv": (ops.floor_divide, "x y"),
    "truediv": (ops.true_divide, "x y"),
    "log_sigmoid": (ops.log_sigmoid, "x"),
    "rint": (ops.round, "x"),
    "is_nan": (ops.isnan, "x"),
    "is_inf": (ops.isinf, "x"),
    "is_finite": (ops.isfinite, "x"),
    "lgamma": (jax.scipy.special.gammaln, "x"),
    "digamma": (jax.scipy.special.digamma, "x"),
    "erfc": (jax.scipy.special.erfc, "x"),
    "ndtri": (jax.scipy.special.ndtri, "x"),
    "erfcinv": (lambda x: -jax.scipy.special.ndtri(x / 2) / jnp.sqrt(2.0), "x"),
    "xlogy": (jax.scipy.special.xlogy, "x y"),
    "xlog1py": (jax.scipy.special.xlog1py, "x y"),
    "betainc": (jax.scipy.special.betainc, "a b x"),
    "igamma": (jax.scipy.special.gammainc, "a x"),
    "igammac": (jax.scipy.special.gammaincc, "a x"),
    "angle": (jnp.angle, "input"), "complex": (jax.lax.complex, "real imag"),
    "nextafter": (jnp.nextafter, "x1 x2"),
    "argmax": (ops.argmax, "input axis="),
    "argmin": (ops.argmin, "input axis="),
    "in_top_k": (ops.in_top_k, "targets predictions k="),
    "bincount": (jnp.bincount, "arr weights= minlength= maxlength=length"),
    "polyval": (lambda coeffs, x: jnp.polyval(jnp.stack([jnp.asarray(c, float) for c in coeffs]), x),
                "coeffs x"),
}


def functions() -> Functions:
    """Everything of `tf.math`, most of which is in `tf`, too."""
    return {**all_spelled(_TABLE), **_OWN}


def argmost(most: Callable[..., Any]) -> Callable[..., Any]:
    """`tf.argmax` or `tf.argmin`, which go down the first axis where none is given."""
    def called(input: Any, axis: Any = None, output_type: Any = None, name: str | None = None,
               *, dimension: Any = None) -> Any:
        axis = dimension if axis is None else axis
        found = most(input, axis=0 if axis is None else int(axis))
        return found if output_type is None else dtypes.cast(found, output_type)

    return called


class TopK(NamedTuple):
    """What `tf.math.top_k` gives."""

    values: Any
    indices: Any


def top_k(input: Any, k: Any = 1, sorted: bool = True, index_type: Any = None,
          name: str | None = None) -> TopK:
    """TensorFlow's `tf.math.top_k`."""
    return TopK(*ops.top_k(tensor_of(input), int(k), sorted=sorted))


def squared_difference(x: Any, y: Any, name: str | None = None) -> Any:
    """TensorFlow's `tf.math.squared_difference`."""
    return ops.square(ops.subtract(x, y))


def divide_no_nan(x: Any, y: Any, name: str | None = None) -> Any:
    """TensorFlow's `tf.math.divide_no_nan`: 0 where the divisor is."""
    return ops.divide_no_nan(x, y)


def multiply_no_nan(x: Any, y: Any, name: str | None = None) -> Any:
    """TensorFlow's `tf.math.multiply_no_nan`: 0 where y is, whatever x is."""
    product = ops.multiply(x, y)
    return ops.where(ops.equal(y, 0), ops.zeros_like(product), product)


def xdivy(x: Any, y: Any, name: str | None = None) -> Any:
    """TensorFlow's `tf.math.xdivy`: 0 where x is."""
    return ops.where(ops.equal(x, 0), 0.0, ops.divide(x, ops.where(ops.equal(x, 0), 1.0, y)))


def reduce_euclidean_norm(input_tensor: Any, axis: Any = None, keepdims: bool = False,
                          name: str | None = None) -> Any:
    """TensorFlow's `tf.math.reduce_euclidean_norm`."""
    return ops.sqrt(ops.sum(ops.square(input_tensor), axis=axis, keepdims=keepdims))


def count_nonzero(input: Any, axis: Any = None, keepdims: bool | None = None, dtype: Any = "int32",
                  name: str | None = None) -> Any:
    """TensorFlow's `tf.math.count_nonzero`."""
    there = ops.cast(ops.not_equal(input, 0), dtypes.named(dtype))
    return ops.sum(there, axis=axis, keepdims=bool(keepdims))


def zero_fraction(value: Any, name: str | None = None) -> Any:
    """TensorFlow's `tf.math.zero_fraction`."""
    return ops.mean(ops.cast(ops.equal(value, 0), "float32"))


def add_n(inputs: Sequence[Any], name: str | None = None) -> Any:
    """TensorFlow's `tf.add_n`."""
    total = inputs[0]
    for part in inputs[1:]:
        total = ops.add(total, part)
    return total


def _running(run: Callable[..., Any], neutral: float) -> Callable[..., Any]:
    def running(x: Any, axis: int = 0, exclusive: bool = False, reverse: bool = False,
                name: str | None = None) -> Any:
        x = tensor_of(x)
        x = ops.flip(x, axis=axis) if reverse else x
        if exclusive:
            before = ops.full_like(ops.take(x, [0], axis=axis), neutral)
            rest = ops.take(x, range(x.shape[axis] - 1), axis=axis)
            x = ops.concatenate([before, rest], axis=axis)
        found = run(x, axis=axis)
        return ops.flip(found, axis=axis) if reverse else found

    return running


def clip_by_value(t: Any, clip_value_min: Any, clip_value_max: Any, name: str | None = None) -> Any:
    """TensorFlow's `tf.clip_by_value`."""
    return ops.minimum(ops.maximum(t, clip_value_min), clip_value_max)


def clip_by_norm(t: Any, clip_norm: Any, axes: Any = None, name: str | None = None) -> Any:
    """TensorFlow's `tf.clip_by_norm`."""
    squares = ops.sum(ops.square(t), axis=axes, keepdims=True)
    norm = ops.sqrt(ops.where(squares > 0, squares, ops.ones_like(squares)))
    return t * clip_norm / ops.maximum(ops.where(squares > 0, norm, squares), clip_norm)


def global_norm(t_list: Sequence[Any], name: str | None = None) -> Any:
    """TensorFlow's `tf.linalg.global_norm`."""
    return ops.sqrt(add_n([ops.sum(ops.square(t)) for t in t_list if t is not None]))


def clip_by_global_norm(t_list: Sequence[Any], clip_norm: Any, use_norm: Any = None,
                        name: str | None = None) -> tuple[list[Any], Any]:
    """TensorFlow's `tf.clip_by_global_norm`."""
    norm = global_norm(t_list) if use_norm is None else use_norm
    scale = clip_norm / ops.maximum(norm, clip_norm)
    return [None if t is None else t * scale for t in t_list], norm


def l2_normalize(x: Any, axis: Any = None, epsilon: float = 1e-12, name: str | None = None) -> Any:
    """TensorFlow's `tf.math.l2_normalize`: of length 1."""
    x = tensor_of(x)
    squares = ops.sum(ops.square(x), axis=axis, keepdims=True)
    return x * ops.rsqrt(ops.maximum(squares, epsilon))


def softmax(logits: Any, axis: int | None = None, name: str | None = None) -> Any:
    """TensorFlow's `tf.nn.softmax`; a layer's activation is known by its name."""
    return keras.activations.softmax(tensor_of(logits), axis=-1 if axis is None else axis)


def confusion_matrix(labels: Any, predictions: Any, num_classes: int | None = None, weights: Any = None,
                     dtype: Any = "int32", name: str | None = None) -> Any:
    """TensorFlow's `tf.math.confusion_matrix`."""
    labels, predictions = (ops.cast(part, "int32") for part in (labels, predictions))
    if num_classes is None:
        num_classes = int(ops.maximum(ops.max(labels), ops.max(predictions))) + 1
    kind = dtypes.named(dtype)
    true = ops.one_hot(labels, num_classes, dtype=kind)
    if weights is not None:
        true = true * ops.cast(weights, kind)[:, None]
    return ops.matmul(ops.transpose(true), ops.one_hot(predictions, num_classes, dtype=kind))


def cumulative_logsumexp(x: Any, axis: int = 0, exclusive: bool = False, reverse: bool = False,
                         name: str | None = None) -> Any:
    """TensorFlow's `tf.math.cumulative_logsumexp`."""
    return _running(jax.lax.cumlogsumexp, float("-inf"))(x, int(axis), exclusive, reverse)


def _segments(reduce: Callable[..., Any], counted: bool) -> Callable[..., Any]:
    def segmented(data: Any, segment_ids: Any, num_segments: Any = None,
                  name: str | None = None) -> Any:
        ids = ops.cast(segment_ids, "int32")
        count = int(ops.max(ids)) + 1 if num_segments is None else int(num_segments)
        return reduce(tensor_of(data), ids, count)

    def sorted_segments(data: Any, segment_ids: Any, name: str | None = None) -> Any:
        return segmented(data, segment_ids)

    return segmented if counted else sorted_segments


def _mean_of_segments(data: Any, ids: Any, count: int) -> Any:
    total = jax.ops.segment_sum(data, ids, count)
    rows = jax.ops.segment_sum(jnp.ones(ids.shape), ids, count)
    return total / jnp.maximum(rows, 1).reshape((-1,) + (1,) * (total.ndim - 1))


_SEGMENTS: dict[str, Callable[..., Any]] = {
    "sum": jax.ops.segment_sum, "max": jax.ops.segment_max, "min": jax.ops.segment_min,
    "prod": jax.ops.segment_prod, "mean": _mean_of_segments,
}

_OWN: Functions = {
    "argmax": argmost(ops.argmax), "argmin": argmost(ops.argmin),
    "top_k": top_k, "squared_difference": squared_difference, "divide_no_nan": divide_no_nan,
    "multiply_no_nan": multiply_no_nan, "xdivy": xdivy, "count_nonzero": count_nonzero,
    "reduce_euclidean_norm": reduce_euclidean_norm, "zero_fraction": zero_fraction, "add_n": add_n,
    "accumulate_n": add_n, "cumsum": _running(ops.cumsum, 0.0), "cumprod": _running(ops.cumprod, 1.0),
    "cumulative_logsumexp": cumulative_logsumexp, "clip_by_value": clip_by_value,
    "clip_by_norm": clip_by_norm, "clip_by_global_norm": clip_by_global_norm,
    "global_norm": global_norm, "confusion_matrix": confusion_matrix,
    "scalar_mul": lambda scalar, x, name=None: ops.multiply(scalar, x),
    "l2_normalize": l2_normalize, "softmax": softmax,
    **{f"segment_{name}": _segments(reduce, False) for name, reduce in _SEGMENTS.items()},
    **{f"unsorted_segment_{name}": _segments(reduce, True) for name, reduce in _SEGMENTS.items()},
}
