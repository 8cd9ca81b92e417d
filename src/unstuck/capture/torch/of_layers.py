"""Layers with weights, and those that go by batches or draw masks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

from unstuck.network.torch_numbers import layers as numbers
from unstuck.network.torch_numbers.initializers import OfUnits

from .initial import bias_initializer, initializer
from .ops import Leaf, Op
from .translating import Translation, translates

FIRST = "channels_first"


def _weighted(to: Translation, op: Op, at: int = 1) -> tuple[Leaf, Leaf | None]:
    weight, bias = to.raw(op, at, "weight"), to.raw(op, at + 1, "bias")
    if not isinstance(weight, Leaf):
        raise to.refused(op, f"the weights of {op.name} are computed from others")
    return weight, bias if isinstance(bias, Leaf) else None


def _layer(
    to: Translation, op: Op, kind: Any, weight: Leaf, bias: Leaf | None, kernel: Any, **config: Any
) -> Any:
    """A layer with a kernel and perhaps a bias, made once."""
    def make() -> Any:
        layer = kind(
            **config, use_bias=bias is not None, name=to.named(to.layer_of(weight, op)),
            kernel_initializer=initializer(to.draws.get(id(weight.tensor)), kernel.shape),
            bias_initializer=bias_initializer(
                None if bias is None else to.draws.get(id(bias.tensor)), kernel.shape),
            trainable=to.trains(weight, bias))
        to.hold(layer, "kernel", weight, kernel)
        if bias is not None:
            to.hold(layer, "bias", bias, to.values(bias))
        return to.noted(layer, op)

    return to.once([weight, *([] if bias is None else [bias])], make)


@translates("linear")
def linear(to: Translation, op: Op) -> Any:
    """`nn.Linear`; one that is made within `forward` is drawn in every call."""
    x = to.arg(op, 0, "input")
    weight, bias = _weighted(to, op)
    kernel = to.values(weight).T
    if not to.is_kept(weight):
        return _made_anew(to, op, x, kernel, bias)
    return _layer(to, op, keras.layers.Dense, weight, bias, kernel, units=kernel.shape[1])(x)


def _made_anew(to: Translation, op: Op, x: Any, kernel: Any, bias: Leaf | None) -> Any:
    if to.shadow:
        out = ops.matmul(x, to.captured(op, kernel.shape, rows=False))
        return out if bias is None else out + to.captured(op, (kernel.shape[1],), rows=False)
    layer = numbers.Dense(kernel.shape[1], use_bias=bias is not None, name=to.called(op),
                          kernel_initializer=initializer(None, kernel.shape),
                          bias_initializer=bias_initializer(None, kernel.shape))
    return to.noted(layer, op)(x)


@translates("mm", "matmul", "__matmul__")
def matmul(to: Translation, op: Op) -> Any:
    """Rows times a matrix of the script's own; or two tensors."""
    one, other = op.args[:2]
    if isinstance(other, Leaf) and other.parameter:
        kernel = to.values(other)
        if kernel.ndim != 2:
            raise to.refused(op, "its network multiplies by parameters of another rank than 2")
        later = _bias_behind(to, op)
        layer = _layer(to, op, keras.layers.Dense, other, later, kernel, units=kernel.shape[1])
        return layer(to.value(one))
    return ops.matmul(to.value(one), to.value(other))


def _bias_behind(to: Translation, op: Op) -> Leaf | None:
    """The parameter that is added to what an operation puts out, and to nothing else."""
    readers = [later for later in to.all_ops if any(ref.op is op for ref in later.operands)]
    if len(readers) != 1 or readers[0].name not in ("add", "__add__", "__radd__"):
        return None
    found = [one for one in readers[0].inputs if isinstance(one, Leaf) and one.parameter]
    whole = found and to.values(found[0]).shape in ((op.shape[-1],), (1, op.shape[-1]))
    return found[0] if whole else None


def biased(to: Translation, op: Op) -> Any:
    """What comes out of adding a bias that is the layer's before already; `None` for other sums."""
    leaves = [one for one in op.inputs if isinstance(one, Leaf) and one.parameter]
    if not leaves:
        return None
    before = op.operands[0].op if op.operands else None
    if before is not None and before.name in ("mm", "matmul", "__matmul__") and (
            _bias_behind(to, before) is leaves[0]):
        return to.value(op.operands[0])
    raise to.refused(op, "its network computes with parameters of its own otherwise than by a matrix")


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


@translates("conv1d", "conv2d", "conv3d")
def convolution(to: Translation, op: Op) -> Any:
    """`nn.Conv*`, channels first."""
    rank = int(op.name[-2])
    weight, bias = _weighted(to, op)
    kernel = np.moveaxis(to.values(weight), (0, 1), (-1, -2))
    strides, dilation = (_pair(to.raw(op, at, name, 1), rank) for at, name in (
        (3, "stride"), (5, "dilation")))
    x, padding = _padded(to, op, to.arg(op, 0, "input"), to.raw(op, 4, "padding", 0), rank,
                         kernel.shape[:rank], strides, dilation)
    kind = getattr(keras.layers, f"Conv{rank}D")
    layer = _layer(to, op, kind, weight, bias, kernel, filters=kernel.shape[-1],
                   kernel_size=kernel.shape[:rank], strides=strides, padding=padding,
                   dilation_rate=dilation, groups=int(to.raw(op, 6, "groups", 1)), data_format=FIRST)
    return layer(x)


@translates("max_pool1d", "max_pool2d", "max_pool3d", "avg_pool1d", "avg_pool2d", "avg_pool3d")
def pool(to: Translation, op: Op) -> Any:
    """Pools, channels first."""
    rank, largest = int(op.name[-2]), op.name.startswith("max")
    size = _pair(to.raw(op, 1, "kernel_size"), rank)
    stride = to.raw(op, 2, "stride")
    strides = size if stride in (None, ()) else _pair(stride, rank)
    dilation = _pair(to.raw(op, 4, "dilation", 1), rank) if largest else (1,) * rank
    if set(dilation) != {1} or to.raw(op, 5 if largest else 4, "ceil_mode", False):
        raise to.refused(op, f"{op.name} with dilation or ceil_mode")
    padding = _pair(to.raw(op, 3, "padding", 0), rank)
    x = to.arg(op, 0, "input")
    if any(padding):
        fill = float(np.finfo(np.float32).min) if largest else 0.0
        x = ops.pad(x, [(0, 0), (0, 0), *((p, p) for p in padding)], mode="constant",
                    constant_values=fill)
    kind = getattr(keras.layers, f"{'Max' if largest else 'Average'}Pooling{rank}D")
    layer = kind(pool_size=size, strides=strides, padding="valid", data_format=FIRST,
                 name=to.called(op))
    return to.noted(layer, op)(x)


@translates("adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_max_pool1d", "adaptive_max_pool2d")
def adaptive(to: Translation, op: Op) -> Any:
    """Down to one number a channel."""
    rank = int(op.name[-2])
    if set(_pair(to.raw(op, 1, "output_size"), rank)) != {1}:
        raise to.refused(op, f"{op.name} to more than one number a channel")
    kind = f"Global{'Average' if 'avg' in op.name else 'Max'}Pooling{rank}D"
    layer = getattr(keras.layers, kind)(data_format=FIRST, keepdims=True, name=to.called(op))
    return to.noted(layer, op)(to.arg(op, 0, "input"))


@translates("pad")
def pad(to: Translation, op: Op) -> Any:
    """With zeros, the last axis first."""
    x, sizes = to.arg(op, 0, "input"), to.raw(op, 1, "pad")
    if to.raw(op, 2, "mode", "constant") != "constant":
        raise to.refused(op, "pad with another mode than constant")
    around = [(0, 0)] * len(x.shape)
    for i in range(0, len(sizes), 2):
        around[len(x.shape) - 1 - i // 2] = (sizes[i], sizes[i + 1])
    return ops.pad(x, around, mode="constant", constant_values=to.raw(op, 3, "value") or 0.0)


@translates("batch_norm")
def batch_norm(to: Translation, op: Op) -> Any:
    """`nn.BatchNorm*`: in Keras's words the momentum is the old share."""
    weight, bias = to.raw(op, 3, "weight"), to.raw(op, 4, "bias")
    momentum = to.raw(op, 6, "momentum", 0.1)
    if not op.before or momentum is None:
        raise to.refused(op, "batch normalisation without running averages of its own")
    scaled = isinstance(weight, Leaf)

    def make() -> Any:
        layer = numbers.BatchNormalization(
            axis=1, momentum=1.0 - momentum, epsilon=to.raw(op, 7, "eps", 1e-5), center=scaled,
            scale=scaled, name=to.named(to.layer_of(weight if scaled else None, op)),
            trainable=not scaled or to.trains(weight, bias))
        if scaled:
            to.hold(layer, "gamma", weight, to.values(weight))
            to.hold(layer, "beta", bias, to.values(bias))
        to.hold(layer, "moving_mean", None, op.before["mean"])
        to.hold(layer, "moving_variance", None, op.before["variance"])
        return to.noted(layer, op)

    return to.once([weight, bias] if scaled else [], make)(to.arg(op, 0, "input"))


@translates("layer_norm")
def layer_norm(to: Translation, op: Op) -> Any:
    """`nn.LayerNorm`, over the last axes."""
    shape, weight, bias = (to.raw(op, at, name) for at, name in (
        (1, "normalized_shape"), (2, "weight"), (3, "bias")))
    scaled, centered = isinstance(weight, Leaf), isinstance(bias, Leaf)

    def make() -> Any:
        axes = list(range(-len(shape), 0))
        layer = keras.layers.LayerNormalization(
            axis=axes, epsilon=to.raw(op, 4, "eps", 1e-5), scale=scaled, center=centered,
            name=to.named(to.layer_of(weight if scaled else None, op)),
            trainable=not scaled or to.trains(weight, bias if centered else None))
        for attribute, leaf in (("gamma", weight), ("beta", bias)):
            if isinstance(leaf, Leaf):
                to.hold(layer, attribute, leaf, to.values(leaf))
        return to.noted(layer, op)

    return to.once([weight] if scaled else [], make)(to.arg(op, 0, "input"))


@translates("dropout", "dropout1d", "dropout2d", "dropout3d")
def dropout(to: Translation, op: Op) -> Any:
    """Masks; in the shadow check those of the user's own run."""
    x, rate = to.arg(op, 0, "input"), float(to.raw(op, 1, "p", 0.5))
    if to.shadow:
        if not to.raw(op, 2, "training", True):
            return x
        return x * to.captured(op, op.shape)
    shape = None if op.name == "dropout" else (None, x.shape[1], *[1] * (len(x.shape) - 2))
    layer = keras.layers.Dropout(rate, noise_shape=shape, name=to.called(op))
    return to.noted(layer, op)(x)


@translates("embedding")
def embedding(to: Translation, op: Op) -> Any:
    """`nn.Embedding`."""
    weight = to.raw(op, 1, "weight")
    if to.raw(op, 2, "padding_idx", -1) not in (None, -1) or to.raw(op, 3, "max_norm") is not None:
        raise to.refused(op, "an embedding with padding_idx or max_norm")
    table = to.values(weight)

    def make() -> Any:
        layer = keras.layers.Embedding(
            *table.shape, name=to.named(to.layer_of(weight, op)), trainable=to.trains(weight),
            embeddings_initializer=initializer(to.draws.get(id(weight.tensor)), table.shape))
        to.hold(layer, "embeddings", weight, table)
        return to.noted(layer, op)

    return to.once([weight], make)(to.arg(op, 0, "input"))


_GATES = {"gru": (3, (1, 0, 2)), "lstm": (4, (0, 1, 2, 3)), "rnn_tanh": (1, (0,)),
          "rnn_relu": (1, (0,))}
"""How many blocks each has, and which of torch's is which of Keras's: Keras's GRU begins with z."""


@translates(*_GATES)
def recurrent(to: Translation, op: Op) -> Any:
    """`nn.GRU`, `nn.LSTM`, `nn.RNN`: a layer of Keras's for each of its own."""
    x, state, weights, biases, count, rate, _, both, first = op.args[:9]
    states = [to.value(one) for one in (state if isinstance(state, tuple) else (state,))]
    if any(not isinstance(one, np.ndarray) or one.any() for one in states):
        raise to.refused(op, f"{op.name} with a first state of its own")
    if both:
        raise to.refused(op, f"{op.name} in both directions")
    if rate and count > 1:
        raise to.refused(op, f"{op.name} with dropout between its layers")
    out = to.value(x)
    # Where the network has not brought the steps to the front itself, rows are read as steps.
    mixed = not first and out.shape[0] is None and out.shape[1] != 1
    turned = _rows_as_steps(to, op, weights[0]) if mixed else (
        lambda given: given if first else ops.transpose(given, (1, 0, 2)))
    out = turned(out)
    each = 4 if biases else 2
    for i in range(count):
        out, last = _recurrent_layer(to, op, out, weights[each * i : each * (i + 1)])
    return turned(out), last


def _rows_as_steps(to: Translation, op: Op, weight: Leaf) -> Callable[[Any], Any]:
    """What brings steps to the front and back again, as layers that can be told to leave them."""
    name = f"{to.layer_of(weight, op)}_rows_as_steps"
    return lambda given: to.noted(numbers.RowsAsSteps(name=to.named(name)), op)(given)


def _recurrent_layer(to: Translation, op: Op, x: Any, weights: Any) -> tuple[Any, Any]:
    gates, order = _GATES[op.name]
    units = to.values(weights[1]).shape[1]

    def turned(leaf: Leaf) -> Any:
        blocks = np.split(to.values(leaf), gates, axis=0)
        return np.concatenate([blocks[i] for i in order], axis=0).T

    kind = {"gru": keras.layers.GRU, "lstm": numbers.LSTM}.get(op.name, numbers.SimpleRNN)
    more: dict[str, Any] = {"reset_after": True} if op.name == "gru" else {}
    if op.name == "rnn_relu":
        more["activation"] = "relu"
    layer = kind(units, return_sequences=True, name=to.named(to.layer_of(weights[0], op)),
                 kernel_initializer=OfUnits(gates), recurrent_initializer=OfUnits(gates),
                 bias_initializer=OfUnits(gates), use_bias=len(weights) > 2,
                 trainable=to.trains(*weights), **more)
    to.noted(layer, op)
    out = layer(x)
    to.hold(layer.cell, "kernel", weights[0], turned(weights[0]))
    to.hold(layer.cell, "recurrent_kernel", weights[1], turned(weights[1]))
    if len(weights) > 2 and op.name == "gru":
        to.hold(layer.cell, "bias", weights[2],
                np.stack([turned(weights[2]), turned(weights[3])]))
    elif len(weights) > 2:
        to.hold(layer.cell, "bias", weights[2], turned(weights[2]))
        to.hold(layer.cell, "recurrent_bias", weights[3], turned(weights[3]))
    return out, ops.expand_dims(out[:, -1], 0)
