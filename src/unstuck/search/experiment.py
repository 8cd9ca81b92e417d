"""Where trials are run: populations of changed recipes, on shared seeds, within a budget.

The experiment remembers every population it has trained, so that asking for more replicas of an arm
trains only what is missing. It knows what time is left and when to stop; what a training costs,
its `costs`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from unstuck.base.errors import NotSupported, in_a_line
from unstuck.base.progress import Progress
from unstuck.base.stats import LOOKS, PLANNED, Rate
from unstuck.goal import Goal
from unstuck.interventions import Changes, apply_all
from unstuck.network.horizon import Horizon
from unstuck.network.recipe import Recipe
from unstuck.population.choice import engine_for
from unstuck.population.chunks import Chunks, TooLong
from unstuck.population.native_engine.engine import WIDEST_BLOCK
from unstuck.population.population import Engine, Population
from unstuck.population.threads import side_by_side

from .arms import Arm, names, trying
from .budget import Budget, BudgetSpent
from .costs import Costs
from .pace import first_engine
from .so_far import so_far
from .trial import Trial

FEW = 100
"""Trainings, each as long as the script's, from which on every single change can be looked at."""
ENDING = 0.06
"""Share of the budget in which no search begins anything: it is kept for what is drawn."""
SPARE_SHARE = 0.05
"""Share of the budget that pictures may take where nothing of it is left."""
OVERTIME = 5.0
"""Seconds after the budget's end until which pictures may begin, whatever their share."""
FRESH = 1_000_000
"""First seed of the replicas that no search ever sees."""
SEEDS_APART = 10_000_019
"""What one base seed is from the next in a replica's seed."""


class Experiment:
    """Trains arms of one recipe against one yardstick.

    Args:
        recipe: the recipe as captured: the control.
        goal: the yardstick.
        budget: what it may cost.
        seed: added to every replica's number.
        replicas: most replicas of any arm.
        threads: most threads; all cores by default.
        progress: told what is going on.
        chunks: what trains, keeps and remembers; by default this process, which forgets.
        horizon: where each training ends; by default where the script's own does. Changes are made to
            the whole `recipe`; what arms hold, and train, is its first updates.
    """

    def __init__(
        self, recipe: Recipe, goal: Goal, *, budget: Budget, seed: int = 0,
        replicas: int = 256, threads: int | None = None, progress: Progress | None = None,
        chunks: Chunks | None = None, horizon: Horizon | None = None,
    ) -> None:
        self.horizon = horizon
        self.recipe, self.goal, self.budget, self.most = recipe, goal, budget, replicas
        self.progress = progress or Progress()
        self._seed, self._threads = seed * SEEDS_APART, threads
        self._chunks = chunks or Chunks()
        self._clock = self._chunks.clock
        self._arms: dict[Changes, Arm] = {}
        self._by_signature: dict[str, Arm] = {}
        self._lock = threading.Lock()
        self.trainings = self.steps = 0
        self.untestable: dict[str, str] = {}
        self.failed: set[Changes] = set()
        self.proved: Rate | None = None  # of the best repair so far, for whoever watches
        self.control = Arm(changes=(), recipe=self.shortened(recipe))
        self.costs = Costs(self.control, threads=threads, counted=budget.seconds is None)
        self.planned = PLANNED
        self.engine_note: str | None = None

    def shortened(self, recipe: Recipe) -> Recipe:
        """What is trained of a whole training."""
        return recipe if self.horizon is None else self.horizon.of(recipe)

    def whole(self, arm: Arm) -> Recipe:
        """An arm's training to its end."""
        return arm.recipe if self.horizon is None else apply_all(arm.changes, self.recipe)

    @property
    def spent(self) -> float:
        """Seconds since the experiment was opened."""
        return self._clock.spent

    @property
    def left(self) -> float:
        """Seconds left; infinite where only trainings are counted."""
        return np.inf if self.budget.seconds is None else self.budget.seconds - self.spent

    @property
    def trainings_left(self) -> float:
        """Trainings left; infinite where only time is counted."""
        most = self.budget.trainings
        return np.inf if most is None else max(0, most - self.trainings)

    @property
    def has_room_for_few(self) -> bool:
        """True where the budget has room for so few trainings that the likeliest sets come first."""
        most = self.budget.trainings
        if most is not None and most < FEW:
            return True
        return self.costs.per_training > 0 and self.costs.affordable(self.left) < FEW

    @property
    def has_some_left(self) -> bool:
        """True where a search has ended before its budget."""
        seconds = self.budget.seconds
        return self.trainings_left > 0 and (seconds is None or self.left > ENDING * seconds)

    def hold_to(self, goal: Goal) -> None:
        """Judge by this yardstick from now on, also what was trained before: its scores stay."""
        self.goal = goal
        for arm in {id(arm): arm for arm in (self.control, *self._arms.values())}.values():
            if arm.population is not None:
                arm.learned = goal.learned(arm.population)

    def arm(self, changes: Changes, checks: tuple[str, ...] = ()) -> Arm | None:
        """The arm of these changes, or of others that come to the same training; `None` where they
        cannot be made here.
        """
        key = tuple(sorted(changes, key=lambda change: change.label))
        if key not in self._arms:
            try:
                recipe = self.shortened(apply_all(key, self.recipe))
            except NotSupported as error:
                self.untestable[names(key)] = str(error)
                return None
            known = self._by_signature.get(recipe.signature)
            if known is not None and 0 < len(key) < len(known.changes):
                known.changes = key  # one name for what had been written as several changes
            self._arms[key] = known or Arm(changes=key, recipe=recipe, checks=checks)
            self._by_signature.setdefault(recipe.signature, self._arms[key])
        arm = self._arms[key]
        arm.checks = tuple(dict.fromkeys((*arm.checks, *checks)))
        return arm

    def run(
        self, arm: Arm, replicas: int, *, probes: bool = False, limit: float = np.inf,
        tell: Callable[[int], None] | None = None, among: int = 1,
    ) -> Arm:
        """Bring an arm to that many replicas (and the control, which is paired with it).

        Args:
            arm: the arm.
            replicas: how many it shall have; nothing is trained if it has them.
            probes: take the probes' readings.
            limit: seconds after which it is given up.
            tell: called with the replicas done instead of the experiment's own progress, in threads.
            among: so many arms are run at this time.

        Raises:
            BudgetSpent: before anything is trained that does not fit any more.
            TooLong: the limit was reached.
            NotSupported: this arm cannot be trained.
        """
        self._pair([arm], replicas)
        have = len(arm.learned)
        if have >= replicas:
            return arm
        population = self._train(arm, range(have, replicas), probes=probes, limit=limit,
                                 tell=tell, among=among)
        if arm is not self.control:
            self.costs.note(population)
        learned = np.concatenate([arm.learned, self.goal.learned(population)])
        whole = population if arm.population is None else arm.population.joined(population)
        # In one step, so that Ctrl-C finds the arm either as it was or as it shall be.
        vars(arm).update(population=whole, learned=learned, seconds=arm.seconds + population.seconds)
        return arm

    @property
    def first(self) -> int:
        """Replicas of the control that cost as much as one, by what is known before any is trained."""
        engine, _ = self._engine_for(self.control.recipe)
        return WIDEST_BLOCK if engine.name == "native" else 1

    def _engine_for(self, recipe: Recipe) -> tuple[Engine, str | None]:
        """The control's engine, and why a faster one would not do."""
        known = self.control.population
        if known is None:
            return first_engine(recipe, self.budget, self._threads)
        return engine_for(recipe, like=known.engine, threads=self._threads,
                          timed=self.budget.seconds is not None)

    def run_all(
        self, arms: Iterable[Arm | None], replicas: int, *, limit: float = np.inf
    ) -> None:
        """`run_or_skip` for several arms, `beside` of them at a time."""
        asked = [arm for arm in dict.fromkeys(arms) if arm is not None
                 and len(arm.learned) < replicas]
        if self.costs.beside == 1 or len(asked) < 2:
            for arm in asked:
                self.run_or_skip(arm, replicas, limit=limit)
            return
        self._pair(asked, replicas)
        self.progress.advance(0)
        side_by_side(
            lambda i, tell: self.run_or_skip(asked[i], replicas, limit=limit, tell=tell,
                                              among=len(asked)),
            range(len(asked)), threads=self.costs.beside, first_alone=False,
            progress=lambda done: self._glance(done // len(asked), replicas))

    def _pair(self, arms: Sequence[Arm], replicas: int) -> None:
        """Bring the control to as many replicas as these arms are to have."""
        if self.control in arms or len(self.control.learned) >= replicas:
            return
        self.progress.stage("your script as it is, more often", replicas)
        self.run(self.control, replicas, probes=True)
        self.progress.stage(trying(arms), replicas)

    def run_or_skip(
        self, arm: Arm | None, replicas: int, *, limit: float = np.inf,
        tell: Callable[[int], None] | None = None, among: int = 1,
    ) -> Arm | None:
        """`run`, with an arm that cannot be trained noted and left out."""
        if arm is None:
            return None
        try:
            return self.run(arm, replicas, limit=limit, tell=tell, among=among)
        except (BudgetSpent, KeyboardInterrupt):
            raise
        except TooLong as error:
            self.untestable[names(arm.changes)] = str(error)
            arm.given_up = replicas
            return None
        except Exception as error:
            self.untestable[names(arm.changes)] = in_a_line(error)
            self.failed.add(arm.changes)
            with self._lock:
                self._arms = {key: known for key, known in self._arms.items() if known is not arm}
            return None

    def fresh(
        self, arm: Arm, replicas: int, *, start: int = 0, goal: Goal | None = None
    ) -> Population:
        """The arm on seeds that no search has seen, scored by `goal`, by default the experiment's own.

        Raises as `run`.
        """
        # Where there is room for few trainings, none goes into readings that only pictures show.
        probes = start == 0 and self.horizon is None
        return self._train(arm, range(FRESH + start, FRESH + start + replicas), probes=probes,
                           goal=goal)

    def aside(
        self, recipe: Recipe, seeds: Sequence[int], *, weights: bool = False,
        goal: Goal | None = None,
    ) -> Population | None:
        """Replicas that no verdict rests on, for pictures: their weights are kept on request.

        They are judged by `goal`, by default the experiment's own.

        Returns:
            They, in the order of `seeds`; `None` where they cannot be trained, would take too many
            trainings, or take longer than `spare`.
        """
        most = np.inf if self.budget.seconds is None else self.spare
        try:
            self._take(len(seeds), recipe)
        except BudgetSpent:
            return None
        begun = self.spent

        def tell(done: int, of: int) -> None:
            if self.spent - begun > most:
                raise TooLong("it took too long for a picture")

        try:
            engine, _ = self._engine_for(recipe)
            population = engine.train(recipe, list(seeds), goal or self.goal, probes=False,
                                      keep_weights=weights, progress=tell)
        except (TooLong, NotSupported, ValueError):
            self._take(-len(seeds), recipe)
            return None
        return population

    def _take(self, replicas: int, recipe: Recipe) -> None:
        """Count trainings before they begin, so that several arms at a time cannot take too many.

        Raises BudgetSpent where so many are not left; a negative number gives some back.
        """
        with self._lock:
            most = self.budget.trainings
            if replicas > 0 and most is not None and self.trainings + replicas > most:
                raise BudgetSpent
            self.trainings += replicas
            self.steps += replicas * recipe.updates

    @property
    def spare(self) -> float:
        """Seconds that pictures may take: half of what is left, or a small share of the whole; all
        together not much longer than the budget.
        """
        whole = self.budget.seconds or 120.0
        room = self.left + OVERTIME
        return min(max(0.0, room), max(SPARE_SHARE * whole, 0.5 * min(self.left, whole)))

    def _train(
        self, arm: Arm, numbers: range, *, probes: bool, limit: float = np.inf,
        tell: Callable[[int], None] | None = None, among: int = 1, goal: Goal | None = None,
    ) -> Population:
        if self.left <= 0:
            raise BudgetSpent
        seeds = [self._seed + n for n in numbers]
        with self._chunks.choosing(arm.recipe, seeds, probes=probes):
            engine, refused = self._engine_for(arm.recipe)
        if not arm.changes:
            self.engine_note = refused
            self.costs.given_out(self._chunks.given_out(engine, arm.recipe))
        have = numbers.start if numbers.start < FRESH else 0
        self._take(len(numbers), arm.recipe)
        try:
            return self._chunks.train(
                engine, arm.recipe, seeds, goal or self.goal, probes=probes,
                progress=self._watch(len(numbers), limit, tell or (
                    lambda done: self._glance(have + done, have + len(numbers)))), left=self.left,
                among=among,
            )
        except BaseException:
            self._take(-len(numbers), arm.recipe)
            raise

    def _watch(
        self, replicas: int, limit: float, tell: Callable[[int], None]
    ) -> Callable[[int, int], None]:
        begun = self.spent
        tell(0)

        def watch(done: int, of: int) -> None:
            if self.left <= 0:
                raise BudgetSpent
            if self.spent - begun > limit:
                raise TooLong(f"it took more than {limit:.0f} s of the budget")
            tell(min(replicas, replicas * done // max(1, of)))

        return watch

    def _glance(self, done: int, of: int) -> None:
        self.progress.budget(self.left)
        self.progress.advance(done, so_far(self.control, self.tried, self.proved), of)

    def plan(self, arms: int) -> None:
        """Fix, before any outcome is seen, how many pairs the looks at so many arms aim at.

        As many as half the time left allows, by what a control replica costs: what an arm turns
        out to do has no part in it, so the intervals stay valid.
        """
        each = self.costs.per_training
        room = 0.5 * self.left / max(1, arms) / each if each else np.inf
        self.planned = max([n for n in LOOKS if n <= min(room, PLANNED)], default=LOOKS[0])

    def trial(self, arm: Arm) -> Trial:
        """The arm against the control on the same seeds."""
        count = len(arm.learned)
        return Trial(changes=arm.changes, control=self.control.learned[:count],
                     treatment=arm.learned, checks=arm.checks, seconds=arm.seconds,
                     planned=self.planned)

    @property
    def tried(self) -> list[Arm]:
        """Every arm with at least one replica, the control left out."""
        arms = {id(arm): arm for arm in self._arms.values() if len(arm.learned)}
        return list(arms.values())
