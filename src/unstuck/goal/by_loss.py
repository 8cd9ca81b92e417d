"""The yardstick of a training of which nothing says what the output should be: its own loss.

Physics-informed, contrastive and other losses of one's own are judged by how far what is minimised has
come down from that of the network before its training. Perfect is taken to be zero, which is true of
squared residuals and says too much of others: `--goal "loss <= NUMBER"` is for those.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from unstuck.base.errors import NotSupported
from unstuck.network.own_steps import state_of
from unstuck.network.recipe import Recipe
from unstuck.network.steps import as_the_user_began, test_step_of
from unstuck.result.results import RIVALS

from .judged import Rows
from .tasks import task_of
from .yardstick import Goal

REMAINS = 0.1
"""Share of the untrained network's loss that may remain."""
BATCHES = 8
"""The untrained network's loss is that of so many batches at most."""


def judged_by_loss(recipe: Recipe, goal: Goal) -> Goal:
    """The yardstick with the loss in the place of targets.

    Raises:
        NotSupported: the untrained loss is not above zero, so that it has no share.
    """
    untrained = untrained_loss(recipe)
    if not (np.isfinite(untrained) and untrained > 0):
        raise NotSupported(
            "Nothing says what the output should be, and what is minimised begins at"
            f" {untrained:.3g}, so that no share of it can be asked for. Say what is enough:"
            ' --goal "loss <= NUMBER".')
    threshold = REMAINS * untrained
    return replace(
        goal, asked=("loss", "<=", threshold), metric="loss", threshold=threshold,
        constant=-untrained, ceiling=0.0,
        why=f"what is minimised comes down to {100 * REMAINS:.0f} % of what it is before the training"
            f" ({untrained:.3g}): loss <= {threshold:.3g}")


def without_targets(rows: Rows, targets: Sequence[NDArray[Any]]) -> Goal:
    """A yardstick of rows that says nothing of targets yet, since they stand for nothing."""
    return Goal(
        tasks=tuple(task_of(shown, "none", None) for shown in rows.shown), inputs=rows.inputs,
        weights=rows.weights, rows=len(targets[0]), distinct_rows=len(targets[0]), patterns=False,
        threshold=math.inf, metric="loss", why="", ceiling=0.0, constant=-math.inf, by_loss=True)


def against_each_other(goal: Goal) -> Goal:
    """No yardstick: two networks are trained, and what one is to do depends on the other."""
    return replace(goal, undecided=True, metric="variety", threshold=1.0, constant=0.0, ceiling=1.0,
                   why=RIVALS)


def untrained_loss(recipe: Recipe) -> float:
    """What the script's own network minimises before its first update, in the mean of some batches."""
    model = as_the_user_began(recipe)
    step, state = jax.jit(test_step_of(model, recipe)), state_of(model)
    size, data = recipe.batch_size, recipe.train
    found = []
    for at in range(0, max(size, data.rows - size + 1), size)[:BATCHES]:
        part = data.taken(slice(at, at + size))
        logs, _ = step(state, recipe.as_batch(part.x, part.y, part.sample_weight))
        found.append(float(logs["loss"]))
    return float(np.mean(found))
