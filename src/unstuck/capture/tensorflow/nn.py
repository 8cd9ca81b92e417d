"""`tf.nn`: activations, losses row by row, convolutions, pooling and norms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from . import draws
from .arrays import gather
from .math import functions as of_math
from .signatures import Functions, Table, all_spelled
from .tensors import tensor_of

_ACTIVATIONS = ("relu", "relu6", "sigmoid", "tanh", "softplus", "softsign", "elu", "selu", "silu")
_OF_MATH = ("in_top_k", "top_k", "l2_normalize", "softmax", "zero_fraction", "log_sigmoid", "bias_add")

_TABLE: Table = {
    **{name: (getattr(keras.activations, name), "features") for name in _ACTIVATIONS},
    "leaky_relu": (keras.activations.leaky_relu, "features alpha=negative_slope"),
    "gelu": (keras.activations.gelu, "features approximate="),
    "swish": (lambda features, beta=1.0: features * ops.sigmoid(beta * features), "features beta="),
    "depth_to_space": (ops.depth_to_space, "input block_size data_format="),
    "space_to_depth": (ops.space_to_depth, "input block_size data_format="),
}


def functions() -> Functions:
    """Everything of `tf.nn`."""
    math = of_math()
    return {**all_spelled(_TABLE), **{name: math[name] for name in _OF_MATH if name in math}, **_OWN}


def log_softmax(logits: Any, axis: int | None = None, name: str | None = None) -> Any:
    """TensorFlow's `tf.nn.log_softmax`."""
    return ops.log_softmax(tensor_of(logits), axis=-1 if axis is None else axis)


def crelu(features: Any, axis: int = -1, name: str | None = None) -> Any:
    """TensorFlow's `tf.nn.crelu`."""
    return ops.relu(ops.concatenate([features, ops.negative(features)], axis=axis))


def softmax_cross_entropy_with_logits(labels: Any, logits: Any, axis: int = -1,
                                      name: str | None = None) -> Any:
    """TensorFlow's loss of each row."""
    return ops.negative(ops.sum(ops.multiply(labels, ops.log_softmax(logits, axis=axis)), axis=axis))


def sparse_softmax_cross_entropy_with_logits(labels: Any, logits: Any, name: str | None = None) -> Any:
    """TensorFlow's loss of each row whose label is a number."""
    return ops.sparse_categorical_crossentropy(ops.cast(labels, "int32"), logits, from_logits=True)


def sigmoid_cross_entropy_with_logits(labels: Any = None, logits: Any = None,
                                      name: str | None = None) -> Any:
    """TensorFlow's loss of each number."""
    logits = ops.convert_to_tensor(logits)
    return ops.subtract(ops.relu(logits), ops.multiply(logits, labels)) + ops.log1p(
        ops.exp(-ops.abs(logits)))


def weighted_cross_entropy_with_logits(labels: Any, logits: Any, pos_weight: Any,
                                       name: str | None = None) -> Any:
    """TensorFlow's loss of each number, positives weighted."""
    weight = 1 + (pos_weight - 1) * labels
    return (1 - labels) * logits + weight * (
        ops.log1p(ops.exp(-ops.abs(logits))) + ops.relu(-logits))


def log_poisson_loss(targets: Any, log_input: Any, compute_full_loss: bool = False,
                     name: str | None = None) -> Any:
    """TensorFlow's `tf.nn.log_poisson_loss`."""
    return ops.exp(log_input) - log_input * targets


def l2_loss(t: Any, name: str | None = None) -> Any:
    """TensorFlow's `tf.nn.l2_loss`: half the sum of squares."""
    return ops.sum(ops.square(t)) / 2


def moments(x: Any, axes: Any, shift: Any = None, keepdims: bool = False, name: str | None = None,
            keep_dims: bool = False) -> tuple[Any, Any]:
    """TensorFlow's `tf.nn.moments`: mean and variance."""
    keep = keepdims or keep_dims
    axes = tuple(axes) if isinstance(axes, list | tuple) else axes
    return ops.mean(x, axis=axes, keepdims=keep), ops.var(x, axis=axes, keepdims=keep)


def batch_normalization(x: Any, mean: Any, variance: Any, offset: Any, scale: Any,
                        variance_epsilon: float, name: str | None = None) -> Any:
    """TensorFlow's `tf.nn.batch_normalization`."""
    factor = ops.rsqrt(variance + variance_epsilon)
    factor = factor if scale is None else factor * scale
    return x * factor + ((0 if offset is None else offset) - mean * factor)


def bias_add(value: Any, bias: Any, data_format: str | None = None, name: str | None = None) -> Any:
    """TensorFlow's `tf.nn.bias_add`."""
    if data_format is not None and data_format.startswith("NC"):
        return value + ops.reshape(bias, (1, -1, *[1] * (len(value.shape) - 2)))
    return ops.add(value, bias)


def dropout(x: Any, rate: Any, noise_shape: Any = None, seed: Any = None,
            name: str | None = None) -> Any:
    """TensorFlow's `tf.nn.dropout`."""
    if isinstance(rate, int | float) and not rate:
        return tensor_of(x)
    kept = draws.uniform(tuple(x.shape) if noise_shape is None else noise_shape) >= rate
    return ops.where(kept, x / (1 - rate), ops.zeros_like(x))


def embedding_lookup(params: Any, ids: Any, max_norm: Any = None, name: str | None = None) -> Any:
    """TensorFlow's `tf.nn.embedding_lookup`."""
    return gather(params, ids)


def _format(given: Any) -> str:
    return "channels_first" if str(given).startswith("NC") else "channels_last"


def _spatial(given: Any, dims: int, data_format: Any) -> Any:
    """Lengths along the picture's axes, given for all axes, for those alone, or as one number."""
    if given is None:
        return 1
    if isinstance(given, int):
        return given
    lengths = tuple(given)
    if len(lengths) == 1:
        return lengths[0]
    if len(lengths) == dims + 2:
        return lengths[2:] if _format(data_format) == "channels_first" else lengths[1:-1]
    return lengths


def _convolving(dims: int) -> Callable[..., Any]:
    def convolved(input: Any, filters: Any, strides: Any = 1, padding: Any = "VALID",
                  data_format: Any = None, dilations: Any = None, name: str | None = None) -> Any:
        return ops.conv(
            input, filters, strides=_spatial(strides, dims, data_format), padding=padding.lower(),
            data_format=_format(data_format), dilation_rate=_spatial(dilations, dims, data_format))

    return convolved


def depthwise_conv2d(input: Any, filter: Any, strides: Any, padding: str, data_format: Any = None,
                     dilations: Any = None, name: str | None = None) -> Any:
    """TensorFlow's `tf.nn.depthwise_conv2d`."""
    return ops.depthwise_conv(
        input, filter, strides=_spatial(strides, 2, data_format), padding=padding.lower(),
        data_format=_format(data_format), dilation_rate=_spatial(dilations, 2, data_format))


def _pooling(pool: Callable[..., Any], dims: int) -> Callable[..., Any]:
    def pooled(input: Any, ksize: Any, strides: Any, padding: str, data_format: Any = None,
               name: str | None = None) -> Any:
        return pool(input, _spatial(ksize, dims, data_format),
                    strides=_spatial(strides, dims, data_format), padding=padding.lower(),
                    data_format=_format(data_format))

    return pooled


def conv2d_transpose(input: Any, filters: Any, output_shape: Any, strides: Any, padding: str = "SAME",
                     data_format: Any = None, name: str | None = None, **options: Any) -> Any:
    """TensorFlow's `tf.nn.conv2d_transpose`."""
    return ops.conv_transpose(input, filters, strides=_spatial(strides, 2, data_format),
                              padding=padding.lower(), data_format=_format(data_format))


_POOLS = {"": 2, "1d": 1, "2d": 2, "3d": 3}

_OWN: Functions = {
    "log_softmax": log_softmax, "crelu": crelu, "l2_loss": l2_loss, "moments": moments,
    "softmax_cross_entropy_with_logits": softmax_cross_entropy_with_logits,
    "sparse_softmax_cross_entropy_with_logits": sparse_softmax_cross_entropy_with_logits,
    "sigmoid_cross_entropy_with_logits": sigmoid_cross_entropy_with_logits,
    "weighted_cross_entropy_with_logits": weighted_cross_entropy_with_logits,
    "log_poisson_loss": log_poisson_loss, "batch_normalization": batch_normalization,
    "bias_add": bias_add, "dropout": dropout, "embedding_lookup": embedding_lookup,
    "conv1d": _convolving(1), "conv2d": _convolving(2), "conv3d": _convolving(3),
    "convolution": _convolving(2), "depthwise_conv2d": depthwise_conv2d,
    "conv2d_transpose": conv2d_transpose,
    **{f"max_pool{name}": _pooling(ops.max_pool, dims) for name, dims in _POOLS.items()},
    **{f"avg_pool{name}": _pooling(ops.average_pool, dims) for name, dims in _POOLS.items()},
}
