"""What trainings cost, by what the control and the arms so far have shown."""

from __future__ import annotations

import math
import os

import numpy as np

from unstuck.network.recipe import Recipe
from unstuck.population.native_engine.engine import WIDEST_BLOCK
from unstuck.population.population import Population

from .arms import Arm
from .budget import Budget

DEAR_COMPILATION = 0.3
"""Seconds of compilation of an arm from which several arms are run side by side."""
SIDE_BY_SIDE = 1.5
"""So many times as long, as a rule, an arm takes beside another one."""
DEAR_BLOCK = 0.5
"""Seconds for the least that fills the machine, from which dense networks' arms are, too."""
NATIVE_PACE = 2e10
"""Multiplications of forward passes that the native engine does in a second on one thread, with all
that belongs to them (mnist_deep, AVX-512)."""
NATIVE_LEAD, LEAST_UPDATE, NOMINAL_COMPILATION = 4.0, 1e-7, 1.0
"""Where only trainings are counted: so many times as fast as the Keras engine the native one is taken
to be, and the seconds that an update takes at least, and that an arm takes to compile."""
RECURRENT_PACE = 1.1e10
"""The same of networks with recurrent layers (LSTMs of 32 to 128 units over 20 to 60 steps, AVX2: 16
replicas are two threads' work there)."""
MOVED, MEMORY_PACE, CACHE = 24.0, 4e9, 1 << 25
"""Bytes that an update reads and writes for each weight, it and Adam's two means; how many in a second,
where those of a block have no room in a cache (1,200 updates of 298,178 weights took 33 s)."""
WIDE_SHARE = 0.05
"""Share of the budget that its narrowest look may take. Beyond it an engine for one replica at a time
has more looks: two of mnist_deep take Keras's 4 s, the native one 25 s as 16 do."""
NATIVE_BATCH, KERAS_BATCH = 0.8, 0.5
"""An update's cost goes as its rows to this power: 1 where arithmetic is all, 0 where calls are. The
native engine took 64 replicas of 5,000 rows in batches of 32 about as long as in one batch."""
MOST_UPDATES = 1_000_000
"""No training is made longer than that."""


class Costs:
    """Seconds that trainings take, roughly, and how many are best run at a time.

    Args:
        control: the recipe as it is; nothing is known before it has replicas.
        threads: most threads; all cores by default.
        counted: only trainings are counted, and no time: costs are then read off the recipes alone, so
            that the same is tried whatever the machine, its load and the number of workers.

    `counted` is whether they are. `workers`: chunks that other processes train at a time; 0 where this
    one does it, or where only trainings are counted.
    """

    def __init__(
        self, control: Arm, *, threads: int | None = None, counted: bool = False
    ) -> None:
        self._control, self._threads, self.counted = control, threads, counted
        self._compilations: list[float] = []
        self.workers = 0

    def note(self, population: Population) -> None:
        """Learn from an arm's new replicas; those that share a program took no compilation."""
        if population.compile_seconds > 0:
            self._compilations.append(population.compile_seconds)

    def given_out(self, workers: int) -> None:
        """Learn how many chunks other processes train at a time."""
        self.workers = 0 if self.counted else workers

    @property
    def block(self) -> int:
        """Replicas that cost as much as one; numbers of replicas are best multiples of it."""
        if self._control.population is None:
            return 1
        if self.counted:
            return WIDEST_BLOCK if self._native else 1
        return self._control.population.block

    @property
    def per_training(self) -> float:
        """Seconds that one control replica takes in a full block, compilation left out."""
        population = self._control.population
        if population is None:
            return 0.0
        return self._nominal(self._control.recipe) if self.counted else max(
            1e-6, per_replica(population))

    @property
    def compilation(self) -> float:
        """Seconds that an arm usually takes to compile; the control's holds a micro-benchmark too."""
        if self.counted:
            return 0.0 if self._native else NOMINAL_COMPILATION
        if self._compilations:
            return float(np.median(self._compilations))
        known = self._control.population
        return 0.0 if known is None else min(3.0, known.compile_seconds)

    def of(self, arm: Arm, replicas: int) -> float:
        """Seconds that training this many more replicas of an arm will take."""
        blocks = math.ceil(replicas / self.block) * self.block
        if self.counted:
            known = arm.population is not None
            return self._nominal(arm.recipe) * blocks + (0.0 if known else self.compilation)
        if arm.population is not None:
            return per_replica(arm.population) * blocks
        each = arm.expected
        if each is None:
            longer = self._work(arm.recipe) / max(1.0, self._work(self._control.recipe))
            each = self.per_training * longer
        return each * blocks + self.compilation

    def room(self, seconds: float, replicas: int, batch: int) -> int:
        """Updates of so many rows that a training may have for that many to be done in that time."""
        recipe = self._control.recipe
        each = self.per_training / max(1.0, self._work(recipe)) * self._work_of(batch)
        return int(min(MOST_UPDATES, seconds / max(1e-9, each * replicas)))

    def _nominal(self, recipe: Recipe) -> float:
        """Seconds of a replica on a machine that there is not, the same everywhere."""
        return nominal(recipe, NATIVE_PACE if self._native else NATIVE_PACE / NATIVE_LEAD)

    def _work(self, recipe: Recipe) -> float:
        """What a training costs against others of the same network, in a unit of its own."""
        return recipe.updates * self._work_of(min(recipe.batch_size, max(1, recipe.train.rows)))

    def _work_of(self, batch: int) -> float:
        return float(batch ** (NATIVE_BATCH if self._native else KERAS_BATCH))

    @property
    def dear(self) -> bool:
        """True where compiling an arm takes most of its time, or where the least that fills the
        machine, a block of replicas a thread, is more than a first look needs.
        """
        return self.compilation >= DEAR_COMPILATION or (
            self._native and self.per_training * self.block >= DEAR_BLOCK)

    @property
    def beside(self) -> int:
        """Arms that are best run at a time: two a worker, or one a thread where they are dear."""
        if self.counted:
            return 1
        if self.workers:
            return 2 * self.workers
        return (self._threads or os.cpu_count() or 1) if self.dear else 1

    @property
    def gain(self) -> int:
        """So many times as fast `beside` arms are at a time as one after the other, compilation left
        out: one alone has all workers, but only one thread.
        """
        return 1 if self.workers else self.beside

    def affordable(self, seconds: float) -> float:
        """Replicas of an arm that fit into its share of the time, where `beside` are run at a time."""
        left = seconds - self.compilation / (self.workers or self.beside)
        return left * self.gain / self.per_training

    def usual(self, replicas: int) -> float:
        """Seconds that `beside` arms of so many replicas take at most, run at a time."""
        training = self.per_training * replicas * self.beside
        return training + self.compilation * (2 if self.workers else self.beside)

    def in_company(self, arm: Arm, replicas: int) -> float:
        """Seconds until that many more replicas of an arm are there, where `beside` arms are run."""
        alone = self.of(arm, replicas)
        if self.workers:
            return alone + (self.workers - 1) * max(0.0, alone - self.compilation)
        return alone * (SIDE_BY_SIDE if self.beside > 1 else 1.0)

    @property
    def least(self) -> int:
        """Replicas of an arm that cost as much as one, where `beside` arms are run at a time."""
        return max(1, self.block // self.gain) if self._native else self.block

    @property
    def _native(self) -> bool:
        known = self._control.population
        return known is not None and known.engine == "native"


def nominal(recipe: Recipe, pace: float) -> float:
    """Seconds of one training, by its multiplications at so many in a second."""
    return max(LEAST_UPDATE * recipe.updates, recipe.updates * recipe.multiplications / pace)


def per_replica(population: Population) -> float:
    """Seconds that one of these replicas took in a full block, compilation left out."""
    trained = math.ceil(population.replicas / population.block) * population.block
    return max(0.0, population.seconds - population.compile_seconds) / trained


def too_wide(recipe: Recipe, budget: Budget) -> bool:
    """True where what costs the native engine as much as one replica takes much of the budget."""
    recurrent = any(layer.is_recurrent for layer in recipe.layers)
    pace = RECURRENT_PACE if recurrent else NATIVE_PACE
    each = recipe.multiplications / pace
    if MOVED / 2 * recipe.parameters * WIDEST_BLOCK > CACHE:  # batches of a row or two wait for memory
        each = max(each, MOVED * recipe.parameters / MEMORY_PACE)
    seconds = recipe.updates * each * WIDEST_BLOCK
    return budget.seconds is not None and seconds > WIDE_SHARE * budget.seconds
