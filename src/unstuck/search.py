"""The smallest set of changes that makes it learn, and how the budget is spent.

Three roads lead to a cure, and all are taken as far as the budget goes: single changes, raced;
everything sensible at once, shrunk one change at a time (delta debugging) until each that is left is
needed; and all pairs, then triples, of what came furthest alone. What was found is measured again,
its necessity shown by leaving each change out, and the least invasive sets are kept. Verdicts on
single changes are sharpened with what time is left.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import combinations, islice

import numpy as np

from unstuck.candidates import Candidate, placebo, strong_sets
from unstuck.interventions import Changes, Intervention, compatible
from unstuck.lab import Arm, BudgetSpent, Lab, names, trying
from unstuck.population import Population
from unstuck.stats import LOOKS, Rate, success_rate
from unstuck.trial import NEGLIGIBLE, USEFUL, Judged, in_company, judge

CURED = 0.95
"""Share of replicas that must learn before a set of changes counts as a cure (DESIGN: LEARNS)."""
TO_SPARE = 0.75
"""Share of the way from the yardstick to the ceiling that a repair with room to spare has gone."""
STEP = ("optimizer", "learning_rate")
NEARLY = 0.5
"""Share of replicas that learn with one change, from which on one more may be all that is missing."""
LEAST_EXTENSIONS = 8
"""So many changes are tried beside it, more where they cost little."""
HELPFUL = 0.1
"""Share of the way to the yardstick that makes a change one that helps, if not enough."""
SURE = 16
"""Replicas of which all must learn before the search for a cure ends with it."""
KEPT = 3
"""Most repairs that are proved."""
PROOF = 1024
"""Replicas of a proof on fresh seeds, where they cost next to nothing."""
ARM_SHARE = 0.12
"""Most of the budget that the first look at one arm may take."""
POOLS = ((2, 14), (3, 9))
"""Sizes of the sets that are tried exhaustively, and of the least pools that they are taken from."""
TRIM_SHARE = 0.5
"""Most of the time left that may go into showing each change of a cure necessary."""
LONGEST_SHARE = 0.05
"""Most of the budget that one look at a longer training of everything at once may take."""
POOL_SHARE = 0.1
"""Share of the time left that larger pools may take, up to all single changes."""
SEARCH_SHARE, PROOF_SHARE = 0.6, 0.8
"""Shares of the budget after which no more cures are sought, and no more proved."""
EXTEND_SHARE, LAST_PROOF_SHARE = 0.9, 0.97
"""The same for what is added to a repair that turned out to cure too few."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Cure:
    """A set of changes, the rates without each of them, and its rate on fresh seeds."""

    arm: Arm
    without: tuple[float, ...] = ()
    necessary: tuple[bool, ...] = ()
    proof: Population | None = None
    rate: Rate = field(default_factory=lambda: success_rate(np.zeros(0, dtype=bool)))


class Search:
    """One search in one lab; `run` fills `cures` and the lab's arms, and stops in time."""

    def __init__(self, lab: Lab, candidates: Sequence[Candidate], *, singles_only: bool = False):
        self.lab = lab
        self.candidates = list(candidates)
        self.singles_only = singles_only
        self.cures: list[Cure] = []
        self.strongest: Arm | None = None
        self._singles: list[Arm] = []
        self._until = math.inf

    @property
    def look(self) -> int:
        """Replicas of the first look at an arm: as many as let every arm have one, 2 to 64."""
        lab = self.lab
        share = 0.4 * min(lab.budget.seconds or 120.0, max(lab.left, 1.0))
        for_one = share / (len(self.candidates) + 16) - lab.compilation / lab.beside
        affordable = for_one * lab.beside / lab.per_training
        wanted = int(2 ** math.floor(math.log2(min(64.0, max(2.0, affordable)))))
        return min(lab.most, max(wanted, min(lab.least, 64)))

    def run(self, *, sick: bool) -> None:
        """Search for cures if the control is sick, then prove them and sharpen the verdicts."""
        lab = self.lab
        lab.plan(len(self.candidates))
        try:
            self._race([placebo()])
            if sick:
                self._in_time(SEARCH_SHARE, self._seek)
                self._in_time(PROOF_SHARE, self._prove)
                if not self.singles_only and max((c.rate.share for c in self.cures), default=0.0
                                                 ) < CURED - 0.05:
                    self._in_time(EXTEND_SHARE, lambda: self._extend(self._ranked()))
                    self._in_time(LAST_PROOF_SHARE, self._prove)
                self._sharpen()
        except BudgetSpent:
            pass
        finally:
            lab.progress.close()

    def _in_time(self, share: float, work: Callable[[], object]) -> None:
        budget = self.lab.budget.seconds
        self._until = math.inf if budget is None else budget * share
        with suppress(_Enough):
            work()

    def _check_time(self) -> None:
        if self.lab.spent > self._until:
            raise _Enough

    def _seek(self) -> None:
        lab = self.lab
        self._race(c.change for c in self.candidates if c.certain)
        if lab.beside > 1:
            # Where every arm is dear, what is suspected may save the larger sets.
            self._race(c.change for c in self.candidates if c.checks)
        found = self.singles_only or self._settled(self._singles)
        if not found and any(arm.rate >= NEARLY for arm in self._singles):
            found = self._extend(self._singles)
        if not found:
            lab.progress.stage("everything sensible at once")
            self._try_strong()
            if self.strongest is not None:
                ample = self._shrink(self.strongest, to_spare=self._margin(self.strongest))
                self._shrink(ample, to_spare=False)
        needed = [c for arm in self._ranked()[:1] for c in arm.changes]
        asked = [c.change for c in self.candidates]
        self._race(dict.fromkeys([*needed, *asked]))
        for size, pool in () if self.singles_only else POOLS:
            if not self._settled(arm for arm in lab.tried if len(arm.changes) < size):
                self._together(size, self._affordable_pool(size, pool))

    def _race(self, changes: Iterable[Intervention]) -> None:
        """A first look at each single change."""
        lab = self.lab
        checks = {c.change: c.checks for c in self.candidates}
        fresh = (arm for change in changes
                 if (arm := lab.arm((change,), checks.get(change, ()))) is not None
                 and not len(arm.learned))
        for arms in self._looks(fresh):
            self._singles += arms

    def _looks(self, arms: Iterable[Arm | None], *, share: float = 1.0) -> Iterator[list[Arm]]:
        """A first look at each arm that is not too long, as many at a time as the lab runs best.

        Yields the arms that could be run; `share` is how often one's usual share each may take.
        """
        lab = self.lab
        known = (arm for arm in arms if arm is not None)
        while True:
            self._check_time()
            look, few = self.look, list(islice(known, lab.beside))
            if not few:
                return
            few = [arm for arm in dict.fromkeys(few)
                   if len(arm.learned) or not self._too_long(arm, look, share)]
            if few:
                lab.progress.stage(trying(few), look)
                lab.run_all(few, look, limit=share * self._share)
            yield [arm for arm in few if len(arm.learned)]

    @property
    def _share(self) -> float:
        """Seconds that one arm's look may take."""
        budget = self.lab.budget.seconds
        return math.inf if budget is None else ARM_SHARE * budget

    def _too_long(self, arm: Arm, replicas: int, share: float = 1.0) -> bool:
        """An arm that would eat too much of the budget on its own is left out, and said to be."""
        budget = self.lab.budget.seconds
        if budget is None or self.lab.cost(arm, replicas) <= share * self._share:
            return False
        self.lab.untestable[names(arm.changes)] = (
            f"one look at it would take about {self.lab.cost(arm, replicas):.0f} s of the budget")
        return True

    def _try_strong(self) -> None:
        lab, budget = self.lab, self.lab.budget.seconds
        per_update = lab.per_training / max(1, lab.recipe.updates)
        room = math.inf if budget is None else (
            LONGEST_SHARE * budget * lab.beside / max(1e-9, per_update * self.look))
        most = int(min(1e6, max(lab.recipe.updates, room)))
        costly = budget is not None and lab.per_training * self.look > 0.01 * budget
        # Of two changes of one thing, that which came further alone is the one to go with others.
        by_distance = sorted(self.candidates, key=lambda c: self._distance(c.change))
        sets = [self._helpful(), *strong_sets(lab.recipe, lab.goal, by_distance,
                                              most_updates=most, widen=not costly)]
        for arms in self._looks((lab.arm(some) for some in sets if len(some) > 1), share=2):
            for arm in arms:
                if self.strongest is None or self._strength(arm) > self._strength(self.strongest):
                    self.strongest = arm
            if any(self._cures(arm) and self._margin(arm) for arm in arms):
                return

    def _distance(self, change: Intervention) -> tuple[float, float]:
        """How far a change came alone, the furthest first; what was not tried is as the control."""
        arm, control = self.lab.arm((change,)), self.lab.control
        tried = arm if arm is not None and len(arm.learned) else control
        return -tried.rate, -tried.score

    def _helpful(self) -> Changes:
        """What brought the usual replica well nearer to the yardstick alone, as one set."""
        control, goal = self.lab.control, self.lab.goal
        start = control.score if math.isfinite(control.score) else goal.constant
        least = start + HELPFUL * (goal.threshold - start)
        better = sorted((arm for arm in self._singles if arm.score >= least
                         and (arm.rate > control.rate or arm.score > control.score)),
                        key=lambda arm: self._distance(arm.changes[0]))
        taken: list[Intervention] = []
        for arm in better:
            if compatible([*taken, *arm.changes]):
                taken += arm.changes
        return tuple(taken)

    def _strength(self, arm: Arm) -> tuple[bool, bool, float, float]:
        return self._cures(arm), self._margin(arm), arm.rate, arm.score

    def _shrink(self, arm: Arm, *, to_spare: bool) -> Arm:
        """Leave out one change at a time, the most invasive first, as long as it still learns.

        With `to_spare`, as long as it learns as well as the data allows, not just well enough.

        Returns:
            The arm of what is left.
        """
        if arm.rate < 0.5:
            return arm
        lab = self.lab
        kept = list(arm.changes)
        level = min(CURED, arm.rate) - 0.05

        def well(smaller: Arm) -> bool:
            return smaller.rate >= level and (not to_spare or self._margin(smaller))

        def enough(without: Sequence[Intervention]) -> list[bool]:
            """For each of these changes, whether the set learns without it."""
            smaller = [lab.arm(tuple(c for c in kept if c is not change)) for change in without]
            if len(kept) > 1:
                deque(self._looks(smaller, share=2), maxlen=0)
            return [one is not None and len(kept) > 1 and well(one) for one in smaller]

        asked_for = {part for c in self.candidates if c.checks for part in c.change.conflicts}
        rest = [change for change in kept if not change.conflicts & asked_for]
        if rest and len(rest) < len(kept):
            # What no check has asked for may all be idle: one look, instead of one for each.
            asked = lab.arm(tuple(c for c in kept if c not in rest))
            deque(self._looks([asked], share=2), maxlen=0)
            if asked is not None and well(asked):
                kept = list(asked.changes)
        for few in self._few(tuple(kept)):
            fine = [change for change, idle in zip(few, enough(few), strict=True) if idle]
            # Each may be left out alone; whether also together is seen one by one.
            for i, change in enumerate(fine):
                if i == 0 or enough([change])[0]:
                    kept.remove(change)
        return lab.arm(tuple(kept)) or arm

    def _affordable_pool(self, size: int, least: int) -> int:
        """As many changes as a small share of the time left lets be combined, `least` at least."""
        lab = self.lab
        each = self.look * lab.per_training + lab.compilation
        room = POOL_SHARE * min(lab.left, 600.0) / each
        most = least
        while most < len(self._singles) and math.comb(most + 1, size) <= room:
            most += 1
        return most

    def _few(self, changes: Changes) -> Iterator[list[Intervention]]:
        """The changes, the most invasive first, as many at a time as the lab runs best."""
        heaviest = iter(sorted(changes, key=self._weight, reverse=True))
        while few := list(islice(heaviest, self.lab.beside)):
            yield few

    def _together(self, size: int, most: int) -> None:
        """All sets of that size of what came furthest alone and of what the best sets are made of.

        Changes that hide each other rescue nobody alone, so the pool is ordered by how far the
        usual replica came, not only by how many learned.
        """
        best = sorted(self._singles, key=lambda arm: (-arm.rate, -arm.score,
                                                      self._set_weight(arm.changes)))
        pool = [arm.changes[0] for arm in best if arm.changes[0].kind != "placebo"]
        first: list[Intervention] = []
        for arm in self._ranked()[:2]:
            first += [change for change in arm.changes if change not in first]
        pool = [*first, *(change for change in pool if change not in first)][:most]
        place = {change: i for i, change in enumerate(pool)}
        sets = sorted(combinations(pool, size), key=lambda s: sum(place[c] for c in s))
        deque(self._looks(map(self.lab.arm, filter(compatible, sets))), maxlen=0)

    def _extend(self, arms: Iterable[Arm]) -> bool:
        """Add one more change to the best arm, which falls short.

        First the step size, which decides most often how many of the seeds learn, then what checks
        ask for.

        Returns:
            Whether that made a cure that nothing better need be sought for.
        """
        lab = self.lab
        others = [c.change for c in sorted(self.candidates, key=lambda c: (
            c.change.kind not in STEP, not c.checks, self._distance(c.change)))]
        for base in sorted(arms, key=self._key)[:1]:
            sets = ((*base.changes, other) for other in others)
            room = self._affordable_pool(1, LEAST_EXTENSIONS)
            for looked in self._looks(islice(map(lab.arm, filter(compatible, sets)), room)):
                if self._settled(looked):
                    return True
        return False

    def _prove(self) -> None:
        """Measure the best sets again, show each change necessary, and try them on fresh seeds."""
        lab = self.lab
        ranked = self._ranked()
        count = 3 * KEPT if lab.per_training * lab.most * 3 * KEPT < 0.05 * lab.left else 2
        finalists: list[Arm] = []
        for arm in ranked[:count]:
            if finalists and lab.spent > self._until:
                break
            more = self._affordable(arm, lab.most, parts=4 * count)
            if lab.run_or_skip(arm, max(more, len(arm.learned))) is None:
                continue
            finalists.append(arm)
        known = [cure.arm for cure in self.cures]
        shown: list[Changes] = []
        for arm in sorted(finalists, key=self._key):
            if len(self.cures) >= KEPT or any(set(s) <= set(arm.changes) for s in shown):
                continue
            if arm.rate < min(CURED, self._best_rate(finalists)) - 0.02 or arm.rate < 0.5:
                continue
            cure = self._trimmed(arm)
            if cure.arm in known or any(set(s) <= set(cure.arm.changes) for s in shown):
                continue
            fresh = self._affordable(cure.arm, PROOF, parts=6)
            lab.progress.stage(f"proving {names(cure.arm.changes)} on fresh seeds", fresh)
            proof = lab.fresh(cure.arm, fresh)
            learned = lab.goal.learned(proof)
            self.cures.append(Cure(arm=cure.arm, without=cure.without, necessary=cure.necessary,
                                   proof=proof, rate=success_rate(learned)))
            shown.append(cure.arm.changes)
        self.cures.sort(key=lambda cure: cure.rate.share < CURED - 0.05)

    def _trimmed(self, arm: Arm) -> Cure:
        """The set without what it does not need, and its rate without each change it does."""
        lab = self.lab
        while len(arm.changes) > 1 and not self._too_dear_to_trim(arm):
            rates, drop = [], None
            for change in sorted(arm.changes, key=self._weight, reverse=True):
                smaller = lab.arm(tuple(c for c in arm.changes if c is not change))
                if smaller is not None:
                    smaller = lab.run_or_skip(smaller, min(len(arm.learned), 64))
                rates.append((change, 0.0 if smaller is None else smaller.rate))
                if smaller is not None and self._as_good(smaller, arm):
                    drop = lab.run_or_skip(smaller, len(arm.learned))
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
        lab = self.lab
        looks = lab.cost(arm, min(len(arm.learned), 64)) + lab.compilation
        return len(arm.changes) * looks > TRIM_SHARE * lab.left

    def _as_good(self, smaller: Arm, arm: Arm) -> bool:
        return smaller.rate >= arm.rate - 0.01 and self._margin(smaller) >= self._margin(arm)

    def _sharpen(self) -> None:
        """Give further looks to the arms whose verdict is open, those in a cure first."""
        lab = self.lab
        lab.progress.stage("sharpening the verdicts")
        in_cures = {change for cure in self.cures for change in cure.arm.changes}
        self._until = math.inf
        self._race(sorted(in_cures, key=lambda change: change.label))
        while True:
            judged = self.judged()
            open_arms = [j for j in judged
                         if len(j.trial.treatment) < self._most(j) and self._may_change(j)]
            if not open_arms:
                return
            grown = False
            for j in sorted(open_arms, key=lambda j: (j.trial.changes[0] not in in_cures,
                                                      len(j.trial.treatment), -j.effect.difference)):
                arm = lab.arm(j.trial.changes)
                if arm is None:
                    continue
                target = min(next(n for n in LOOKS if n > len(arm.learned)), self._most(j))
                if lab.cost(arm, target - len(arm.learned)) > max(0.0, lab.left):
                    continue
                lab.progress.stage(f"sharpening the verdict on {names(arm.changes)}", target)
                grown = lab.run_or_skip(arm, target) is not None or grown
            if not grown:
                return

    @staticmethod
    def _may_change(judged: Judged) -> bool:
        """True where more replicas may lead to another verdict."""
        effect = judged.effect.difference
        return (judged.verdict == "undecided"
                or (judged.verdict == "contributes" and effect >= USEFUL)
                or (judged.verdict == "acquitted" and effect < -NEGLIGIBLE))

    def _most(self, judged: Judged) -> int:
        """Replicas at which an arm is left alone: more where few more seconds would decide it."""
        lab, budget = self.lab, self.lab.budget.seconds
        quick = budget is None or lab.spent < 0.3 * budget
        near = judged.to_decide is not None and judged.to_decide <= PROOF
        return max(lab.most, PROOF) if near and quick and lab.most >= 256 else lab.most

    def judged(self) -> list[Judged]:
        """Every single change that was tried, with its verdict; needed ones in company."""
        arms = [arm for arm in self.lab.tried if len(arm.changes) == 1]
        found = judge([self.lab.trial(arm) for arm in arms])
        company: dict[Intervention, tuple[str, ...]] = {}
        for cure in self.cures:
            for change, needed in zip(cure.arm.changes, cure.necessary, strict=False):
                others = tuple(c.label for c in cure.arm.changes if c is not change)
                if needed and change not in company:
                    company[change] = others
        return [in_company(j, company[j.trial.changes[0]])
                if j.trial.changes[0] in company else j for j in found]

    def _affordable(self, arm: Arm, wanted: int, *, parts: int) -> int:
        """Replicas of an arm that one of so many parts of the time left allows, a power of two."""
        if not math.isfinite(self.lab.left):
            return wanted
        count = self.look
        while 2 * count <= wanted and self.lab.cost(arm, 2 * count) <= self.lab.left / parts:
            count *= 2
        return count

    def _ranked(self) -> list[Arm]:
        return sorted((arm for arm in self.lab.tried if arm.rate > 0.5
                       and not any(c.kind == "placebo" for c in arm.changes)), key=self._key)

    def _key(self, arm: Arm) -> tuple[float, ...]:
        """Best first: learns at all, learns with room to spare, then the least invasive."""
        return (-self._grade(arm), self._set_weight(arm.changes), -arm.rate)

    def _grade(self, arm: Arm) -> int:
        count, rate = len(arm.learned), arm.rate
        if count < SURE:
            rate = (rate * count + 0.5) / (count + 1)  # two of two say less than 15 of 16
        return sum((rate >= 0.9, rate >= CURED - 0.01, rate >= 0.985, self._margin(arm)))

    def _margin(self, arm: Arm) -> bool:
        """True where the usual replica is well past the yardstick, near what the data allows."""
        goal = self.lab.goal
        room = max(0.0, goal.ceiling - goal.threshold)
        return arm.score >= goal.threshold + TO_SPARE * room - 1e-9

    def _cures(self, arm: Arm) -> bool:
        return arm.rate >= CURED - 0.05 and len(arm.learned) > 0

    def _solid(self, arm: Arm) -> bool:
        return arm.rate >= 0.985 and self._margin(arm)

    def _settled(self, arms: Iterable[Arm]) -> bool:
        """True where one of them is a cure that nothing better need be sought for.

        A first look of two or four replicas does not tell: the likeliest get up to `SURE`.
        """
        for arm in sorted(filter(self._solid, arms), key=self._key)[:KEPT]:
            enough = self._affordable(arm, SURE, parts=8)
            if len(arm.learned) < enough:
                self.lab.run_or_skip(arm, enough)
            if self._solid(arm):
                return True
        return False

    @staticmethod
    def _best_rate(arms: Sequence[Arm]) -> float:
        return max((arm.rate for arm in arms), default=0.0)

    def _weight(self, change: Intervention) -> float:
        longer = self.lab.arm((change,))
        factor = 1.0 if longer is None else longer.recipe.updates / max(1, self.lab.recipe.updates)
        return change.cost + math.log10(max(1.0, factor))

    def _set_weight(self, changes: Changes) -> float:
        return sum(self._weight(change) for change in changes)


class _Enough(Exception):
    """This part of the search has had its share of the budget."""
