"""What checks ask of the codes of an autoencoder: which units carry anything, and how much.

Codes are shaped [replica, row, unit], as a population keeps them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unstuck.network.bottleneck import bottlenecks
from unstuck.network.layers import Layer

from . import Observation

Array = NDArray[Any]

STILL = 1e-4
"""A unit whose standard deviation is below this share of the largest unit's puts out a constant."""
COPY = 0.999
"""Two units with a correlation beyond this say the same."""


@dataclass(frozen=True, kw_only=True, eq=False)
class CodeUnits:
    """Units of the code in every replica.

    - `layer`: the layer whose outputs they are.
    - `dead`, `copies`: how many put out a constant, and how many of the others repeat an earlier
      one, shaped [replica].
    - `rank`: the effective rank of the codes, exp of the entropy of their principal components'
      shares of variance (Roy and Vetterli 2007), shaped [replica].
    - `size`: how many units there are. `mean_size`: the mean over rows of Σ |unit|, and
      `mean_square` that of Σ unit², shaped [replica].
    """

    layer: Layer
    size: int
    dead: Array
    copies: Array
    rank: Array
    mean_size: Array
    mean_square: Array


def code_units(seen: Observation) -> CodeUnits | None:
    """The code's units; `None` where no codes were kept or this is no autoencoder.

    What was kept are outputs of the narrowest dense layer. They are the code only where all paths
    pass that layer, and no other layer on all of them is narrower.
    """
    codes, name = seen.control.codes, seen.control.code_layer
    if codes is None or name is None or codes.ndim != 3 or not reproduces(seen):
        return None
    layer = next((layer for layer in seen.recipe.layers if layer.name == name), None)
    if layer is None or codes.shape[1] < 3 or name not in bottlenecks(seen.recipe.layers):
        return None
    finite = np.isfinite(codes).all(axis=(1, 2), keepdims=True)
    values = np.where(finite, codes, 0.0).astype(np.float64)
    spread = values.std(axis=1)
    still = spread <= np.maximum(STILL * spread.max(1, keepdims=True), 1e-12)
    copies, rank = [], []
    for code, dead in zip(values, still, strict=True):
        centred = (code - code.mean(0))[:, ~dead]
        copies.append(_copies(centred))
        rank.append(_effective_rank(centred))
    return CodeUnits(
        layer=layer, size=codes.shape[2], dead=still.sum(1), copies=np.asarray(copies),
        rank=np.asarray(rank), mean_size=np.abs(values).sum(2).mean(1),
        mean_square=(values**2).sum(2).mean(1),
    )


def reproduces(seen: Observation) -> bool:
    """True for autoencoders and denoisers."""
    return seen.goal.is_autoencoder or seen.goal.noise is not None


def _copies(centred: Array) -> int:
    if centred.shape[1] < 2:
        return 0
    unit = centred / np.sqrt((centred**2).sum(0))
    alike = np.abs(unit.T @ unit) > COPY
    return int(np.triu(alike, 1).any(axis=0).sum())


def _effective_rank(centred: Array) -> float:
    if not centred.size:
        return 0.0
    shares = np.linalg.svd(centred, compute_uv=False) ** 2
    shares = shares[shares > 0] / shares.sum()
    return float(np.exp(-(shares * np.log(shares)).sum()))
