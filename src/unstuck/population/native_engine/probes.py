"""The probes of `Readings`, from the outputs and gradients that the kernels hand back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unstuck.population.population import Readings, direction

from .nodes import Network

Floats = NDArray[np.float32]

PROBED_ROWS = 256
RECTIFIERS = ("relu", "relu6")
SATURATING = {"sigmoid": (0.01, 0.99), "tanh": (-0.98, 0.98), "hard_sigmoid": (0.01, 0.99)}


def probed(count: int) -> NDArray[np.intp]:
    """Which of `count` rows the probes look at: at most `PROBED_ROWS`, evenly spread."""
    return np.unique(np.linspace(0, count - 1, min(count, PROBED_ROWS)).astype(np.intp))


def readings(
    network: Network, layers: Sequence[str], outputs: Sequence[Floats], squares: Floats,
    weights: Floats,
) -> Readings:
    """Readings of some replicas.

    Args:
        network: the network.
        layers: names of the columns.
        outputs: one for each of `layers`, shaped [replica, row, unit].
        squares: summed squares of the loss's gradient by each variable, [replica, variable].
        weights: all weights, [replica, parameter].
    """
    columns: dict[str, list[Any]] = {name: [] for name in (
        "dead", "saturated", "distinct", "gradient_norm", "weight_norm", "spread")}
    lengths = _squared_lengths(network, weights)
    nothing = np.full(len(weights), np.nan, np.float32)
    for name, out in zip(layers, outputs, strict=True):
        activation = network.activation.get(name, "")
        own = [i for i, w in enumerate(network.weights) if w.layer == name and w.trainable]
        columns["dead"].append(
            (out == 0).all(axis=1).mean(axis=1) if activation in RECTIFIERS else nothing)
        low, high = SATURATING.get(activation, (np.nan, np.nan))
        columns["saturated"].append(
            ((out < low) | (out > high)).mean(axis=(1, 2)) if activation in SATURATING else nothing)
        columns["distinct"].append(_distinct(out))
        columns["gradient_norm"].append(np.sqrt(squares[:, own].sum(axis=1)) if own else nothing)
        columns["weight_norm"].append(np.sqrt(lengths[:, own].sum(axis=1)) if own else nothing)
        columns["spread"].append(out.std(axis=(1, 2)))
    return Readings(layers=tuple(layers), **{
        name: np.stack(values, axis=1).astype(np.float32) for name, values in columns.items()})


def _squared_lengths(network: Network, weights: Floats) -> Floats:
    ends = np.cumsum([int(np.prod(weight.shape)) for weight in network.weights])
    parts = np.split(weights, ends[:-1], axis=1)
    return np.stack([np.einsum("rk,rk->r", part, part) for part in parts], axis=1)


def _distinct(out: Floats) -> Floats:
    """Rows are told apart by a fixed random projection: two that differ share it with chance 0."""
    weights = direction(out.shape[2])
    line = np.sort(out @ weights, axis=1)
    size = np.maximum(np.abs(out).max(axis=(1, 2)) * np.abs(weights).sum(), 1e-30)
    apart = np.diff(line, axis=1) > 1e-6 * size[:, None]
    return np.asarray(1 + apart.sum(axis=1), np.float32)
