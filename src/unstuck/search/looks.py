"""First looks at arms, a few replicas each, within the share of the time that their stage has."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice

from .arms import Arm, names, trying
from .experiment import Experiment
from .ranking import SURE

ARM_SHARE = 0.12
"""Most of the budget that the first look at one arm may take…"""
LOOKS_SHARE = 0.1
"""Share of the budget that the first looks at single changes may take, all together."""
LITTLE = 0.15
"""Share of the budget that each part of the search may still have that can hardly win anything."""
SLACK = 2.5
"""…unless a look at what trains no longer than the control takes more: so many times that, since two
trainings side by side may take twice as long as one (measured where memory is what they wait for)."""


class Looks:
    """First looks in one experiment, at one of about so many `arms`.

    `until`: seconds of the budget after which no other look is begun; `trainings_until` likewise where
    trainings are counted.
    """

    def __init__(self, experiment: Experiment, arms: int) -> None:
        self.experiment, self.arms = experiment, arms
        self.until = self.trainings_until = math.inf
        self.fixed: int | None = None

    @property
    def replicas(self) -> int:
        """Replicas of the first look at an arm: as many as let every arm have one, 2 to 64; `fixed`
        where that is set.
        """
        experiment = self.experiment
        if self.fixed is not None:
            return min(experiment.most, self.fixed)
        share = LOOKS_SHARE * min(experiment.budget.seconds or 120.0, max(experiment.left, 1.0))
        affordable = experiment.costs.affordable(share / (self.arms + 16))
        wanted = int(2 ** math.floor(math.log2(min(64.0, max(2.0, affordable)))))
        return min(experiment.most, max(wanted, min(experiment.costs.least, 64)))

    def _look_at(self, arms: Sequence[Arm]) -> int:
        """Replicas of a first look at these: of a set of changes no rate is told, only whether it may
        be a cure, for which fewer do.
        """
        if any(len(arm.changes) == 1 for arm in arms):
            return self.replicas
        return min(self.replicas, max(SURE, self.experiment.costs.least))

    @property
    def are_dear(self) -> bool:
        """True where one look at one arm takes much of the budget."""
        experiment, budget = self.experiment, self.experiment.budget.seconds
        if budget is None:
            return False
        return experiment.costs.of(experiment.control, self.replicas) > ARM_SHARE * budget

    def in_time(self, share: float, work: Callable[[], object]) -> None:
        """Do that work until that share of the budget is spent, or that of the work it belongs to."""
        budget, outer = self.experiment.budget, (self.until, self.trainings_until)
        self.until, self.trainings_until = (
            before if given is None else min(before, given * share)
            for before, given in zip(outer, (budget.seconds, budget.trainings), strict=True))
        try:
            with suppress(_Enough):
                work()
        finally:
            self.until, self.trainings_until = outer

    def a_little(self, work: Callable[[], object]) -> None:
        """Do that work for a small share of the budget."""
        self.in_time(self._spent + LITTLE, work)

    def of_the_rest(self, share: float, work: Callable[[], object]) -> None:
        """Do that work for that share of what is left of the budget."""
        self.in_time(self._spent + share * max(0.0, 1.0 - self._spent), work)

    @property
    def _spent(self) -> float:
        """The share of the budget that is spent."""
        experiment, budget = self.experiment, self.experiment.budget
        return max(0.0 if given is None else had / given for had, given in (
            (experiment.spent, budget.seconds), (experiment.trainings, budget.trainings)))

    def have_room(self, seconds: float, trainings: int) -> bool:
        """True where what is under way has so much left."""
        experiment = self.experiment
        return (experiment.spent + seconds <= self.until
                and experiment.trainings + trainings <= self.trainings_until)

    def _check_time(self) -> None:
        if not self.have_room(0.0, 0):
            raise _Enough

    def at(self, arms: Iterable[Arm | None], *, share: float = 1.0) -> Iterator[list[Arm]]:
        """A first look at each arm that is not too long, as many at a time as the experiment runs best.

        Yields the arms that could be run; `share` is how often one's usual share each may take.
        """
        experiment = self.experiment
        known = (arm for arm in arms if arm is not None)
        while True:
            self._check_time()
            few = list(islice(known, experiment.costs.beside))
            if not few:
                return
            look = self._look_at(few)
            few = [arm for arm in dict.fromkeys(few)
                   if len(arm.learned) or not ((arm.given_up is not None and look >= arm.given_up)
                                               or self._too_long(arm, look, share))]
            few = self._in_time(few, look)
            if few:
                experiment.progress.stage(trying(few), look)
                experiment.run_all(few, look, limit=share * self._share)
            yield [arm for arm in few if len(arm.learned)]

    @property
    def _share(self) -> float:
        """Seconds that one arm's look may take."""
        experiment, budget = self.experiment, self.experiment.budget.seconds
        if budget is None:
            return math.inf
        return max(ARM_SHARE * budget, SLACK * experiment.costs.usual(self.replicas))

    def _too_long(self, arm: Arm, replicas: int, share: float = 1.0) -> bool:
        """An arm that would eat too much of the budget on its own is left out, and said to be."""
        budget = self.experiment.budget.seconds
        if budget is None or self.experiment.costs.of(arm, replicas) <= share * self._share:
            return False
        self.experiment.untestable[names(arm.changes)] = (
            f"one look at it would take about {self.experiment.costs.of(arm, replicas):.0f} s"
            " of the budget")
        return True

    def _in_time(self, arms: Sequence[Arm], replicas: int) -> list[Arm]:
        """Those whose looks come to their end before the budget does, side by side or one alone."""
        costs, left = self.experiment.costs, self.experiment.left
        beside = [arm for arm in arms if len(arm.learned) or costs.in_company(arm, replicas) <= left]
        return beside or [arm for arm in arms if costs.of(arm, replicas) <= left][:1]


class _Enough(Exception):
    """This part of the search has had its share of the budget."""
