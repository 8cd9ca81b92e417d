"""Activations, as functions, modules or methods."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from .ops import Op
from .translating import Translation, translates

_WORDS = {"relu": "relu", "tanh": "tanh", "sigmoid": "sigmoid", "silu": "silu", "softplus": "softplus",
          "softsign": "softsign", "relu6": "relu6", "selu": "selu", "mish": "mish",
          "logsigmoid": "log_sigmoid", "log_sigmoid": "log_sigmoid", "tanhshrink": "tanh_shrink",
          "hardsigmoid": "hard_sigmoid", "hardswish": "hard_silu", "celu": "celu",
          "hardshrink": "hard_shrink", "softshrink": "soft_shrink"}
_ARGUMENTS = {"celu": 1.0, "hardshrink": 0.5, "softshrink": 0.5}


@translates(*_WORDS)
def by_word(to: Translation, op: Op) -> Any:
    """Those that both have alike at their defaults."""
    x, beta = to.arg(op, 0, "input"), to.raw(op, 1, "beta", 1)
    if op.name == "softplus" and beta != 1:
        return ops.softplus(x * beta) / beta
    usual = _ARGUMENTS.get(op.name)
    given = to.raw(op, 1, "alpha" if op.name == "celu" else "lambd", usual)
    if given != usual:
        return getattr(ops, _WORDS[op.name])(x, given)
    return to.activated(op, x, _WORDS[op.name])


@translates("hardtanh")
def hardtanh(to: Translation, op: Op) -> Any:
    """`nn.ReLU6` is one from 0 to 6."""
    x = to.arg(op, 0, "input")
    ends = float(to.raw(op, 1, "min_val", -1.0)), float(to.raw(op, 2, "max_val", 1.0))
    words = {(-1.0, 1.0): "hard_tanh", (0.0, 6.0): "relu6"}
    return to.activated(op, x, words[ends]) if ends in words else ops.clip(x, *ends)


@translates("glu")
def glu(to: Translation, op: Op) -> Any:
    """One half times the sigmoid of the other."""
    one, gate = ops.split(to.arg(op, 0, "input"), 2, axis=to.raw(op, 1, "dim", -1))
    return one * ops.sigmoid(gate)


@translates("threshold", "_threshold")
def threshold(to: Translation, op: Op) -> Any:
    """Another number where one is not large enough."""
    return ops.threshold(to.arg(op, 0, "input"), to.raw(op, 1, "threshold"), to.raw(op, 2, "value"))


@translates("softmin")
def softmin(to: Translation, op: Op) -> Any:
    """The softmax of what is negated."""
    return ops.softmax(-to.arg(op, 0, "input"), axis=to.raw(op, 1, "dim", -1))


@translates("gelu")
def gelu(to: Translation, op: Op) -> Any:
    """Exact by default, as Keras's."""
    x = to.arg(op, 0, "input")
    if to.raw(op, 1, "approximate", "none") != "none":
        return ops.gelu(x, approximate=True)
    return to.activated(op, x, "gelu")


@translates("leaky_relu")
def leaky_relu(to: Translation, op: Op) -> Any:
    """Its slope is 0.01 by default, Keras's function has 0.2."""
    slope = float(to.raw(op, 1, "negative_slope", 0.01))
    layer = keras.layers.LeakyReLU(negative_slope=slope, name=to.called(op))
    return to.noted(layer, op)(to.arg(op, 0, "input"))


@translates("elu")
def elu(to: Translation, op: Op) -> Any:
    """With its alpha."""
    layer = keras.layers.ELU(alpha=float(to.raw(op, 1, "alpha", 1.0)), name=to.called(op))
    return to.noted(layer, op)(to.arg(op, 0, "input"))


@translates("softmax", "log_softmax")
def softmax(to: Translation, op: Op) -> Any:
    """Over the last axis it is an activation by its word, over another one a layer with an axis."""
    x = to.arg(op, 0, "input")
    axis = to.raw(op, 1, "dim")
    if axis is None:  # torch's own choice, with a warning
        axis = 0 if len(x.shape) in (1, 3) else 1
    if axis in (-1, len(x.shape) - 1):
        return to.activated(op, x, op.name)
    if op.name == "log_softmax":
        return ops.log_softmax(x, axis=axis)
    layer = keras.layers.Softmax(axis=axis, name=to.called(op))
    return to.noted(layer, op)(x)
