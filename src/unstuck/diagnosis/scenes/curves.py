"""Learning curves as quantiles."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from unstuck.result.pictures import Curve, Part

Array = NDArray[Any]

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
MOST_EPOCHS = 60
"""More points than that are not seen on a page."""


def thinned(epochs: int) -> Array:
    """Epochs, counted from 0, at which curves are drawn: the first, the last and some between."""
    if epochs <= MOST_EPOCHS:
        return np.arange(epochs)
    # Denser at the beginning, where most happens.
    places = np.unique(np.concatenate([
        np.geomspace(1, epochs, MOST_EPOCHS // 2), np.linspace(1, epochs, MOST_EPOCHS // 2),
    ]).round().astype(int))
    thin: Array = places - 1
    return thin


def curve_of(losses: Array, members: Array, *, mode: int | None = None,
             part: Part = "training") -> Curve:
    """The curve of some replicas from losses shaped [replica, epoch].

    A loss that is no number counts as infinite, and quantiles are losses that were measured
    (nothing is interpolated), so that some diverged replicas leave the others' curve standing.
    """
    epochs = thinned(losses.shape[1])
    taken = np.where(np.isnan(losses), np.inf, losses)[members][:, epochs].astype(float)
    rows = np.quantile(taken, QUANTILES, axis=0, method="inverted_cdf").T
    return Curve(
        part=part, mode=mode, replicas=len(members),
        epochs=tuple(int(epoch) + 1 for epoch in epochs),
        quantiles=tuple(tuple(float(f"{value:.6g}") for value in row) for row in rows),
    )
