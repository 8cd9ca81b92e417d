"""Whole diagnoses whose trainings are drawn: the real search, experiment, trials and statistics.

Each change has a known effect, and whether a replica learns is drawn from it and from luck that its
seed may share with the control, instead of being trained. Everything else is the code that users run:
which arm is looked at when, for how long, when it stops, what is said. Time is counted, not taken.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from unstuck.goal import Goal
from unstuck.interventions import Intervention
from unstuck.network.recipe import Recipe
from unstuck.population.chunks import Chunks, Clock
from unstuck.population.population import Engine, Population, Progress, Yardstick
from unstuck.script import Edit, Script
from unstuck.search.budget import Budget
from unstuck.search.candidates import Candidate
from unstuck.search.experiment import FRESH, Experiment
from unstuck.search.ranking import CURED
from unstuck.search.search import Search
from unstuck.search.trial import Judged

BLOCK = 32
FIRST = 64
"""Replicas of the control before anything is searched, as for a small network."""
SEEDS = 4096
SHARED = 0.5
"""Share of the seeds whose luck a change leaves as it is; it makes the pairs correlated."""
BASES = (0.0, 0.05, 0.2, 0.5, 0.8)
EFFECTS = (-0.2, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8)
IDLE = 11
"""Changes of a mixed diagnosis that do nothing; with the effects and the placebo about 20 arms."""


@dataclass(frozen=True, kw_only=True)
class Change(Intervention):
    """A change known by its number; all it does to a recipe is to give the batches another order."""

    kind: ClassVar[str] = "other"
    cost: ClassVar[float] = 1
    number: int

    @property
    def label(self) -> str:
        """Its number."""
        return f"change {self.number}"

    @property
    def conflicts(self) -> frozenset[str]:
        """None with another."""
        return frozenset({self.label})

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe with another order; 1 is the placebo's."""
        return ordered(recipe, recipe.order_salt + 1 + self.number)

    def edit(self, script: Script, before: Recipe, after: Recipe) -> tuple[Edit, ...] | None:
        """Nothing to write."""
        return None


@functools.lru_cache(maxsize=64)
def ordered(recipe: Recipe, salt: int) -> Recipe:
    """One and the same recipe for all diagnoses, so that engines plan it once."""
    return replace(recipe, order_salt=salt)


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """One arm at the end of a diagnosis: what was true, and what was said."""

    base: float
    effect: float
    verdict: str
    low: float
    high: float
    pairs: int

    @property
    def held(self) -> bool:
        """Whether the interval holds the truth."""
        return self.low - 1e-12 <= self.effect <= self.high + 1e-12


class Counted(Clock):
    """Seconds that are told, not measured."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds = 0.0

    @property
    def spent(self) -> float:
        """So far."""
        return self.seconds


class DrawnChunks(Chunks):
    """Replicas that learn by chance: the control with `base`, change i with `base + effects[i]`.

    A training takes `pace` seconds; `run` numbers the diagnosis, and with it all its luck.
    """

    def __init__(self, base: float, effects: Sequence[float], *, pace: float, run: int) -> None:
        super().__init__()
        self.clock: Counted = Counted()
        self._rates = (base, base, *(base + effect for effect in effects))
        self._pace_of_one, self._run = pace, run
        self._luck: dict[tuple[int, int, bool], NDArray[np.float64]] = {}

    def train(
        self, engine: Engine, recipe: Recipe, seeds: Sequence[int], yardstick: Yardstick, *,
        probes: bool, progress: Progress, left: float, among: int = 1,
    ) -> Population:
        """See `Chunks.train`."""
        arm = recipe.order_salt
        own, mine = self._of(seeds, 0), self._of(seeds, arm)
        keeps = self._of(seeds, -1 - arm) < SHARED
        learned = np.where(keeps, own, mine) < self._rates[arm]
        seconds = self._pace_of_one * math.ceil(len(seeds) / BLOCK) * BLOCK
        self.clock.seconds += seconds
        progress(len(seeds) * recipe.epochs, len(seeds) * recipe.epochs)
        loss = np.where(learned, 0.0, 0.5).astype(np.float32)
        score = np.repeat(np.where(learned, 1.0, 0.0)[:, None], 3, axis=1)
        return Population(seeds=tuple(seeds), loss=loss[:, None], final_loss=loss, score=score,
                          engine="native", strategy="drawn", block=BLOCK, seconds=seconds)

    def _of(self, seeds: Sequence[int], arm: int) -> NDArray[np.float64]:
        """The luck of these seeds in that arm; those of a proof and of another base seed are others."""
        base, rest = divmod(seeds[0], 10_000_019)
        fresh = rest >= FRESH
        key = (arm, base, fresh)
        if key not in self._luck:
            entropy = [self._run, arm + 1000, base, int(fresh)]
            self._luck[key] = np.random.default_rng(entropy).uniform(size=SEEDS)
        start = rest - FRESH if fresh else rest
        return self._luck[key][start : start + len(seeds)]


def judged(
    recipe: Recipe, goal: Goal, chunks: Chunks, changes: int, *, budget: str, seed: int,
    replicas: int = 256, threads: int | None = None,
) -> list[Judged]:
    """What the search says of that many changes, the placebo left out."""
    experiment = Experiment(recipe, goal, budget=Budget.parse(budget), seed=seed, replicas=replicas,
              threads=threads, chunks=chunks)
    experiment.run(experiment.control, min(FIRST, replicas), probes=False)
    candidates = [Candidate(change=Change(number=i + 1)) for i in range(changes)]
    search = Search(experiment, candidates, singles_only=True)
    search.run(sick=experiment.control.rate < CURED)
    return [j for j in search.verdicts.judged() if isinstance(j.trial.changes[0], Change)]


def diagnosis(
    recipe: Recipe, goal: Goal, base: float, effects: Sequence[float], *, run: int, pace: float,
    budget: str = "2m", seed: int = 0,
) -> dict[int, Drawn]:
    """One drawn diagnosis: by the number of each change that was tried, what came of it."""
    chunks = DrawnChunks(base, effects, pace=pace, run=run)
    found: dict[int, Drawn] = {}
    # One arm after the other, so that counted time has an order.
    for j in judged(recipe, goal, chunks, len(effects), budget=budget, seed=seed, threads=1):
        change = j.trial.changes[0]
        assert isinstance(change, Change)
        found[change.number] = Drawn(
            base=base, effect=effects[change.number - 1], verdict=j.verdict, low=j.effect.low,
            high=j.effect.high, pairs=j.effect.pairs)
    return found


def mixed(base: float) -> tuple[float, ...]:
    """The effects of a diagnosis in which some changes help, one harms, most do nothing."""
    return (*(0.0,) * IDLE, *(e for e in EFFECTS if 0 <= base + e <= 1))


def runs(count: int) -> Iterator[tuple[int, float]]:
    """Numbers of diagnoses, each with a base rate."""
    return ((run, BASES[run % len(BASES)]) for run in range(count))
