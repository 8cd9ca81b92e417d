"""The yardstick at a horizon: whether learning has begun.

At the end of a training the question is whether it has learned what the data allows. After its first
updates that is too much to ask. Of 64 real failing programs and their cures, at a tenth of their epochs
a sixth of the cured ones had reached their goal, but five of six had come at least a quarter of the
way to it, where the sick ones had not. So learning has *begun* where a network has come a quarter of
the way from the best constant output to what the whole yardstick takes for possible: a plain method on
the same rows, a perfect answer, the user's own goal. What chance alone may bring is asked in any case.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import replace

import keras
import numpy as np

from unstuck.network.horizon import on_fewer_rows
from unstuck.network.recipe import Recipe

from .making import make_goal
from .yardstick import Goal

SAMPLE = 6000
"""Of more rows the yardstick is made from so many: plain methods look at 2,000, and 60,000 pictures
take as long as twenty short trainings."""

BEGUN = 0.25
"""The share of the way that counts as learning begun."""


def begun(goal: Goal) -> Goal:
    """The yardstick of the first updates of a training with this one at its end."""
    if goal.undecided or goal.nothing_to_learn:
        return goal
    if goal.asked is not None and goal.asked[0] == "loss":
        return _by_loss(goal, goal.asked[1], goal.asked[2])
    end = goal.threshold if goal.asked is not None else goal.ceiling
    threshold = goal.constant + BEGUN * (end - goal.constant)
    if len(goal.tasks) == 1 and not goal.patterns:  # of all there can be, none are drawn
        threshold = max(threshold, goal.constant + goal.task.by_chance(
            goal.constant, goal.judged_rows))
    return replace(goal, early=True, end=goal, threshold=threshold, why=(
        f"learning has begun: at least {threshold:.3g} {_measured(goal)}, {_share()} of the way from"
        f" the best constant output ({goal.constant:.3g}) to {_to(goal)} ({end:.3g})"))


def _by_loss(goal: Goal, comparison: str, value: float) -> Goal:
    """Where a loss is asked for: a quarter of the way down to it."""
    start = -goal.constant if goal.by_loss else goal.baseline
    if start is None or not math.isfinite(start) or start <= value:
        return goal
    threshold = start - BEGUN * (start - value)
    return replace(
        goal, early=True, end=goal, asked=("loss", comparison, threshold), threshold=threshold,
        why=f"learning has begun: loss {comparison} {threshold:.3g}, {_share()} of the way from"
            f" {start:.3g} {'before the training' if goal.by_loss else 'of a constant output'} to"
            f" {value:.3g}")


def _measured(goal: Goal) -> str:
    if len(goal.tasks) > 1:
        return "of the way to the yardstick at the end, worst output"
    return "of the answers right" if goal.task.discrete else "R²"


def _to(goal: Goal) -> str:
    if goal.asked is not None:
        return "what was asked for"
    best = max(goal.references, key=goal.references.__getitem__, default=None)
    known = best is not None and math.isclose(goal.references[best], goal.ceiling)
    return f"what {best} reaches" if known else "what the data allows"


def _share() -> str:
    return f"{100 * BEGUN:.0f} %"


def goal_on_sample(recipe: Recipe, *, asked: str | None = None, seed: int = 0) -> Goal:
    """The yardstick of a whole training, made from a sample of its rows where they are many."""
    goal = make_goal(on_fewer_rows(recipe, SAMPLE), asked=asked, seed=seed)
    everything = keras.tree.flatten(recipe.x)
    rows = len(everything[0])
    if goal.rows == rows:
        return goal
    return replace(goal, rows=rows, distinct_rows=len({
        hashlib.blake2b(b"".join(np.ascontiguousarray(array[i]).tobytes() for array in everything),
                        digest_size=16).digest() for i in range(rows)}))
