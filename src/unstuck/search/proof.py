"""Cures: the best sets of changes measured again, trimmed to what is needed, tried on fresh seeds."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from unstuck.base.stats import Rate, success_rate
from unstuck.interventions import Intervention
from unstuck.population.population import Population

from .arms import Arm, names
from .experiment import Experiment
from .memorisation import learns_by_heart
from .ranking import CURED, SURE, Ranking

KEPT = 3
"""Most repairs that are proved."""
PROOF = 1024
"""Replicas of a proof on fresh seeds, where they cost next to nothing."""
SAME = 0.02
"""Rates that differ by no more are the same: then the smaller of two sets stands for both."""
TRIM_SHARE = 0.5
"""Most of the time left that may go into showing each change of a cure necessary."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Cure:
    """A set of changes, the rates without each of them, and its rate on fresh seeds."""

    arm: Arm
    without: tuple[float, ...] = ()
    necessary: tuple[bool, ...] = ()
    proof: Population | None = None
    rate: Rate = field(default_factory=lambda: success_rate(np.zeros(0, dtype=bool)))


class Proofs:
    """The cures of one experiment, and what only looks like one.

    Args:
        experiment: where they are tried.
        ranking: its arms in order.
        look: how many replicas a first look has now.
    """

    def __init__(self, experiment: Experiment, ranking: Ranking, look: Callable[[], int]) -> None:
        self.experiment, self.ranking, self.look = experiment, ranking, look
        self.cures: list[Cure] = []
        self.by_heart: list[Cure] = []
        self.unchecked: list[Cure] = []
        self.signal = False

    def prove(self, until: float) -> None:
        """Measure the best sets again, show each change necessary, and try them on fresh seeds.

        No further one is begun after `until` seconds.
        """
        experiment = self.experiment
        ranked = self.ranking.ranked()
        whole = experiment.costs.per_training * experiment.most * 3 * KEPT
        count = 3 * KEPT if whole < 0.05 * experiment.left else 2
        finalists: list[Arm] = []
        for arm in ranked[:count]:
            if finalists and experiment.spent > until:
                break
            more = self.affordable(arm, experiment.most, parts=4 * count)
            if experiment.run_or_skip(arm, max(more, len(arm.learned))) is None:
                continue
            finalists.append(arm)
        # One that cures too few does not stand for larger sets: a change more may be what it lacks.
        shown = [cure.arm.changes for cure in self.cures if cure.rate.share >= CURED - 0.05]
        for arm in sorted(finalists, key=self.ranking.key):
            if len(self.cures) >= KEPT or any(set(s) <= set(arm.changes) for s in shown):
                continue
            if arm.rate < min(CURED, max(a.rate for a in finalists)) - 0.02 or arm.rate < 0.5:
                continue
            cure = self._trimmed(arm)
            known = [other.arm for other in self.cures]
            if cure.arm in known or any(set(s) <= set(cure.arm.changes) for s in shown):
                continue
            self.cures.append(self._proved(cure))
            if self.cures[-1].rate.share >= CURED - 0.05:
                shown.append(cure.arm.changes)
        self._prove_smaller()
        margin = self.ranking.margin
        self.cures = [cure for cure in self.cures if not any(
            set(other.arm.changes) < set(cure.arm.changes)
            and other.rate.share >= cure.rate.share - SAME and margin(other.arm) >= margin(cure.arm)
            for other in self.cures)]
        self.cures.sort(key=lambda cure: cure.rate.share < CURED - 0.05)

    def _prove_smaller(self) -> None:
        """Where fewer changes cure than any of the cures has, with less to spare: prove those too."""
        fewest = min((len(cure.arm.changes) for cure in self.cures), default=0)
        smaller = [arm for arm in self.ranking.ranked()
                   if len(arm.changes) < fewest and len(arm.learned) >= SURE and arm.rate >= CURED]
        if smaller:
            least = min(smaller, key=lambda arm: (len(arm.changes), self.ranking.key(arm)))
            self.cures = [*self.cures[:KEPT - 1], self._proved(Cure(arm=least))]

    def _proved(self, cure: Cure) -> Cure:
        """A cure with its rate on fresh seeds."""
        fresh = self.affordable(cure.arm, PROOF, parts=6)
        self.experiment.progress.stage(f"proving {names(cure.arm.changes)} on fresh seeds", fresh)
        proof = self.experiment.fresh(cure.arm, fresh)
        return replace(cure, proof=proof, rate=success_rate(self.experiment.goal.learned(proof)))

    def tell_by_heart(self) -> None:
        """Set aside what is no cure: where plain methods see nothing, rows learned by heart.

        Where the script itself sometimes learns what holds for other rows, there is a `signal`.
        """
        experiment = self.experiment
        if not experiment.goal.no_signal:
            return
        told = [(cure, learns_by_heart(experiment, cure.arm)) for cure in self.cures]
        self.by_heart = [cure for cure, by_heart in told if by_heart]
        self.unchecked = [cure for cure, by_heart in told if by_heart is None]
        self.cures = [cure for cure, by_heart in told if by_heart is False]
        self.signal = bool(self.cures) or (
            experiment.control.rate > 0 and learns_by_heart(experiment, experiment.control) is False)

    @property
    def company(self) -> dict[Intervention, tuple[str, ...]]:
        """For each change that a cure needs, what it needs beside it; not for one that cures alone."""
        alone = [cure.arm.changes[0] for cure in self.cures if len(cure.arm.changes) == 1]
        found: dict[Intervention, tuple[str, ...]] = {}
        for cure in self.cures:
            for change, needed in zip(cure.arm.changes, cure.necessary, strict=False):
                others = tuple(c.label for c in cure.arm.changes if c is not change)
                if needed and change not in found and change not in alone:
                    found[change] = others
        return found

    def affordable(self, arm: Arm, wanted: int, *, parts: int) -> int:
        """Replicas of an arm that one of so many parts of the time left allows, a power of two."""
        if not math.isfinite(self.experiment.left):
            return wanted
        count = self.look()
        costs, room = self.experiment.costs, self.experiment.left / parts
        while 2 * count <= wanted and costs.of(arm, 2 * count) <= room:
            count *= 2
        return count

    def _trimmed(self, arm: Arm) -> Cure:
        """The set without what it does not need, and its rate without each change it does."""
        experiment = self.experiment
        while len(arm.changes) > 1 and not self._too_dear_to_trim(arm):
            rates, drop = [], None
            for change in sorted(arm.changes, key=self.ranking.weight, reverse=True):
                smaller = experiment.arm(tuple(c for c in arm.changes if c is not change))
                if smaller is not None:
                    smaller = experiment.run_or_skip(smaller, min(len(arm.learned), 64))
                rates.append((change, 0.0 if smaller is None else smaller.rate))
                if smaller is not None and self._as_good(smaller, arm):
                    drop = experiment.run_or_skip(smaller, len(arm.learned))
                    if drop is not None and self._as_good(drop, arm):
                        break
                    drop = None
            if drop is None:
                by_change = dict(rates)
                without = tuple(by_change[change] for change in arm.changes)
                return Cure(arm=arm, without=without,
                            necessary=tuple(arm.rate - r >= 0.05 for r in without))
            arm = drop
        return Cure(arm=arm)

    def _too_dear_to_trim(self, arm: Arm) -> bool:
        """True where leaving out each change once would eat up what the proof needs."""
        experiment = self.experiment
        looks = experiment.costs.of(arm, min(len(arm.learned), 64)) + experiment.costs.compilation
        return len(arm.changes) * looks > TRIM_SHARE * experiment.left

    def _as_good(self, smaller: Arm, arm: Arm) -> bool:
        margin = self.ranking.margin
        return smaller.rate >= arm.rate - 0.01 and margin(smaller) >= margin(arm)
