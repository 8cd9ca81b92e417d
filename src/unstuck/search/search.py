"""The smallest set of changes that makes it learn, and how the budget is spent.

Three roads lead to a cure, and all are taken as far as the budget goes: single changes, raced;
everything sensible at once, shrunk one change at a time (delta debugging) until each that is left is
needed; and all pairs, then triples, of what came furthest alone. What was found is measured again,
its necessity shown by leaving each change out, and the least invasive sets are kept. Verdicts on
single changes are sharpened with what time is left.
"""

from __future__ import annotations

import functools
import math
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from itertools import combinations, islice

from unstuck.goal import held_to
from unstuck.interventions import Changes, Intervention, compatible
from unstuck.interventions.epochs import Epochs

from .arms import Arm
from .budget import BudgetSpent
from .candidates import STEP, Candidate, likeliest, placebo, scales_together, strong_sets
from .common_advice import ENOUGH_UPDATES
from .costs import per_replica
from .experiment import ENDING, Experiment
from .few import Few
from .looks import Looks
from .memorisation import held_out_score
from .proof import KEPT, Cure, Proofs
from .ranking import CURED, SURE, Ranking
from .shrinking import Shrinking
from .verdicts import Verdicts
from .wholes import KEPT_BACK, have_room

NEARLY = 0.5
"""Share of replicas that learn with one change, from which on one more may be all that is missing."""
LEAST_EXTENSIONS = 8
"""So many changes are tried beside it, more where they cost little."""
LONGER = 4
"""So many times the epochs of a set that nearly cures are tried in their place."""
HELPFUL = 0.1
"""Share of the way to the yardstick that makes a change one that helps, if not enough."""
POOLS = ((2, 14), (3, 9))
"""Sizes of the sets that are tried exhaustively, and of the least pools that they are taken from."""
OPEN_SETS = 4
"""So many are tried for what the data may allow beyond plain methods, where one cures already."""
LONGEST_SHARE = 0.05
"""Most of the budget that one look at a longer training of everything at once may take."""
POOL_SHARE = 0.1
"""Share of the time left that larger pools may take, up to all single changes."""
LIKELY_SHARE = 0.25
"""The share of the budget up to which single changes that checks ask for come first in dear networks;
everything at once needs what is left, to be tried and shrunk."""
SEARCH_SHARE, PROOF_SHARE = 0.6, 0.8
"""Shares of the budget after which no more cures are sought, and no more proved."""
EXTEND_SHARE, LAST_PROOF_SHARE = 0.9, 0.97
"""The same for what is added to a repair that turned out to cure too few."""
FEW_SHARE = 0.85
"""Of what is left for a search with room for few trainings, after which what helps is proved."""
SIMPLIFY_SHARE = 0.85
"""The share up to which a cure that was proved whole is shrunk; a look and a proof come after it."""
SHARPEN_SHARE = 1.0 - ENDING
"""The same for further looks at open verdicts; what is left is for pictures."""


class Search:
    """One search in one experiment; `run` fills `proofs` and the arms, and stops in time.

    `left`: what would be tried next, where there was room for few trainings.
    """

    def __init__(
        self, experiment: Experiment, candidates: Sequence[Candidate], *, singles_only: bool = False
    ):
        self.experiment = experiment
        self.candidates = list(candidates)
        self.singles_only = singles_only
        self.ranking = Ranking(experiment)
        self.looks = Looks(experiment, len(self.candidates))
        self.proofs = Proofs(experiment, self.ranking, lambda: self.looks.replicas)
        self.verdicts = Verdicts(experiment, self.proofs, self.candidates)
        self.strongest: Arm | None = None
        self._shrunk = Shrinking(self.ranking, self.looks, self.candidates).shrink
        self._singles: list[Arm] = []
        self._likely: Few | None = None
        self.left: tuple[str, ...] = ()

    def run(self, *, sick: bool) -> None:
        """Search for cures if the control is sick, then prove them and sharpen the verdicts."""
        experiment = self.experiment
        experiment.plan(len(self.candidates))
        try:
            if experiment.horizon is not None or experiment.has_room_for_few:
                if sick:
                    self._likely = Few(
                        experiment, self.ranking, self.looks, self.proofs, self.candidates,
                        lambda arm: self._shrunk(arm, to_spare=False))
                    self._few(self._likely)
                return
            if not (sick and self.looks.are_dear):
                self._placebo()
            if sick:
                self.looks.in_time(SEARCH_SHARE, self._seek)
                if not self.ranking.ranked():  # with nothing to prove, there is time to seek on
                    self.looks.in_time(PROOF_SHARE, self._seek)
                self.looks.in_time(PROOF_SHARE, self._prove)
                best = max((cure.rate.share for cure in self.proofs.cures), default=0.0)
                if not self.singles_only:
                    if best < CURED - 0.05:
                        self.looks.in_time(EXTEND_SHARE, self._strengthen)
                        self.looks.in_time(LAST_PROOF_SHARE, self._prove)
                    elif self.experiment.costs.dear:
                        self.looks.in_time(SIMPLIFY_SHARE, self._simplify)
                        self.looks.in_time(EXTEND_SHARE, self._prove)
                self.looks.in_time(SHARPEN_SHARE, self._sharpen)
        except BudgetSpent:
            pass
        finally:
            experiment.progress.close()
        self.proofs.tell_by_heart()

    def another(self) -> Cure | None:
        """A cure that no training to the end was made of, where those that were do not last."""
        if self._likely is not None and not any(cure.whole is None for cure in self.proofs.offered):
            with suppress(BudgetSpent):
                self._few(self._likely)
            self.proofs.tell_by_heart()
        return next((cure for cure in self.proofs.offered if cure.whole is None), None)

    def _few(self, few: Few) -> None:
        """What is likely, first."""
        experiment = self.experiment
        share = KEPT_BACK if experiment.horizon is not None and have_room(experiment) else FEW_SHARE
        try:
            self.looks.of_the_rest(share, few.run)
            few.prove_a_help()
        finally:
            self.left = few.left

    def _placebo(self) -> None:
        arm = self.experiment.arm((placebo(),))
        if arm is not None and not len(arm.learned):
            deque(self.looks.at([arm]), maxlen=0)

    def _seek(self) -> None:
        experiment = self.experiment
        likely = likeliest(self.candidates)
        self._race(c.change for c in likely if c.stated and not c.change.oddity)
        if experiment.costs.dear:
            # Where every arm is dear, what is suspected may save the larger sets.
            self.looks.in_time(LIKELY_SHARE, lambda: self._race(c.change for c in likely))
        self._placebo()
        found = self.singles_only or self._settled([*self._singles, *self._scales(likely)])
        if not found:
            found = self._extend(self._singles)
        if found and self.ranking.is_modest and not self.singles_only:
            self._try_strong()
            found = self._settled(self._singles)
        if not found:
            self._try_strong()
            if self.strongest is not None:
                ample = self._shrunk(self.strongest, to_spare=self.ranking.margin(self.strongest))
                self._shrunk(ample, to_spare=False)
        needed = [c for arm in self.ranking.ranked()[:1] for c in arm.changes]
        self._race(dict.fromkeys([*needed, *(c.change for c in likely)]))
        self._briefly_if(self._cured_by(1), lambda: self._race(c.change for c in self.candidates))
        for size, pool in () if self.singles_only else POOLS:
            if not self._cured_by(size - 1):
                together = functools.partial(self._together, size, self._affordable_pool(size, pool))
                self._briefly_if(self._cured_by(size), together)

    def _cured_by(self, size: int) -> bool:
        """True where at most so many changes are a cure that nothing better need be sought for."""
        return self._settled(arm for arm in self.experiment.tried if len(arm.changes) <= size)

    def _briefly_if(self, cured: bool, work: Callable[[], object]) -> None:
        """Do that work; where it cannot find a smaller cure, for a little while."""
        if cured:
            self.looks.a_little(work)
        else:
            work()

    def _scales(self, likely: Sequence[Candidate]) -> list[Arm]:
        """A look at scales changed together, where checks ask for it."""
        scaled = scales_together(self.experiment.recipe, likely)
        if not scaled:
            return []
        return [arm for arms in self.looks.at([self.experiment.arm(scaled)]) for arm in arms]

    def _race(self, changes: Iterable[Intervention]) -> None:
        """A first look at each single change; what has failed is not tried again."""
        experiment = self.experiment
        checks = {c.change: c.checks for c in self.candidates}
        fresh = (arm for change in changes
                 if (change,) not in experiment.failed
                 and (arm := experiment.arm((change,), checks.get(change, ()))) is not None
                 and not len(arm.learned))
        for arms in self.looks.at(fresh):
            self._singles += arms

    def _try_strong(self) -> None:
        """Everything sensible at once; what it shows on rows held out is what all are held to."""
        experiment, budget = self.experiment, self.experiment.budget.seconds
        if self.strongest is not None:
            return
        experiment.progress.stage("everything sensible at once")
        room = math.inf if budget is None else LONGEST_SHARE * budget * experiment.costs.gain
        most = functools.partial(experiment.costs.room, room, self.looks.replicas)
        look = experiment.costs.per_training * self.looks.replicas
        costly = budget is not None and look > 0.01 * budget
        strength = self.ranking.strength
        # Of two changes of one thing, that which came further alone is the one to go with others.
        by_distance = sorted(self.candidates, key=lambda c: self.ranking.distance(c.change))
        sets = [self._helpful(), *strong_sets(experiment.recipe, experiment.goal, by_distance,
                                              most=most, widen=not costly)]
        tried: list[Arm] = []
        for arms in self.looks.at((experiment.arm(some) for some in sets if len(some) > 1), share=2):
            tried += arms
            good = any(self.ranking.cures(arm) and self.ranking.margin(arm) for arm in arms)
            beyond = any(self.ranking.is_beyond(arm.score) for arm in arms)
            if good and (not self.ranking.is_modest or beyond or len(tried) >= OPEN_SETS):
                break
        else:
            # What the budget cut short may only want time.
            short = sorted((arm for arm in tried if arm.recipe.updates < ENOUGH_UPDATES),
                           key=strength, reverse=True)
            for arms in self.looks.at(map(self._longer, short)):
                tried += arms
                if any(map(self.ranking.cures, arms)):
                    break
        self.strongest = max(tried, key=strength, default=None)
        furthest = max(tried, key=lambda arm: arm.score, default=None)
        if self.ranking.is_modest and furthest is not None and self.ranking.is_beyond(furthest.score):
            shown = held_out_score(experiment, furthest, folds=1)
            if shown is not None and self.ranking.is_beyond(shown):
                experiment.hold_to(held_to(experiment.goal, shown))

    def _helpful(self) -> Changes:
        """What brought the usual replica well nearer to the yardstick alone, as one set."""
        control, goal = self.experiment.control, self.experiment.goal
        start = control.score if math.isfinite(control.score) else goal.constant
        least = start + HELPFUL * (goal.aim - start)
        better = sorted((arm for arm in self._singles if arm.score >= least
                         and (arm.rate > control.rate or arm.score > control.score)),
                        key=lambda arm: self.ranking.distance(arm.changes[0]))
        taken: list[Intervention] = []
        for arm in better:
            if compatible([*taken, *arm.changes]):
                taken += arm.changes
        return tuple(taken)

    def _affordable_pool(self, size: int, least: int) -> int:
        """As many changes as a small share of the time left lets be combined, `least` at least."""
        experiment = self.experiment
        each = self.looks.replicas * experiment.costs.per_training + experiment.costs.compilation
        room = POOL_SHARE * min(experiment.left, 600.0) / each
        most = least
        while most < len(self._singles) and math.comb(most + 1, size) <= room:
            most += 1
        return most

    def _together(self, size: int, most: int) -> None:
        """All sets of that size of what came furthest alone and of what the best sets are made of.

        Changes that hide each other rescue nobody alone, so the pool is ordered by how far the
        usual replica came, not only by how many learned.
        """
        best = sorted(self._singles, key=lambda arm: (-arm.rate, -arm.score,
                                                      self.ranking.set_weight(arm.changes)))
        pool = [arm.changes[0] for arm in best]
        first: list[Intervention] = []
        for arm in self.ranking.ranked()[:2]:
            first += [change for change in arm.changes if change not in first]
        pool = [*first, *(change for change in pool if change not in first)][:most]
        place = {change: i for i, change in enumerate(pool)}
        sets = sorted(combinations(pool, size), key=lambda s: sum(place[c] for c in s))
        deque(self.looks.at(map(self.experiment.arm, filter(compatible, sets))), maxlen=0)

    def _extend(self, arms: Iterable[Arm]) -> bool:
        """Add one more change to the best arm, which nearly cures.

        First, where it trains longer as it is, still longer; then the step size, which decides most
        often how many of the seeds learn, then what checks ask for.

        Returns:
            Whether that made a cure that nothing better need be sought for.
        """
        experiment = self.experiment
        others = [c.change for c in sorted(self.candidates, key=lambda c: (
            c.change.kind not in STEP, not c.checks, self.ranking.distance(c.change)))]
        near = [arm for arm in arms if arm.rate >= NEARLY]
        base = min(near, key=self.ranking.key, default=None)
        if base is None:
            return False
        longer = self._longer(base)
        if longer is not None and any(map(self._settled, self.looks.at([longer]))):
            self._shrunk(longer, to_spare=False)
            return True
        sets = ((*base.changes, other) for other in others)
        room = self._affordable_pool(1, LEAST_EXTENSIONS)
        return any(map(self._settled, self.looks.at(
            islice(map(experiment.arm, filter(compatible, sets)), room))))

    def _strengthen(self) -> None:
        self._extend(self.ranking.ranked())

    def _simplify(self) -> None:
        """Shrink a cure that was proved before there was time to see what of it is needed."""
        for cure in self.proofs.cures[:1]:
            if len(cure.arm.changes) > 1 and not cure.trimmed:
                self._shrunk(cure.arm, to_spare=False)

    def _longer(self, arm: Arm) -> Arm | None:
        """The same changes with more epochs still, where more epochs are among them."""
        if not any(isinstance(change, Epochs) for change in arm.changes):
            return None
        recipe = self.experiment.recipe
        longer = self.experiment.arm(tuple(
            Epochs.enough(recipe, LONGER * change.value) if isinstance(change, Epochs) else change
            for change in arm.changes))
        if longer is not None and arm.population is not None:
            longer.expected = LONGER * per_replica(arm.population)
        return longer

    def _prove(self) -> None:
        self.proofs.prove(self.looks.until)

    def _sharpen(self) -> None:
        self.experiment.progress.stage("sharpening the verdicts")
        in_cures = {change for cure in self.proofs.cures for change in cure.arm.changes}
        self._race(sorted(in_cures, key=lambda change: change.label))
        self.verdicts.sharpen(self.looks, likely=True)
        self.looks.a_little(lambda: self.verdicts.sharpen(self.looks, likely=False))

    def _settled(self, arms: Iterable[Arm]) -> bool:
        """True where one of them is a cure that nothing better need be sought for.

        A first look of two or four replicas does not tell: the likeliest get up to `SURE`.
        """
        for arm in sorted(filter(self.ranking.solid, arms), key=self.ranking.key)[:KEPT]:
            enough = self.proofs.affordable(arm, SURE, parts=8)
            if len(arm.learned) < enough:
                self.experiment.run_or_skip(arm, enough)
            if self.ranking.solid(arm):
                return True
        return False
