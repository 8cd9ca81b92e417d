"""Experiments of one arm, drawn by the ten thousand: what the intervals hold, whoever stops them.

Pairs of replicas are drawn with known success rates and a known correlation between control and
treatment, looked at after 16, 32, 64, ... pairs, and judged by `unstuck.stats`. Nothing is trained.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unstuck.base.stats import LOOKS, confidence_at, difference_interval, mcnemar, sequential_p
from unstuck.search.trial import NEGLIGIBLE

Row = dict[str, Any]
RATES = ((0.05, 0.05), (0.19, 0.19), (0.5, 0.5), (0.19, 0.28), (0.19, 0.41), (0.5, 0.3))
CORRELATIONS = (0.0, 0.4, 0.8)
BUDGET = 256


@dataclass(frozen=True, kw_only=True)
class Setting:
    """True success rates of control and treatment, and the correlation within a pair."""

    control: float
    treatment: float
    correlation: float

    @property
    def effect(self) -> float:
        """Treatment minus control."""
        return self.treatment - self.control

    @property
    def cells(self) -> tuple[float, float, float]:
        """Probabilities that a pair is rescued, broken, concordant."""
        spread = np.sqrt(self.control * (1 - self.control) * self.treatment * (1 - self.treatment))
        both = self.control * self.treatment + self.correlation * spread
        both = min(both, self.control, self.treatment)
        rescued, broken = self.treatment - both, self.control - both
        return rescued, broken, 1 - rescued - broken


@dataclass(frozen=True, kw_only=True)
class Looks:
    """What every experiment shows at every look: arrays [experiment, look]."""

    pairs: NDArray[np.int64]  # [look]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    p_value: NDArray[np.float64]  # valid under repeated looks

    def excludes_zero(self) -> NDArray[np.bool_]:
        """Where somebody who hopes for an effect would stop."""
        return (self.low > 0) | (self.high < 0)

    def at_first(self, reached: NDArray[np.bool_]) -> tuple[Any, Any]:
        """The bounds at the first look at which `reached`, else at the last."""
        first = np.where(reached.any(axis=1), reached.argmax(axis=1), self.pairs.size - 1)[:, None]
        return (np.take_along_axis(self.low, first, axis=1)[:, 0],
                np.take_along_axis(self.high, first, axis=1)[:, 0])


def simulate(
    setting: Setting, looks: Sequence[int], experiments: int, rng: np.random.Generator
) -> Looks:
    """Run the experiment many times, judging equal counts only once."""
    low = np.empty((experiments, len(looks)))
    high, p_value = np.empty_like(low), np.empty_like(low)
    counts = np.zeros((experiments, 3), dtype=np.int64)
    for look, (before, pairs) in enumerate(zip((0, *looks[:-1]), looks, strict=True)):
        counts = counts + rng.multinomial(pairs - before, setting.cells, size=experiments)
        distinct, where = np.unique(counts[:, :2], axis=0, return_inverse=True)
        lows, highs = difference_interval(
            distinct[:, 0], distinct[:, 1], pairs, confidence=confidence_at(pairs))
        low[:, look], high[:, look] = lows[where], highs[where]
        p_values = [sequential_p(mcnemar(int(b), int(c)), pairs) for b, c in distinct]
        p_value[:, look] = np.array(p_values)[where]
    return Looks(pairs=np.array(looks), low=low, high=high, p_value=p_value)


def coverage(experiments: int, rng: np.random.Generator) -> list[Row]:
    """How many intervals hold the truth: looked at once, and stopped at the first that pleases."""
    looks, rows = [n for n in LOOKS if n <= BUDGET], []
    for control, treatment in RATES:
        for correlation in CORRELATIONS:
            setting = Setting(control=control, treatment=treatment, correlation=correlation)
            counts = rng.multinomial(BUDGET, setting.cells, size=experiments)
            once = difference_interval(counts[:, 0], counts[:, 1], BUDGET)
            seen = simulate(setting, looks, experiments, rng)
            stopped = seen.at_first(seen.excludes_zero())
            rows.append({
                "control": control, "treatment": treatment, "correlation": correlation,
                "once": _held(once, setting.effect), "stopped": _held(stopped, setting.effect),
                "false_interval": int(seen.excludes_zero().any(axis=1).sum())
                if control == treatment else None,
                "false_p": int((seen.p_value.min(axis=1) < 0.01).sum())
                if control == treatment else None, "of": experiments})
    return rows


def acquittals(experiments: int, rng: np.random.Generator) -> list[Row]:
    """How soon a change that does nothing is acquitted, by the share of discordant pairs."""
    rows: list[Row] = []
    looks = list(LOOKS[:LOOKS.index(1024) + 1])
    for discordant in (0.0, 0.02, 0.05, 0.08, 0.13, 0.20, 0.32):
        # Two rates of one half, correlated so that just this share of the pairs is discordant.
        setting = Setting(control=0.5, treatment=0.5, correlation=1 - 2 * discordant)
        below = simulate(setting, looks, experiments, rng).high < NEGLIGIBLE
        rows.append({"discordant": discordant, "of": experiments} | {
            f"by_{n}": int(below[:, :k + 1].any(axis=1).sum())
            for k, n in enumerate(looks) if n >= 128})
    return rows


def _held(bounds: tuple[Any, Any], effect: float) -> int:
    low, high = bounds
    return int(((low <= effect + 1e-12) & (effect - 1e-12 <= high)).sum())
