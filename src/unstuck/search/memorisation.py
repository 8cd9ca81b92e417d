"""Whether what a network has learned holds for other rows, where plain methods see no dependence.

Given enough updates a network learns any rows by heart, random answers too. Where every plain method
does no better than a constant on rows held out, a change after which the training rows are learned
may have found what they cannot see, or nothing at all. Rows held out in turn tell.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from unstuck.goal import make_goal
from unstuck.interventions import Changes, apply_all
from unstuck.network.data import Data
from unstuck.network.recipe import Recipe

from .arms import Arm
from .experiment import Experiment

FOLDS = 5
"""Every row is held out once, a fifth of them at a time."""
REPLICAS = 2
"""Trainings for each fold."""
MOVES_ROWS = frozenset({"fit.validation_split", "fit.rows"})
"""What a change sets that moves rows from those trained on to those held back."""


def learns_by_heart(experiment: Experiment, arm: Arm) -> bool | None:
    """True where an arm knows nothing of rows that it was not trained on; `None` where none can tell.

    The rows that it only validates on tell, where there are some; otherwise five-fold
    cross-validation, for which there may be no time.
    """
    goal = experiment.goal
    moved = any(MOVES_ROWS & change.conflicts for change in arm.changes)
    holds = None if moved or arm.population is None else goal.holds(arm.population)
    if holds is None:
        score = held_out_score(experiment, arm, folds=FOLDS)
        holds = None if score is None else score >= goal.least_seen(goal.rows)
    return None if holds is None else not holds


def held_out_score(experiment: Experiment, arm: Arm, *, folds: int) -> float | None:
    """The yardstick's score on rows that an arm was not trained on; `None` where it cannot be had.

    The mean over so many folds, each a fifth of the rows, and `REPLICAS` trainings for each.
    """
    scores = []
    for fold in range(folds):
        recipe = experiment.shortened(
            with_rows_held_out(experiment.recipe, arm.changes, fold=fold))
        population = experiment.aside(recipe, range(REPLICAS), goal=make_goal(recipe, references=False))
        if population is None:
            return None
        scores.append(np.nan_to_num(population.score[:, 2], nan=-np.inf).mean())
    return float(np.mean(scores))


def with_rows_held_out(recipe: Recipe, changes: Changes, *, fold: int) -> Recipe:
    """The changed recipe, with the rows of this fold (0 to 4) only validated on."""
    rows = Data(x=recipe.x, y=recipe.y).rows
    order = np.roll(np.random.default_rng(0).permutation(rows), -round(fold * rows / FOLDS))
    fair = replace(recipe.with_rows(order), validation_data=None, validation_split=1.0 / FOLDS)
    return apply_all([c for c in changes if c.kind != "validation_split"], fair)
