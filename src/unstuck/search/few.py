"""A search that needs few trainings: what is likely comes first, and what wins is proved at once.

Where each training takes a second or more there is room for some dozens, not for thousands. A cure is
nearly always among the first ten sets that a careful person would try: what the facts ask for, each
change alone and all at once; what the checks suspect first; then everything sensible at once, shrunk
to what is needed. Two replicas show whether a set is worth more. Nothing is claimed of those two:
the first set that wins is trained on fresh seeds, and so is the script as it is, on the same ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice

from unstuck.interventions import Changes, Intervention, compatible

from .arms import Arm, names, trying
from .candidates import (
    STEP,
    Candidate,
    compatible_part,
    likeliest,
    placebo,
    scales_together,
    strong_sets,
)
from .experiment import Experiment
from .looks import Looks
from .proof import OFFERED, Proofs
from .ranking import CURED, Ranking

LOOK, WIDER_LOOK = 2, 8
"""Replicas of a first look at a set, and where some replicas of the script as it is learn too."""
MOST_LOOK = 16
"""At most so many replicas where as many as that cost as much as one."""
LUCKY = 0.25
"""Share of the script's own replicas that learn from which on a wider look is needed."""
PLACEBOS = 4
"""Replicas of the placebo."""
PAIRS = (16, 12, 10, 8, 7, 6, 4, 2)
"""So many fresh seeds prove a cure, as many as there is room for. Six are the fewest that show a cause:
six scores above six others have p = 0.0022, which four tests leave below 0.01, and eight sixty."""
PROOF_ROOM = 0.9
"""Share of the time left that the proof may take."""
LONGEST_SHARE = 0.1
"""Most of the budget that a look at a longer training of everything at once may take."""
ALONE, ALONE_SHARE = 6, 0.2
"""So many changes are tried alone before all of them at once, and their share of the trainings."""
LONGER = 2
"""What makes a training longer than so many times comes later: one look at it costs as several do."""
BESIDE = 8
"""So many changes are tried beside what helped most."""
NEXT = 3
"""So many sets are named that would come next."""

Shrink = Callable[[Arm], Arm]


class Few:
    """The search in one experiment with room for few trainings; fills its `proofs`.

    Args:
        experiment: what is searched in.
        ranking: its arms in order.
        looks: with which sets are tried.
        proofs: the cures.
        candidates: the single changes, with the checks that asked for them.
        shrink: makes a set smaller that cures.
    """

    def __init__(
        self, experiment: Experiment, ranking: Ranking, looks: Looks, proofs: Proofs,
        candidates: Sequence[Candidate], shrink: Shrink,
    ) -> None:
        self.experiment, self.ranking, self.looks, self.proofs = experiment, ranking, looks, proofs
        self.candidates, self._shrink = list(candidates), shrink
        self.left: tuple[str, ...] = ()
        self._rest = self._sets()
        look = WIDER_LOOK if experiment.control.rate >= LUCKY else LOOK
        counted = experiment.budget.seconds is None
        looks.fixed = look if counted else max(look, min(experiment.costs.least, MOST_LOOK))

    def run(self) -> None:
        """Try sets in the order of their likelihood until one more is proved. Raises BudgetSpent."""
        few, beside = list[Changes](), max(1, self.experiment.costs.beside)
        proved = any(self._proves(arm) for arm in self.ranking.ranked())
        try:
            while not proved and (few := list(islice(self._rest, beside))):
                arms = [arm for changes in few if (arm := self._arm(changes)) is not None]
                for looked in self.looks.at(arms, share=2):
                    proved = any(self._proves(arm) for arm in sorted(looked, key=self.ranking.key))
                    if proved:
                        break
            if proved:
                self._try_placebo()
        finally:  # what is told where the budget ends here
            next_ones = [] if proved else list(islice(chain(few, self._rest), NEXT))
            self._rest = chain(next_ones, self._rest)
            self.left = tuple(map(names, next_ones))

    def prove_a_help(self) -> None:
        """Where nothing cures: prove what came nearest, if it is worth being offered as a help."""
        best = next((arm for arm in self.ranking.ranked() if arm.rate >= OFFERED
                     and arm.rate > self.experiment.control.rate + LUCKY), None)
        if best is not None and not self.proofs.offered:
            self.proofs.prove_paired(best, PAIRS, PROOF_ROOM)

    def _try_placebo(self) -> None:
        arm = self.experiment.arm((placebo(),))
        if arm is not None:
            self.experiment.progress.stage(trying([arm]), PLACEBOS)
            self.experiment.run_or_skip(arm, PLACEBOS)

    def _arm(self, changes: Changes) -> Arm | None:
        checks = {c.change: c.checks for c in self.candidates}
        return self.experiment.arm(changes, checks.get(changes[0], ()) if len(changes) == 1 else ())

    def _sets(self) -> Iterator[Changes]:
        """What is tried, each set once."""
        known: set[frozenset[str]] = set()
        for changes in self._wishes():
            key = frozenset(change.label for change in changes)
            if changes and key not in known and compatible(changes):
                known.add(key)
                yield changes

    def _most(self, batch: int) -> int:
        """Updates that a training may have for a look at it to take its share of the time."""
        experiment, budget = self.experiment, self.experiment.budget.seconds
        if experiment.horizon is not None or budget is None:
            return experiment.recipe.updates
        room = LONGEST_SHARE * budget * experiment.costs.gain
        return experiment.costs.room(room, self.looks.replicas, batch)

    def _wishes(self) -> Iterator[Changes]:
        """What facts ask for, at once; the first wish of each check alone, and all of these at once;
        then all that is sensible, what helped most with one change more, and what is left.
        """
        likely = likeliest(self.candidates)
        first = [change for change in _first_wishes(likely) if not self._is_longer(change)]
        certain = [one.change for one in likely if one.certain and one.change in first]
        yield scales_together(self.experiment.recipe, likely)
        yield compatible_part(self.experiment.recipe, certain)
        for change in first[: self._room_for_singles]:
            yield (change,)
        yield compatible_part(self.experiment.recipe, first)
        recipe, goal = self.experiment.recipe, self.experiment.goal
        yield from strong_sets(recipe, goal, likely, most=self._most, widen=False)
        yield from self._beside_the_best(likely)
        for one in (*likely, *self.candidates):
            yield (one.change,)

    @property
    def _room_for_singles(self) -> int:
        """How many changes are looked at alone: of causes that hide each other none shows so."""
        experiment = self.experiment
        room = min(experiment.trainings_left, experiment.costs.affordable(experiment.left))
        return int(max(1, min(ALONE, ALONE_SHARE * room / self.looks.replicas)))

    def _is_longer(self, change: Intervention) -> bool:
        """True for a change that makes a training cost several as long as the script's own."""
        arm, control = self.experiment.arm((change,)), self.experiment.control
        return arm is not None and arm.recipe.updates > LONGER * control.recipe.updates

    def _beside_the_best(self, likely: Sequence[Candidate]) -> Iterator[Changes]:
        """What helped most so far, with one change more: a step of another size first."""
        control = self.experiment.control
        helped = [arm for arm in self.experiment.tried if not arm.is_placebo
                  and (arm.rate, arm.score) > (control.rate, control.score)]
        if not helped:
            return
        best = max(helped, key=self.ranking.strength)
        others = dict.fromkeys(one.change for one in (*likely, *self.candidates))
        ordered = sorted(others, key=lambda change: change.kind not in STEP)
        yield from ((*best.changes, other) for other in islice(ordered, BESIDE))

    def _proves(self, arm: Arm) -> bool:
        """Prove a set that has won its look; False where it has not, or turns out not to cure."""
        if not self._wins(arm):
            return False
        if len(arm.changes) > 1:
            arm = self._shrink(arm)
        if any(cure.arm is arm for cure in self.proofs.cures):
            return False
        try:
            cure = self.proofs.prove_paired(arm, PAIRS, PROOF_ROOM)
        finally:
            self.proofs.best_first()
        return cure is not None and cure.rate.share >= CURED - 0.05

    def _wins(self, arm: Arm) -> bool:
        """True where about all learn, and surely more than of the script as it is."""
        return self.ranking.cures(arm) and arm.rate > self.experiment.control.rate + LUCKY


def _first_wishes(likely: Sequence[Candidate]) -> list[Intervention]:
    """Of each check the first change that it asks for, in their order."""
    served: set[str] = set()
    first = []
    for one in likely:
        if not served.issuperset(one.checks):
            first.append(one.change)
        served |= {*one.checks}
    return first
