"""Activations, as functions, modules or methods."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from .ops import Op
from .translating import Translation, translates

_WORDS = {"relu": "relu", "tanh": "tanh", "sigmoid": "sigmoid", "silu": "silu", "softplus": "softplus",
          "softsign": "softsign", "relu6": "relu6", "selu": "selu", "mish": "mish",
          "hardtanh": "hard_tanh", "logsigmoid": "log_sigmoid", "tanhshrink": "tanh_shrink"}


@translates(*_WORDS)
def by_word(to: Translation, op: Op) -> Any:
    """Those that both have alike at their defaults."""
    if op.name == "softplus" and (to.raw(op, 1, "beta", 1) != 1):
        raise to.refused(op, "softplus with a beta")
    return to.activated(op, to.arg(op, 0, "input"), _WORDS[op.name])


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
