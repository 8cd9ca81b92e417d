"""One training against another: the same seeds, looks that may stop, and what they show.

The statistics are those of trials: paired differences, exact tests, bounds widened for the looks taken
(`base.stats`). What decides is chosen before the first look; everything else is told beside it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from unstuck.base.stats import (
    LOOKS,
    PLANNED,
    confidence_at,
    mcnemar,
    median_interval,
    paired_effect,
    sequential_p,
)
from unstuck.population.population import Population

from .arms import Arm
from .budget import BudgetSpent
from .candidates import placebo
from .experiment import Experiment
from .trial import SIGNIFICANCE

Metric = Literal["success", "score", "loss"]
Verdict = Literal["better", "worse", "no difference", "undecided"]
AIMED = 512
"""Pairs that most of the permitted error is kept for: a difference of 15 points shows in nearly all
comparisons of so many (`benchmarks/compare.py`)."""
MOST = 1024
"""Pairs at most, unless more are asked for."""
FURTHEST = 1 << 17
"""No forecast goes further."""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How B stands to A by one metric after some pairs, both arrays shaped [pair].

    `difference` is B minus A, positive where B is better: of success rates, or the median of paired
    differences. `low` and `high` are its plain 95 % interval, `bounds` the interval that holds at all
    looks together; `p` is valid at all looks. `to_decide`: pairs in all that would probably decide.
    """

    metric: Metric
    pairs: int
    difference: float
    low: float
    high: float
    bounds: tuple[float, float]
    won: int
    lost: int
    p: float
    margin: float
    verdict: Verdict
    to_decide: int | None = None


def of_success(
    a: NDArray[np.bool_], b: NDArray[np.bool_], *, margin: float, planned: int = PLANNED
) -> Standing:
    """By the share that learned."""
    plain = paired_effect(a, b)
    wide = paired_effect(a, b, confidence=confidence_at(plain.pairs, planned=planned))
    return _standing("success", plain.pairs, plain.difference, (plain.low, plain.high),
                     (wide.low, wide.high), (plain.rescued, plain.broken), margin, planned)


def of_numbers(
    metric: Metric, a: NDArray[np.float64], b: NDArray[np.float64], *, margin: float,
    planned: int = PLANNED,
) -> Standing:
    """By a number that is better the higher it is; what is no number is the worst there is."""
    one, other = (np.nan_to_num(values.astype(np.float64), nan=-np.inf) for values in (a, b))
    with np.errstate(invalid="ignore"):
        differences = np.nan_to_num(other - one, nan=0.0, posinf=np.inf, neginf=-np.inf)
    pairs = len(differences)
    wide = median_interval(differences, confidence=confidence_at(pairs, planned=planned))
    counts = int((differences > 0).sum()), int((differences < 0).sum())
    return _standing(metric, pairs, float(np.median(differences)), median_interval(differences), wide,
                     counts, margin, planned)


def _standing(
    metric: Metric, pairs: int, difference: float, plain: tuple[float, float],
    bounds: tuple[float, float], counts: tuple[int, int], margin: float, planned: int,
) -> Standing:
    p = sequential_p(mcnemar(*counts), pairs, planned=planned)
    verdict = _verdict(bounds, p, margin)
    return Standing(
        metric=metric, pairs=pairs, difference=difference, low=plain[0], high=plain[1], bounds=bounds,
        won=counts[0], lost=counts[1], p=p, margin=margin, verdict=verdict,
        to_decide=_to_decide(pairs, difference, bounds, margin) if verdict == "undecided" else None)


def _verdict(bounds: tuple[float, float], p: float, margin: float) -> Verdict:
    if p < SIGNIFICANCE and bounds[0] > 0:
        return "better"
    if p < SIGNIFICANCE and bounds[1] < 0:
        return "worse"
    return "no difference" if -margin <= bounds[0] and bounds[1] <= margin else "undecided"


def _to_decide(
    pairs: int, difference: float, bounds: tuple[float, float], margin: float
) -> int | None:
    """Pairs at which bounds that shrink with their root leave one answer, if shares stay; else None."""
    wide = max(bounds[1] - difference, difference - bounds[0])
    wanted = max(abs(difference), margin - abs(difference))
    if not math.isfinite(wide) or wanted <= 0:
        return None
    needed = pairs * (wide / wanted) ** 2
    look = max(2 * pairs, LOOKS[0])
    while look < needed and look <= FURTHEST:
        look *= 2
    return look if look <= FURTHEST else None


class Duel:
    """Two experiments on the same seeds, looked at until one metric decides.

    Args:
        a, b: their controls are what is compared.
        metric: what decides.
        margins: differences that do not matter, by metric; those without one cannot be compared.
        most: pairs at most.
        enough: whether a standing of the metric settles what was asked; by default its verdict does.
    """

    def __init__(
        self, a: Experiment, b: Experiment, metric: Metric, margins: dict[Metric, float], *,
        most: int = MOST, enough: Callable[[Standing], bool] | None = None,
    ) -> None:
        self.a, self.b, self.metric, self.margins, self.most = a, b, metric, margins, most
        self._enough = enough or (lambda standing: standing.verdict != "undecided")
        self.planned = PLANNED

    def run(self) -> None:
        """Look until it is decided, or the budget is spent; then at a placebo as often."""
        try:
            for look in self._looks():
                self.a.progress.stage("A and B on the same seeds", look)
                self.a.run(self.a.control, look)
                self.b.run(self.b.control, look)
                if self._enough(self.standing(self.metric)):
                    break
            if self.pairs:
                self.a.progress.stage("placebo: A in another order", self.pairs)
                self.a.run_or_skip(self._placebo, self.pairs)
        except BudgetSpent:
            pass

    def _looks(self) -> Iterator[int]:
        """The numbers of pairs to look at; how many are aimed at is fixed by what a training costs."""
        first = min(LOOKS[0], self.most)
        self.a.run(self.a.control, first)
        self.b.run(self.b.control, first)
        each = self.a.costs.per_training + self.b.costs.per_training
        room = min(self.most, self.a.left / (1.5 * each) if each else math.inf)
        self.planned = max([n for n in LOOKS if n <= min(room, AIMED)], default=first)
        looks = [n for n in LOOKS if n * PLANNED >= LOOKS[0] * self.planned and n < self.most]
        yield from (*looks, self.most)

    @property
    def pairs(self) -> int:
        """Pairs that were trained on both sides."""
        return min(len(self.a.control.learned), len(self.b.control.learned))

    @property
    def _placebo(self) -> Arm | None:
        return self.a.arm((placebo(),))

    def standing(self, metric: Metric) -> Standing:
        """How B stands to A by that metric, now."""
        return self._between(metric, self.a.control, self.b.control)

    @property
    def placebo(self) -> Standing | None:
        """How A in another order stands to A, by what decides; `None` where that was not trained."""
        arm = self._placebo
        return None if arm is None or not len(arm.learned) else self._between(
            self.metric, self.a.control, arm)

    def _between(self, metric: Metric, one: Arm, other: Arm) -> Standing:
        pairs, margin = min(len(one.learned), len(other.learned)), self.margins[metric]
        if metric == "success":
            return of_success(one.learned[:pairs], other.learned[:pairs], margin=margin,
                              planned=self.planned)
        a, b = (_values(metric, arm.population)[:pairs] for arm in (one, other))
        return of_numbers(metric, a, b, margin=margin, planned=self.planned)


def _values(metric: Metric, population: Population | None) -> NDArray[np.float64]:
    """One number for each replica, the higher the better."""
    assert population is not None
    return -population.final_loss.astype(np.float64) if metric == "loss" else population.score[:, 0]
