"""Normalisations: by the batch, by the row, by groups of channels."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from unstuck.network.torch_numbers import layers as numbers

from .ops import Leaf, Op
from .translating import Translation, translates


@translates("batch_norm")
def batch_norm(to: Translation, op: Op) -> Any:
    """`nn.BatchNorm*`: in Keras's words the momentum is the old share."""
    weight, bias = to.raw(op, 3, "weight"), to.raw(op, 4, "bias")
    momentum = to.raw(op, 6, "momentum", 0.1)
    if to.is_alone(*(one for one in (weight, bias) if isinstance(one, Leaf))):
        raise to.refused(op, "the parameters of a batch normalisation are read elsewhere, too")
    if not op.before or momentum is None:
        raise to.refused(op, "batch normalisation without running averages of its own")
    scaled = isinstance(weight, Leaf)

    def make() -> Any:
        layer = numbers.BatchNormalization(
            axis=1, momentum=1.0 - momentum, epsilon=to.raw(op, 7, "eps", 1e-5), center=scaled,
            scale=scaled, name=to.named(to.layer_of(weight if scaled else None, op)),
            trainable=not scaled or to.trains(weight, bias))
        if scaled:
            to.hold(layer, "gamma", [weight])
            to.hold(layer, "beta", [bias])
        to.hold_values(layer, "moving_mean", op.before["mean"])
        to.hold_values(layer, "moving_variance", op.before["variance"])
        return to.noted(layer, op)

    return (to.once([weight, bias], make) if scaled else make())(to.arg(op, 0, "input"))


def _normalised(
    to: Translation, op: Op, kind: Any, weight: Any, bias: Any, names: tuple[str, ...], **config: Any
) -> Any:
    """A normalisation within each row, with a factor and a shift, or without."""
    leaves = [one for one in (weight, bias) if isinstance(one, Leaf)]
    if to.is_alone(*leaves):
        raise to.refused(op, f"the parameters of {op.name} are read elsewhere, too")

    def make() -> Any:
        layer = kind(**config, name=to.named(to.layer_of(leaves[0] if leaves else None, op)),
                     trainable=not leaves or to.trains(*leaves))
        for attribute, leaf in zip(names, (weight, bias), strict=False):
            if isinstance(leaf, Leaf):
                to.hold(layer, attribute, [leaf])
        return to.noted(layer, op)

    return (to.once(leaves, make) if leaves else make())(to.arg(op, 0, "input"))


@translates("layer_norm")
def layer_norm(to: Translation, op: Op) -> Any:
    """`nn.LayerNorm`, over the last axes."""
    shape, weight, bias = (to.raw(op, at, name) for at, name in (
        (1, "normalized_shape"), (2, "weight"), (3, "bias")))
    return _normalised(
        to, op, keras.layers.LayerNormalization, weight, bias, ("gamma", "beta"),
        axis=list(range(-len(shape), 0)), epsilon=to.raw(op, 4, "eps", 1e-5),
        scale=isinstance(weight, Leaf), center=isinstance(bias, Leaf))


@translates("group_norm")
def group_norm(to: Translation, op: Op) -> Any:
    """`nn.GroupNorm`, channels first."""
    weight, bias = to.raw(op, 2, "weight"), to.raw(op, 3, "bias")
    return _normalised(
        to, op, keras.layers.GroupNormalization, weight, bias, ("gamma", "beta"),
        groups=int(to.raw(op, 1, "num_groups")), axis=1, epsilon=to.raw(op, 4, "eps", 1e-5),
        scale=isinstance(weight, Leaf), center=isinstance(bias, Leaf))


@translates("instance_norm")
def instance_norm(to: Translation, op: Op) -> Any:
    """`nn.InstanceNorm*`: each channel is a group."""
    weight, bias = to.raw(op, 3, "weight"), to.raw(op, 4, "bias")
    if to.raw(op, 1, "running_mean") is not None:
        raise to.refused(op, "an instance normalisation with running averages")
    return _normalised(
        to, op, keras.layers.GroupNormalization, weight, bias, ("gamma", "beta"), groups=-1, axis=1,
        epsilon=to.raw(op, 7, "eps", 1e-5), scale=isinstance(weight, Leaf),
        center=isinstance(bias, Leaf))


@translates("rms_norm")
def rms_norm(to: Translation, op: Op) -> Any:
    """`nn.RMSNorm`, over the last axis."""
    weight, epsilon = to.raw(op, 2, "weight"), to.raw(op, 3, "eps")
    if len(to.raw(op, 1, "normalized_shape")) != 1 or not isinstance(weight, Leaf):
        raise to.refused(op, "rms_norm over several axes, or without a weight")
    return _normalised(
        to, op, keras.layers.RMSNormalization, weight, None, ("scale",), axis=-1,
        epsilon=float(np.finfo(np.float32).eps) if epsilon is None else epsilon)
