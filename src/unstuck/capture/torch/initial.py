"""Keras's initialisers for what torch's parameters were drawn as."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np

from unstuck.network import adapter
from unstuck.network.torch_numbers.initializers import OfKernel

from .draws import Draw, near

OWN = Draw("kaiming_uniform", (math.sqrt(1 / 3), "fan_in"))
"""What `nn.Linear` and `nn.Conv*` draw by themselves: uniform in ± 1/√fan_in."""


def initializer(draw: Draw | None, shape: tuple[int, ...]) -> Any:
    """Of a kernel; for one that is no fresh draw torch's own."""
    kinds = keras.initializers
    draw = draw or OWN
    if draw.kind == "kaiming_uniform":
        gain, mode = draw.numbers
        return kinds.VarianceScaling(gain**2, mode, "uniform")
    if draw.kind == "kaiming_normal":
        gain, mode = draw.numbers
        return kinds.VarianceScaling(gain**2, mode, "untruncated_normal")
    if draw.kind == "uniform":
        low, high = draw.numbers
        if len(shape) > 1 and near(-low, high) and near(high, _glorot(shape)):
            return kinds.GlorotUniform()
        return kinds.RandomUniform(low, high)
    return _plain(draw)


def bias_initializer(draw: Draw | None, kernel: tuple[int, ...]) -> Any:
    """Of a bias beside a kernel of this shape."""
    own = 1.0 / math.sqrt(max(1, int(np.prod(kernel[:-1]))))
    if draw is None or (draw.kind == "uniform" and near(-draw.numbers[0], draw.numbers[1])
                        and near(draw.numbers[1], own)):
        return OfKernel()
    if draw.kind == "uniform":
        return keras.initializers.RandomUniform(*draw.numbers)
    return OfKernel() if draw.kind.startswith("kaiming") else _plain(draw)


def of_weight(draw: Draw | None, shape: tuple[int, ...]) -> Any:
    """Of a parameter in torch's own order of axes: what comes in is its second axis."""
    if draw is None or draw.kind.startswith("kaiming"):
        rest = int(np.prod(shape[2:]))
        fans = {"fan_in": shape[1] * rest, "fan_out": shape[0] * rest} if len(shape) > 1 else {}
        gain, mode = (draw or OWN).numbers
        deviation = gain / math.sqrt(max(1, fans.get(mode, 1)))
        if draw is not None and draw.kind == "kaiming_normal":
            return keras.initializers.RandomNormal(0.0, deviation)
        return keras.initializers.RandomUniform(-math.sqrt(3) * deviation, math.sqrt(3) * deviation)
    return keras.initializers.RandomUniform(*draw.numbers) if draw.kind == "uniform" else _plain(draw)


def _plain(draw: Draw) -> Any:
    kinds = keras.initializers
    if draw.kind == "normal":
        return kinds.RandomNormal(*draw.numbers)
    if draw.kind == "truncated":
        return kinds.TruncatedNormal(*draw.numbers)
    if draw.kind == "orthogonal":
        return kinds.Orthogonal(gain=draw.numbers[0])
    value = draw.numbers[0]
    return kinds.Zeros() if value == 0 else kinds.Ones() if value == 1 else kinds.Constant(value)


def _glorot(shape: tuple[int, ...]) -> float:
    fan_in, fan_out = adapter.fans(keras.initializers.GlorotUniform(), shape)
    return math.sqrt(6.0 / (fan_in + fan_out))
