"""What a diagnosis would try and what a training costs, before anything is trained."""

from __future__ import annotations

import os
from collections.abc import Sequence

from unstuck.base.errors import TooSlow
from unstuck.checks import Finding
from unstuck.goal import Goal
from unstuck.network.horizon import Horizon
from unstuck.network.recipe import Recipe
from unstuck.result.checkups import Plan
from unstuck.search.budget import Budget
from unstuck.search.candidates import singles, strong_sets
from unstuck.search.pace import horizon_for, seconds_of_one


def plan_of(
    recipe: Recipe, goal: Goal, budget: Budget, *, findings: Sequence[Finding] = (),
    threads: int | None = None,
) -> Plan:
    """What `unstuck run` would do with this budget.

    Args:
        recipe: the whole training.
        goal: its yardstick.
        budget: what the diagnosis may cost.
        findings: what checks have seen, which is tried before all else.
        threads: most threads.
    """
    try:
        horizon = horizon_for(recipe, budget, threads=threads)
    except TooSlow:
        horizon = Horizon(updates=recipe.updates)
    updates = recipe.updates if horizon is None else horizon.length(recipe)
    seconds = seconds_of_one(recipe, budget, threads) * updates / recipe.updates
    tries = singles(recipe, goal, findings)
    sets = strong_sets(recipe, goal, tries, most=lambda batch: recipe.updates)
    room = budget.trainings
    if budget.seconds is not None:
        room = int(budget.seconds * (threads or os.cpu_count() or 1) / max(seconds, 1e-6))
    return Plan(budget=budget.text, seconds=seconds, updates=updates, room=room,
                tries=tuple(one.change.label for one in tries), sets=len(sets))
