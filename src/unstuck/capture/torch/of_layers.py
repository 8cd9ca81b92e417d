"""Products with a weight, lookups, and masks."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from unstuck.network.torch_numbers import layers as numbers
from unstuck.network.torch_numbers.initializers import ZeroRow

from .initial import bias_initializer, initializer
from .ops import Leaf, Op, Ref
from .roles import PRODUCTS, bias_behind
from .translating import Translation, Turn, translates


def weighted(to: Translation, op: Op, at: int = 1) -> tuple[Leaf, Leaf | None] | None:
    """An operation's weight and bias, where they are those of a layer; `None` where they are not."""
    weight, bias = to.raw(op, at, "weight"), to.raw(op, at + 1, "bias")
    computed = isinstance(bias, Ref) or not isinstance(weight, Leaf) or not weight.parameter
    if computed or to.is_alone(weight, bias):
        return None
    return weight, bias


def layer_with(
    to: Translation, op: Op, kind: Any, weight: Leaf, bias: Leaf | None, turn: Turn, **config: Any
) -> Any:
    """A layer with a kernel and perhaps a bias, made once.

    Args:
        turn: puts the weight into Keras's order of axes.
    """
    kernel = turn(to.values(weight))

    def make() -> Any:
        layer = kind(
            **config, use_bias=bias is not None, name=to.named(to.layer_of(weight, op)),
            kernel_initializer=initializer(to.draws.get(id(weight.tensor)), kernel.shape),
            bias_initializer=bias_initializer(
                None if bias is None else to.draws.get(id(bias.tensor)), kernel.shape),
            trainable=to.trains(weight, bias))
        to.hold(layer, "kernel", [weight], turn)
        if bias is not None:
            to.hold(layer, "bias", [bias], np.ravel)
        return to.noted(layer, op)

    return to.once([weight, *([] if bias is None else [bias])], make)


@translates("linear")
def linear(to: Translation, op: Op) -> Any:
    """`nn.Linear`; one that is made within `forward` is drawn in every call."""
    x = to.arg(op, 0, "input")
    found = weighted(to, op)
    if found is None:
        out = ops.matmul(x, ops.transpose(to.arg(op, 1, "weight")))
        bias = to.arg(op, 2, "bias")
        return out if bias is None else out + bias
    weight, bias = found
    kernel = to.values(weight).T
    if not to.is_kept(weight):
        return _made_anew(to, op, x, kernel, bias)
    return layer_with(to, op, keras.layers.Dense, weight, bias, np.transpose, units=kernel.shape[1])(x)


def _made_anew(to: Translation, op: Op, x: Any, kernel: Any, bias: Leaf | None) -> Any:
    if to.shadow:
        out = ops.matmul(x, to.captured(op, kernel.shape, rows=False))
        return out if bias is None else out + to.captured(op, (kernel.shape[1],), rows=False)
    layer = numbers.Dense(kernel.shape[1], use_bias=bias is not None, name=to.called(op),
                          kernel_initializer=initializer(None, kernel.shape),
                          bias_initializer=bias_initializer(None, kernel.shape))
    return to.noted(layer, op)(x)


@translates(*PRODUCTS, "bmm")
def matmul(to: Translation, op: Op) -> Any:
    """Rows times a matrix of the script's own; or two tensors."""
    one, other = op.args[:2]
    if _is_dense(to, op):
        bias, units = bias_behind(to.all_ops, op), other.tensor.shape[1]
        layer = layer_with(to, op, keras.layers.Dense, other, bias, np.asarray, units=units)
        return layer(to.value(one))
    return ops.matmul(to.value(one), to.value(other))


def _is_dense(to: Translation, op: Op) -> bool:
    """True for a product with a matrix, and perhaps a bias behind it, that nothing else reads."""
    other = op.args[1]
    mine = op.name in PRODUCTS and isinstance(other, Leaf) and other.parameter
    return mine and other.tensor.dim() == 2 and not to.is_alone(other, bias_behind(to.all_ops, op))


def biased(to: Translation, op: Op) -> Any:
    """What comes out of adding a bias that is the layer's before already; `None` for other sums."""
    before = op.operands[0].op if op.operands else None
    if before is None or before.name not in PRODUCTS or not _is_dense(to, before):
        return None
    return to.value(op.operands[0]) if bias_behind(to.all_ops, before) in op.inputs else None


@translates("addmm", "baddbmm")
def product_and_sum(to: Translation, op: Op) -> Any:
    """A product, and what is added to it."""
    factors = [float(to.raw(op, at, name, 1)) for at, name in ((3, "beta"), (4, "alpha"))]
    added, one, other = (to.value(part) for part in op.args[:3])
    return factors[0] * added + factors[1] * ops.matmul(one, other)


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


_NOISE = {"randn": "normal", "randn_like": "normal", "normal": "normal", "rand": "uniform",
          "rand_like": "uniform", "uniform": "uniform"}


@translates(*_NOISE)
def noise(to: Translation, op: Op) -> Any:
    """Numbers that are drawn in every forward pass; in the shadow check those of the user's run."""
    by_row = op.shape[:1] == (to.count,)
    if to.shadow:
        return to.captured(op, op.shape, rows=by_row)
    usual = op.name in ("normal", "uniform")  # in place, with a mean and a deviation, or both ends
    names = ("mean", "std") if op.name == "normal" else ("from", "to")
    low, high = (float(op.args[at] if len(op.args) > at else op.kwargs.get(name, at)) if usual else at
                 for at, name in enumerate(names))
    layer = numbers.Noise(op.shape[1:] if by_row else op.shape, kind=_NOISE[op.name], low=float(low),
                          high=float(high), by_row=by_row, name=to.called(op))
    return to.noted(layer, op)(to.entry)


@translates("embedding")
def embedding(to: Translation, op: Op) -> Any:
    """`nn.Embedding`; numbers that are no parameter are looked up in as they are."""
    words, weight = to.arg(op, 0, "input"), to.raw(op, 1, "weight")
    if to.raw(op, 3, "max_norm") is not None:
        raise to.refused(op, "an embedding with max_norm")
    if not isinstance(weight, Leaf) or not weight.parameter or to.is_alone(weight) or (
            to.fixed(op.args[0]) is not None):
        return ops.take(to.value(weight), words, axis=0)
    table, padded = to.values(weight), to.raw(op, 2, "padding_idx", -1)

    def make() -> Any:
        drawn = initializer(to.draws.get(id(weight.tensor)), table.shape)
        kind, more = keras.layers.Embedding, {}
        if padded not in (None, -1):
            row = int(padded) % len(table)
            kind, more = numbers.Embedding, {"padding_idx": row}
            drawn = ZeroRow(drawn, row)
        layer = kind(*table.shape, name=to.named(to.layer_of(weight, op)), **more,
                     trainable=to.trains(weight), embeddings_initializer=drawn)
        to.hold(layer, "embeddings", [weight])
        return to.noted(layer, op)

    return to.once([weight], make)(words)


@translates("embedding_bag")
def embedding_bag(to: Translation, op: Op) -> Any:
    """`nn.EmbeddingBag` of rows of equal length."""
    if to.raw(op, 2, "offsets") is not None:
        raise to.refused(op, "an embedding bag with offsets")
    over = {"mean": ops.mean, "sum": ops.sum, "max": ops.max}[to.raw(op, 6, "mode", "mean")]
    return over(ops.take(to.arg(op, 1, "weight"), to.arg(op, 0, "input"), axis=0), axis=1)


@translates("prelu")
def prelu(to: Translation, op: Op) -> Any:
    """`nn.PReLU`: one slope, or one for each channel."""
    x, weight = to.arg(op, 0, "input"), to.raw(op, 1, "weight")
    count = weight.tensor.numel()
    shared = range(1, len(x.shape)) if count == 1 else range(2, len(x.shape))
    shape = (count, *[1] * len(range(2, len(x.shape))))

    def make() -> Any:
        layer = keras.layers.PReLU(
            alpha_initializer=initializer(to.draws.get(id(weight.tensor)), (count,)),
            shared_axes=list(shared), name=to.named(to.layer_of(weight, op)),
            trainable=to.trains(weight))
        layer.build((None, *x.shape[1:]))
        to.hold(layer, "alpha", [weight], lambda values: values.reshape(shape))
        return to.noted(layer, op)

    return to.once([weight], make)(x)
