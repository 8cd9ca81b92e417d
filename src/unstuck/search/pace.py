"""How long a training may be for the budget, and whether one fits at all; seen in the first seconds."""

from __future__ import annotations

import math
import os

import jax

from unstuck.base.errors import TooSlow
from unstuck.network.horizon import Horizon
from unstuck.network.recipe import Recipe
from unstuck.population.choice import engine_for
from unstuck.population.memory import OutOfMemory, is_memory
from unstuck.population.native_engine.engine import WIDEST_BLOCK, NativeEngine
from unstuck.population.population import Engine

from .budget import Budget
from .costs import NATIVE_PACE, nominal, too_wide

FASTEST_CORE = 1e11
"""Multiplications a second beyond which no core of today's goes: two units of 16 lanes at 3 GHz."""
_COUNTED = frozenset({"Dense", "Conv1D", "Conv2D", "Conv3D", "SimpleRNN", "GRU", "LSTM"})
"""Layers that use each weight once at each place; for others that is not sure."""
PASSES = 3.0
"""A step is a forward pass and about two such backward."""
ENOUGH = 16
"""Trainings of which something can be said: the first look's. Where so many whole ones fit into what is
left of the budget, trainings are whole."""
SEVERAL = 150
"""A horizon is as long as leaves room for about so many trainings: a cure is nearly always among the
first ten sets of changes, and a busy machine has room for half of what a measurement promises."""
LEAST_UPDATES = 200
"""No horizon is shorter. Adam at its usual rate moves a weight by at most 0.2 in so many: most networks
that learn have begun to."""
USED = 0.8
"""The share of the time left that is for trainings; the rest is for the yardstick, checks, programs."""


def first_engine(
    recipe: Recipe, budget: Budget, threads: int | None = None
) -> tuple[Engine, str | None]:
    """The engine for the first replicas, and why a faster one would not do."""
    timed = budget.seconds is not None
    engine, refused = engine_for(recipe, threads=threads, timed=timed)
    if engine.name != NativeEngine.name or not too_wide(recipe, budget):
        return engine, refused
    engine, _ = engine_for(recipe, apart_from=NativeEngine.name, threads=threads, timed=timed)
    return engine, (
        f"a network of {recipe.parameters:,} parameters is better trained a few times one by one"
        f" than {WIDEST_BLOCK} times side by side, within a budget of {budget.text}")


def seconds_of_one(recipe: Recipe, budget: Budget, threads: int | None = None) -> float:
    """Seconds that one training takes on one thread: by a few timed updates, or else by its size."""
    first = Horizon(updates=LEAST_UPDATES).of(recipe)  # many rows are not needed for that
    pace = first_engine(first, budget, threads)[0].pace(first)
    return nominal(recipe, NATIVE_PACE) if pace is None else pace * recipe.updates


def horizon_for(
    recipe: Recipe, budget: Budget, *, asked: int | None = None, whole: bool = False,
    spent: float = 0.0, threads: int | None = None,
) -> Horizon | None:
    """How far each training goes, seen before anything is trained; `None` for to its end.

    Args:
        recipe: the whole training.
        budget: what all may cost.
        asked: the number of updates that the user asks for.
        whole: the user asks for whole trainings, whatever they take.
        spent: seconds that running the script up to its fit has taken of the budget.
        threads: most threads.

    Raises:
        TooSlow: not even one training of that length fits into what is left of the budget.
        OutOfMemory: not even one replica has room.
    """
    asks = None if asked is None else Horizon(updates=asked)
    if budget.seconds is None:
        return asks if asks is not None and asks.shortens(recipe) else None
    left = budget.seconds - spent
    if left <= 0:
        raise TooSlow(
            f"Running the script up to its fit took {spent:.0f} s, and the budget is {budget.text}:"
            " nothing is left to train with. Give more with --budget.")
    least = recipe.updates if whole else min(recipe.updates, asked or LEAST_UPDATES)
    _refuse_by_arithmetic(recipe, budget, left, least, threads)
    shortest = recipe if least == recipe.updates else Horizon(updates=least).of(recipe)
    engine, _ = first_engine(shortest, budget, threads)
    try:
        pace, block = engine.pace(shortest), engine.block(shortest)
    except Exception as error:
        if is_memory(error):
            raise OutOfMemory("memory: not even one training at a time has room") from error
        raise
    if pace is not None and pace * least * block > left:
        raise TooSlow(_told(recipe, least, budget, left, pace * block, "takes about",
                            f" of {1000 * pace:.3g} ms"))
    if whole or asks is not None:
        return asks if asks is not None and asks.shortens(recipe) else None
    if pace is None:
        return None
    side = 1 if block > 1 else threads or os.cpu_count() or 1  # a block takes all threads
    if left * side >= ENOUGH * pace * recipe.updates:
        return None
    room = int(USED * left * side / (SEVERAL * pace))
    horizon = Horizon(updates=_round(max(LEAST_UPDATES, room)))
    return horizon if horizon.shortens(recipe) else None


def _round(updates: int) -> int:
    """The same in two digits, which is how people say it."""
    unit = int(10 ** max(0, len(str(updates)) - 2))
    return updates // unit * unit


def _refuse_by_arithmetic(
    recipe: Recipe, budget: Budget, left: float, updates: int, threads: int | None
) -> None:
    """Refuse, before anything is compiled, which takes seconds itself, what no processor can do."""
    if jax.default_backend() != "cpu":
        return
    cores = threads or os.cpu_count() or 1
    plain = recipe.multiplications_in(one for one in recipe.layers if one.kind in _COUNTED)
    each = PASSES * plain / (FASTEST_CORE * cores)
    if each * updates > left:
        raise TooSlow(_told(recipe, updates, budget, left, each, "cannot take less than"))


def _told(
    recipe: Recipe, updates: int, budget: Budget, left: float, pace: float, takes: str, each: str = ""
) -> str:
    of = "" if left == budget.seconds else f", of which {max(1, left):.0f} s are left"
    length = f"One training of this script, {updates:,} updates"
    if updates < recipe.updates:
        length = f"The first {updates:,} of the {recipe.updates:,} updates of this script"
    return (f"{length}{each}, {takes} {_span(pace * updates)} here, and the budget is"
            f" {budget.text}{of}: nothing can be said. --budget {_written(pace * updates)} would be"
            f" enough for {ENOUGH} trainings; or look at fewer updates with --horizon.")


def _written(seconds: float) -> str:
    """A budget for the least from which something can be said, as --budget takes it."""
    minutes = math.ceil(ENOUGH * seconds / 60)
    return f"{minutes}m" if minutes < 120 else f"{math.ceil(minutes / 60)}h"


def _span(seconds: float) -> str:
    """A time as a person says it."""
    for unit, name in ((3600, "h"), (60, "min")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds:.0f} s"
