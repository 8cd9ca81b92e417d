"""Keras's activations by the kernels' names: functions, and layers that are activations."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from unstuck.base.errors import NotSupported

from .kernels import Function

layers = keras.layers
activations = keras.activations

PLAIN: dict[Any, tuple[Function, tuple[float, ...]]] = {
    activations.linear: (Function.linear, ()),
    activations.relu: (Function.relu, ()),
    activations.relu6: (Function.relu_general, (0.0, 6.0, 0.0)),
    activations.leaky_relu: (Function.leaky_relu, (0.2,)),
    activations.elu: (Function.elu, (1.0,)),
    activations.selu: (Function.selu, ()),
    activations.celu: (Function.celu, (1.0,)),
    activations.sigmoid: (Function.sigmoid, ()),
    activations.tanh: (Function.tanh, ()),
    activations.softplus: (Function.softplus, ()),
    activations.softsign: (Function.softsign, ()),
    activations.silu: (Function.silu, ()),
    activations.gelu: (Function.gelu, ()),
    activations.exponential: (Function.exponential, ()),
    activations.hard_sigmoid: (Function.hard_sigmoid, ()),
    activations.hard_silu: (Function.hard_silu, ()),
    activations.hard_tanh: (Function.hard_tanh, ()),
    activations.mish: (Function.mish, ()),
    activations.log_sigmoid: (Function.log_sigmoid, ()),
    activations.tanh_shrink: (Function.tanh_shrink, ()),
    activations.soft_shrink: (Function.soft_shrink, (0.5,)),
    activations.hard_shrink: (Function.hard_shrink, (0.5,)),
    activations.squareplus: (Function.squareplus, (4.0,)),
    activations.sparse_plus: (Function.sparse_plus, ()),
    activations.sparse_sigmoid: (Function.sparse_sigmoid, ()),
}
"""Keras's elementwise activations at their default arguments."""


def known(function: Any, layer: str) -> tuple[Function, tuple[float, ...]]:
    """`elementwise` of a layer's activation. Raises NotSupported where the kernels have none."""
    found = elementwise(function)
    if found is None:
        raise NotSupported(f"The native engine has no activation {name_of(function)} ({layer!r})")
    return found


def elementwise(function: Any) -> tuple[Function, tuple[float, ...]] | None:
    """The kernels' function for an activation (a function or a layer), with its parameters.

    `None` where there is none, or where it does not work number by number.
    """
    if type(function) is layers.LeakyReLU:
        return Function.leaky_relu, (float(function.negative_slope),)
    if type(function) is layers.ELU:
        return Function.elu, (float(function.alpha),)
    if type(function) is layers.ReLU:
        maximum = np.inf if function.max_value is None else float(function.max_value)
        p = (float(function.negative_slope), maximum, float(function.threshold))
        if p == (0.0, np.inf, 0.0):
            return Function.relu, ()
        if p[1:] == (np.inf, 0.0):
            return Function.leaky_relu, p[:1]
        return Function.relu_general, p
    return PLAIN.get(function) if callable(function) else None


def softmax_of(function: Any) -> tuple[str, Any] | None:
    """The name and axis of an activation that is a softmax or its logarithm."""
    if function in (activations.softmax, activations.log_softmax):
        return function.__name__, -1
    if type(function) is layers.Softmax:
        return "softmax", function.axis
    return None


def name_of(function: Any) -> str:
    """What an activation is called, in probes and in messages."""
    if type(function) is layers.ReLU:
        return "relu"
    return getattr(function, "__name__", type(function).__name__)
