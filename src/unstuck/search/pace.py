"""Whether one training fits into the budget at all, told in the first seconds."""

from __future__ import annotations

import math
import os

import jax

from unstuck.base.errors import TooSlow
from unstuck.network.recipe import Recipe
from unstuck.population.choice import engine_for
from unstuck.population.memory import OutOfMemory, is_memory
from unstuck.population.native_engine.engine import WIDEST_BLOCK, NativeEngine
from unstuck.population.population import Engine

from .budget import Budget
from .costs import too_wide

FASTEST_CORE = 1e11
"""Multiplications a second beyond which no core of today's goes: two units of 16 lanes at 3 GHz."""
_COUNTED = frozenset({"Dense", "Conv1D", "Conv2D", "Conv3D", "SimpleRNN", "GRU", "LSTM"})
"""Layers that use each weight once at each place; for others that is not sure."""
PASSES = 3.0
"""A step is a forward pass and about two such backward."""
ENOUGH = 16
"""Trainings of which something can be said: the first look's."""


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


def refuse_too_slow(
    recipe: Recipe, budget: Budget, *, spent: float = 0.0, threads: int | None = None
) -> None:
    """See, before anything is trained, whether one training fits into what is left of the budget.

    Args:
        spent: seconds that running the script up to its fit has taken of it.

    Raises:
        TooSlow: it does not.
        OutOfMemory: not even one replica has room.
    """
    if budget.seconds is None:
        return
    left = budget.seconds - spent
    if left <= 0:
        raise TooSlow(
            f"Running the script up to its fit took {spent:.0f} s, and the budget is {budget.text}:"
            " nothing is left to train with. Give more with --budget.")
    if jax.default_backend() == "cpu":  # before anything is compiled, which takes seconds itself
        cores = threads or os.cpu_count() or 1
        plain = recipe.multiplications_in(one for one in recipe.layers if one.kind in _COUNTED)
        least = PASSES * recipe.updates * plain / (FASTEST_CORE * cores)
        if least > left:
            raise TooSlow(_told(recipe, budget, left, least, "cannot take less than"))
    engine, _ = first_engine(recipe, budget, threads)
    try:
        pace = engine.pace(recipe)
    except Exception as error:
        if is_memory(error):
            raise OutOfMemory("memory: not even one replica at a time has room") from error
        raise
    if pace is None:
        return
    seconds = pace * recipe.updates * engine.block(recipe)
    if seconds > left:
        raise TooSlow(_told(recipe, budget, left, seconds, "takes about", f" of {1000 * pace:.3g} ms"))


def _told(
    recipe: Recipe, budget: Budget, left: float, seconds: float, takes: str, each: str = ""
) -> str:
    of = "" if left == budget.seconds else f", of which {max(1, left):.0f} s are left"
    return (f"One training of this script, {recipe.updates:,} updates{each}, {takes} {_span(seconds)}"
            f" here, and the budget is {budget.text}{of}: nothing can be said. --budget"
            f" {_written(seconds)} would be enough for {ENOUGH} trainings; or diagnose it on fewer rows"
            " or epochs.")


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
