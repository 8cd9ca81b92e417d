"""Gradient norms by depth, as two checks read them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unstuck.network.layers import Layer

from . import Observation


@dataclass(frozen=True, kw_only=True, eq=False)
class Gradients:
    """Norms before training, [replica, layer], of the layers with a kernel, in order."""

    layers: tuple[Layer, ...]
    norm: NDArray[np.float64]


def at_start(seen: Observation) -> Gradients | None:
    """The gradients at the start; `None` without readings or with fewer than two such layers."""
    start = seen.readings("start")
    if start is None:
        return None
    layers = tuple(layer for layer in seen.recipe.layers
                   if layer.name in start.layers and "kernel_initializer" in layer.config
                   and layer.config.get("trainable", True))
    if len(layers) < 2:
        return None
    columns = [start.of("gradient_norm", layer.name) for layer in layers]
    return Gradients(layers=layers, norm=np.stack(columns, axis=1).astype(np.float64))
