"""Steps too small for the way to go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from . import Check, Evidence, Family, Finding, Observation, measured
from . import _tries as tries
from ._words import number, percent


@dataclass(frozen=True)
class LearningRateTooLow(Check):
    """The learning rate is so small that training ends long before it gets there.

    ## What it sees
    Either the loss still falls nearly straight when training ends: the last quarter of the epochs
    brings at least `straight` of the whole decline (a straight line brings a quarter). Or no
    layer's weights grew or shrank by more than `moved` from the draw to the end.

    ## Why learning stops
    Each update moves the weights by an amount in proportion to the learning rate. A rate ten times
    too small needs ten times the updates for the same way.

    ## What it tries
    Ten and a hundred times the learning rate.

    ## Example
        keras.optimizers.Adam(learning_rate=1e-5)    # sick
        keras.optimizers.Adam(learning_rate=1e-3)    # cured

    ## When it is wrong
    More epochs serve as well, at more cost. A network whose gradient is zero (dead, constant,
    frozen) does not move at any rate; then the trial acquits the rate.

    ## References
    Godbole et al. 2023, Deep Learning Tuning Playbook, github.com/google-research/tuning_playbook.
    """

    family: ClassVar[Family] = Family.OPTIMIZER

    # A curve that has settled brings next to nothing in its last quarter, a straight line 25 %.
    straight: float = 0.15
    # Trained networks change the norm of some layer's weights by tens of percent.
    moved: float = 0.01
    # Quarters of fewer epochs than this are noise.
    epochs: int = 8

    def look(self, seen: Observation) -> Iterator[Finding]:
        """The curve's end, and how far the weights went."""
        rate = seen.recipe.optimizer.learning_rate
        if rate is None or rate <= 0:  # `OddOptimizerSettings` tells of it
            return
        said: list[str] = []
        evidence: list[Evidence] = []
        falling = last_quarter(seen.control.loss) if seen.recipe.epochs >= self.epochs else None
        if falling is not None:
            shown = seen.shown(falling >= self.straight)
            if shown.share >= max(self.often, 0.5):
                value = seen.typical(falling, falling >= self.straight)
                said.append(f"the last quarter of the epochs brought {percent(value)} of the whole"
                            f" decline of the loss in {shown} (a straight line brings 25 %)")
                evidence.append(measured("decline in the last quarter", value, self.straight,
                                         "share of the decline", shown))
        change = weight_change(seen)
        if change is not None:
            # Weights that did not move at all have no gradient, which no rate makes up for.
            little = (change > 0) & (change <= self.moved)
            shown = seen.shown(little)
            if shown.share >= max(self.often, 0.5):
                value = seen.typical(change, little)
                said.append(f"no layer's weights grew or shrank by more than {percent(value)} in"
                            f" {shown}")
                evidence.append(measured("largest change of a layer's weight norm", value,
                                         self.moved, "share of the norm", shown))
        if said:
            yield self.suspicion(
                f"At a learning rate of {number(rate)}, {' and '.join(said)}.", *evidence,
                site="optimizer", tries=tries.rates(seen.recipe, 10, 100),
            )


def last_quarter(loss: NDArray[np.float32]) -> NDArray[np.float64]:
    """The share [replica] of a loss's decline [replica, epoch] that its last quarter brought.

    Ends are means over an eighth of the epochs, so that noise is not taken for a slope; NaN where
    the loss did not fall.
    """
    width = max(1, loss.shape[1] // 8)
    values = loss.astype(np.float64)
    first = values[:, 0]
    quarter = loss.shape[1] - loss.shape[1] // 4
    late = values[:, max(0, quarter - width) : quarter].mean(axis=1)
    end = values[:, -width:].mean(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = (late - end) / (first - end)
    return np.where(first > end, share, np.nan)


def weight_change(seen: Observation) -> NDArray[np.float64] | None:
    """The largest relative change of a layer's weight norm, shaped [replica]."""
    start, end = seen.readings("start"), seen.readings("end")
    if start is None or end is None:
        return None
    known = np.isfinite(start.weight_norm).all(axis=0) & (start.weight_norm > 0).all(axis=0)
    if not known.any():
        return None
    before = start.weight_norm[:, known].astype(np.float64)
    with np.errstate(invalid="ignore"):
        change: NDArray[np.float64] = np.abs(end.weight_norm[:, known] / before - 1.0).max(axis=1)
    return change
