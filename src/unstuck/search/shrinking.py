"""Everything at once, shrunk to what is needed (delta debugging): Zeller and Hildebrandt 2002."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice

from unstuck.interventions import Changes, Intervention

from .arms import Arm
from .candidates import Candidate
from .looks import Looks
from .ranking import CURED, Ranking

LARGE = 3
"""Above so many changes a dear set is halved before each is left out alone."""


class Shrinking:
    """Sets of one experiment's changes, made smaller.

    Args:
        ranking: the experiment's arms in order.
        looks: with which smaller sets are tried.
        candidates: the single changes, with the checks that asked for them.
    """

    def __init__(self, ranking: Ranking, looks: Looks, candidates: Sequence[Candidate]) -> None:
        self.experiment, self.ranking, self.looks, self.candidates = (
            ranking.experiment, ranking, looks, candidates)

    def shrink(self, arm: Arm, *, to_spare: bool) -> Arm:
        """Leave out one change at a time, the most invasive first, as long as it still learns.

        With `to_spare`, as long as it learns as well as the data allows, not just well enough.

        Returns:
            The arm of what is left.
        """
        if arm.rate < 0.5:
            return arm
        experiment = self.experiment
        kept = list(arm.changes)
        level = min(CURED, arm.rate) - 0.05

        def well(smaller: Arm) -> bool:
            return smaller.rate >= level and (not to_spare or self.ranking.margin(smaller))

        def enough(without: Sequence[Intervention]) -> list[bool]:
            """For each of these changes, whether the set learns without it."""
            smaller = [experiment.arm(tuple(c for c in kept if c is not change)) for change in without]
            if len(kept) > 1:
                deque(self.looks.at(smaller, share=2), maxlen=0)
            return [one is not None and len(kept) > 1 and well(one) for one in smaller]

        def guess(*parts: Sequence[Intervention]) -> list[Intervention]:
            """The first of these parts that learns as well; else all that is kept."""
            arms = [experiment.arm(tuple(part)) for part in parts if 0 < len(part) < len(kept)]
            deque(self.looks.at(arms, share=2), maxlen=0)
            return next((list(one.changes) for one in arms if one is not None and well(one)), kept)

        asked_for = {part for c in self.candidates if c.checks for part in c.change.conflicts}
        # What no check has asked for may all be idle: one look, instead of one for each.
        kept = guess([change for change in kept if change.conflicts & asked_for])
        if experiment.costs.dear and len(kept) > LARGE:
            # Where a look is dear: what came further alone may do without the rest.
            by_distance = sorted(kept, key=self.ranking.distance)
            middle = len(kept) // 2
            kept = guess(by_distance[:middle], by_distance[middle:])
        for few in self._few(tuple(kept)):
            fine = [change for change, idle in zip(few, enough(few), strict=True) if idle]
            # Each may be left out alone; whether also together is seen one by one.
            for i, change in enumerate(fine):
                if i == 0 or enough([change])[0]:
                    kept.remove(change)
        return experiment.arm(tuple(kept)) or arm

    def _few(self, changes: Changes) -> Iterator[list[Intervention]]:
        """The changes, the most invasive first, as many at a time as the experiment runs best."""
        heaviest = iter(sorted(changes, key=self.ranking.weight, reverse=True))
        while few := list(islice(heaviest, self.experiment.costs.beside)):
            yield few
