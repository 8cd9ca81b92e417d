"""Cures: the best sets of changes measured again, trimmed to what is needed, tried on fresh seeds.

A cure's rate comes from seeds that no search has seen, and so does the proof that it needs each of its
changes: one at a time is put back as the script has it, with the rest of the cure in place.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from unstuck.base.ranks import rank_sum
from unstuck.base.stats import Rate, success_rate
from unstuck.population.population import Population
from unstuck.result.results import lasts

from .arms import Arm, names, usual_score
from .experiment import Experiment
from .memorisation import learns_by_heart
from .ranking import CURED, SURE, Ranking
from .trial import PutBack

KEPT = 3
"""Most repairs that are proved."""
PROOF = 1024
"""Replicas of a proof on fresh seeds, where they cost next to nothing."""
SAME = 0.02
"""Rates that differ by no more are the same: then the smaller of two sets stands for both."""
TRIM_SHARE = 0.5
"""Most of the time left that may go into leaving out each change of a set once."""
PUT_BACK = 128
"""Fresh seeds on which one change of a cure is put back, where they cost next to nothing."""
PUT_BACK_SHARE = 0.25
"""Most of the time left that may go into putting back the changes of one cure."""
NEED_SHARE = 0.9
"""The same for a change of the best cure for which that is not enough: what shows that it needs its
changes comes before another cure."""
FINAL_PARTS = 16
"""What is left is divided into so many parts, one for measuring the best sets again."""
SHARP_PARTS = 60
"""More replicas of a proof than are put back, only where they cost less than one of so many parts."""
OFFERED = 0.5
"""Share of fresh replicas that must learn before a set is offered, if only as a help."""
TELLS = 32
"""Of so many replicas as many as with the whole cure must learn for a change to leave it."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Cure:
    """A set of changes, its rate on fresh seeds, and what it loses there without each of them.

    `trimmed` where each change was left out on the search's seeds. `put_backs` has no entry for a
    change without which the others cannot be made, or for which there was no time. `whole`: where
    trainings end at a horizon, how many of how many to the end learned.
    """

    arm: Arm
    trimmed: bool = False
    proof: Population | None = None
    rate: Rate = field(default_factory=lambda: success_rate(np.zeros(0, dtype=bool)))
    put_backs: tuple[PutBack, ...] = ()
    whole: tuple[int, int] | None = None

    @property
    def has_idle(self) -> bool:
        """True where as many learn without one of its changes, if with less to spare."""
        return any(back.without.mean() >= back.whole.mean() - SAME for back in self.put_backs)


def same_network(experiment: Experiment, arm: Arm) -> bool:
    """True for an arm with as many parameters and as many updates as the script has."""
    changed, own = experiment.whole(arm), experiment.recipe
    return changed.parameters == own.parameters and changed.updates == own.updates


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
        """Measure the best sets again, try them on fresh seeds, and show that each change is needed.

        What shows that a cure needs its changes comes before the next cure. No further one is begun
        after `until` seconds. Raises BudgetSpent; what was proved until then is kept.
        """
        try:
            self._prove_best(until)
            self._prove_smaller()
        finally:
            self._tidy()

    def _prove_best(self, until: float) -> None:
        experiment = self.experiment
        ranked = self.ranking.ranked()
        whole = experiment.costs.per_training * experiment.most * 3 * KEPT
        count = 3 * KEPT if whole < 0.02 * experiment.left else 2
        finalists: list[Arm] = []
        for arm in ranked[:count]:
            if finalists and experiment.spent > until:
                break
            more = self.affordable(arm, experiment.most, parts=FINAL_PARTS * count)
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
            kept = self._keep(cure)
            if kept.rate.share >= CURED - 0.05:
                shown.append(kept.arm.changes)

    def _tidy(self) -> None:
        """The cures without those that hold another one and are no better, the best first."""
        margin = self.ranking.margin
        once = {id(cure.arm): cure for cure in reversed(self.cures)}  # two may have come to be one
        cures = list(reversed(once.values()))
        self.cures = [cure for cure in cures if not any(
            set(other.arm.changes) < set(cure.arm.changes)
            and other.rate.share >= cure.rate.share - SAME and margin(other.arm) >= margin(cure.arm)
            for other in cures)]
        self.best_first()
        self._same_network_first()

    def _same_network_first(self) -> None:
        """Of cures that are as good, one that leaves the network and its training as long as they are
        comes before the first that does not."""
        experiment, margin = self.experiment, self.ranking.margin
        if not self.cures or same_network(experiment, self.cures[0].arm):
            return
        first = self.cures[0]
        kept = next((cure for cure in self.cures[1:] if same_network(experiment, cure.arm)
                     and cure.rate.share >= first.rate.share - SAME and not cure.has_idle
                     and margin(cure.arm) >= margin(first.arm)), None)
        if kept is not None:
            self.cures = [kept, *(cure for cure in self.cures if cure is not kept)]

    def _prove_smaller(self) -> None:
        """Where fewer changes cure than any of the cures has, with less to spare: prove those too."""
        fewest = min((len(cure.arm.changes) for cure in self.cures), default=0)
        smaller = [arm for arm in self.ranking.ranked()
                   if len(arm.changes) < fewest and len(arm.learned) >= SURE and arm.rate >= CURED]
        if smaller:
            least = min(smaller, key=lambda arm: (len(arm.changes), self.ranking.key(arm)))
            del self.cures[KEPT - 1:]
            self._keep(Cure(arm=least))

    def note_whole(self, cure: Cure, learned: NDArray[np.bool_]) -> None:
        """Note what trainings to the end showed."""
        self.cures[self.cures.index(cure)] = replace(cure, whole=(int(learned.sum()), len(learned)))
        self.best_first()

    def best_first(self) -> None:
        """Put what cures before what helps, and behind all what is known not to last."""
        # What learns with less to spare but needs all that it has is the smaller change.
        self.cures.sort(key=lambda cure: (
            not lasts(cure.whole), cure.rate.share < CURED - 0.05, cure.has_idle))

    def _keep(self, cure: Cure) -> Cure:
        """Put a cure to the others, with its rate on fresh seeds, then without what it is idle in."""
        fresh = max(self.affordable(cure.arm, PROOF, parts=SHARP_PARTS),
                    self.affordable(cure.arm, PUT_BACK, parts=6))
        self.experiment.progress.stage(f"proving {names(cure.arm.changes)} on fresh seeds", fresh)
        self.cures.append(self._rated(cure, self.experiment.fresh(cure.arm, fresh)))
        place = len(self.cures) - 1
        while not self._shown_needed(place):
            pass
        return self.cures[place]

    def prove_paired(self, arm: Arm, counts: Sequence[int], share: float) -> Cure | None:
        """Prove a cure on fresh seeds, and the script as it is, or the cure without each change, on the
        same ones; `None` where there is no room.

        As many seeds as there is room for in that share of the time left, of these counts.
        """
        experiment = self.experiment
        parts = 1 + len(arm.changes)
        rooms = share * experiment.left, experiment.trainings_left
        count = next((n for n in counts if n <= experiment.most and n * parts <= rooms[1]
                      and experiment.costs.of(arm, n) * parts <= rooms[0]), None)
        if count is None:
            return None
        experiment.progress.stage(f"proving {names(arm.changes)} on fresh seeds", count)
        proof = experiment.fresh(arm, count)
        cure = self._rated(Cure(arm=arm, trimmed=True), proof)
        self.cures.append(cure)
        place, whole = len(self.cures) - 1, experiment.goal.learned(proof)
        for change in arm.changes:
            rest = experiment.arm(tuple(c for c in arm.changes if c is not change)) if (
                len(arm.changes) > 1) else experiment.control
            if rest is None:
                continue
            experiment.progress.stage(f"is “{change.label}” needed? As it was, on fresh seeds", count)
            population = experiment.fresh(rest, count)
            back = PutBack(change=change, company=rest.changes, whole=whole,
                           without=experiment.goal.learned(population),
                           scores=(usual_score(proof), usual_score(population)),
                           p_scores=rank_sum(proof.score[:, 0], population.score[:, 0]))
            cure = self.cures[place] = replace(cure, put_backs=(*cure.put_backs, back))
        return cure

    def _rated(self, cure: Cure, proof: Population) -> Cure:
        rate, known = success_rate(self.experiment.goal.learned(proof)), self.experiment.proved
        if rate.share >= OFFERED and (known is None or rate.share > known.share):
            self.experiment.proved = rate
        return replace(cure, proof=proof, rate=rate)

    def _shown_needed(self, place: int) -> bool:
        """Put each change of a cure back; False as soon as one brings nothing, which is left out then.

        What is known so far is kept whenever the budget ends.
        """
        cure, experiment = self.cures[place], self.experiment
        changes, proof = cure.arm.changes, cure.proof
        begun = experiment.left, experiment.trainings_left
        if len(changes) < 2 or proof is None:
            return True
        whole = experiment.goal.learned(proof)
        for number, change in enumerate(sorted(changes, key=self.ranking.weight, reverse=True)):
            rest = experiment.arm(tuple(c for c in changes if c is not change))
            if rest is None:
                continue
            count = self._room(rest, min(PUT_BACK, proof.replicas), begun, len(changes) - number,
                               is_best=not place)
            if not count:
                continue
            experiment.progress.stage(f"is “{change.label}” needed? As it was, on fresh seeds", count)
            population = experiment.fresh(rest, count)
            without = experiment.goal.learned(population)
            if self._is_idle(cure, population, without):
                more = proof.replicas - count
                if more:
                    population = population.joined(experiment.fresh(rest, more, start=count))
                self.cures[place] = self._rated(Cure(arm=rest, trimmed=cure.trimmed), population)
                return False
            back = PutBack(change=change, company=rest.changes, whole=whole[:count], without=without,
                           scores=(usual_score(proof), usual_score(population)))
            cure = self.cures[place] = replace(cure, put_backs=(*cure.put_backs, back))
        return True

    def _room(
        self, arm: Arm, wanted: int, begun: tuple[float, float], changes: int, *, is_best: bool
    ) -> int:
        """Replicas for putting back one of so many changes that are still to come; 0 without room.

        All of them together may take `PUT_BACK_SHARE` of the seconds and trainings that were left when
        the first was `begun`; where that is none, those of the best cure more, one after the other.
        """
        left = self.experiment.left, self.experiment.trainings_left
        shares = [np.inf if np.isinf(had) else (PUT_BACK_SHARE * had - (had - has)) / changes
                  for had, has in zip(begun, left, strict=True)]
        count = self._fitting(arm, wanted, *shares)
        if not count and is_best:
            return self._fitting(arm, min(wanted, SURE), *(NEED_SHARE * has for has in left))
        return count

    def _fitting(self, arm: Arm, count: int, seconds: float, trainings: float) -> int:
        """So many replicas of an arm, or as often halved as fits into that; 0 where none do."""
        while count and (count > trainings or self.experiment.costs.of(arm, count) > seconds):
            count //= 2
        return count

    def _is_idle(self, cure: Cure, without: Population, learned: NDArray[np.bool_]) -> bool:
        """True where a cure learns as well without a change, as far as these replicas tell.

        `learned` says of each replica `without` it whether it learned.
        """
        assert cure.proof is not None
        return (len(learned) >= TELLS and float(learned.mean()) >= cure.rate.share - SAME
                and self.ranking.to_spare(without) >= self.ranking.to_spare(cure.proof))

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
    def put_backs(self) -> list[PutBack]:
        """What was put back into the cures that are offered, the first cure's first."""
        return [back for cure in self.offered for back in cure.put_backs]

    @property
    def offered(self) -> list[Cure]:
        """The cures with which at least half of the replicas learn, and surely more than as it is, the
        best first."""
        own = self.experiment.control.rate
        return [cure for cure in self.cures if cure.rate.share >= OFFERED and cure.rate.low > own]

    def affordable(self, arm: Arm, wanted: int, *, parts: int) -> int:
        """Replicas of an arm that one of so many parts of what is left allows, a power of two."""
        experiment = self.experiment
        seconds, trainings = experiment.left / parts, experiment.trainings_left / parts
        if math.isinf(seconds) and math.isinf(trainings):
            return wanted
        count = self.look()
        while count > max(1, trainings):
            count //= 2
        while 2 * count <= min(wanted, trainings) and experiment.costs.of(arm, 2 * count) <= seconds:
            count *= 2
        return count

    def _trimmed(self, arm: Arm) -> Cure:
        """The set without what it does not need on the search's seeds."""
        experiment = self.experiment
        while len(arm.changes) > 1 and not self._too_dear_to_trim(arm):
            drop = None
            for change in sorted(arm.changes, key=self.ranking.weight, reverse=True):
                smaller = experiment.arm(tuple(c for c in arm.changes if c is not change))
                if smaller is not None:
                    smaller = experiment.run_or_skip(smaller, min(len(arm.learned), 64))
                if smaller is not None and self._as_good(smaller, arm):
                    drop = experiment.run_or_skip(smaller, len(arm.learned))
                    if drop is not None and self._as_good(drop, arm):
                        break
                    drop = None
            if drop is None:
                return Cure(arm=arm, trimmed=True)
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
