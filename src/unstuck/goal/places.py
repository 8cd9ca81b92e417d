"""Targets that have a place each, as labels of words or of pixels: plain methods place by place.

From whole rows a plain method has to learn each place by itself, and counts of words have no places
at all. Here every place of every row is a row of its own, with what is around it as its inputs.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from unstuck.network.recipe import Recipe

from .references import place_scores
from .tasks import Task
from .tokens import looked_up

Array = NDArray[Any]
PLACES = 4000
"""Most places that are used: those of so many rows, evenly spread."""
MOST_COLUMNS = 64
"""Above so many numbers around a place, only its own are used."""


def scores_by_place(recipe: Recipe, task: Task, *, seed: int = 0) -> dict[str, float]:
    """Scores of plain methods by name; empty where inputs and targets do not share their places.

    Args:
        recipe: with one input, shaped [row, place, …] or, of indices, [row, place].
        task: targets [row, place] or [row, place, element]; places may have several axes.
        seed: for the folds.
    """
    arrays = [np.asarray(a) for a in keras.tree.flatten(recipe.x)]
    if len(arrays) != 1 or task.kind == "constant":
        return {}
    x, words = arrays[0], bool(looked_up(recipe))
    inner = x.shape[1:] if words else x.shape[1:-1]
    y = task.targets
    if not inner or int(np.prod(inner)) < 2 or y.shape[1 : 1 + len(inner)] != inner or (
            y.ndim > 2 + len(inner)):
        return {}
    rows = np.unique(np.linspace(
        0, len(x) - 1, max(10, min(len(x), PLACES // int(np.prod(inner))))).astype(np.int64))
    values = x[rows][..., None] if words else x[rows]
    around = _around(values, len(inner))
    if around.shape[-1] > MOST_COLUMNS:
        around = values
    count = len(rows) * int(np.prod(inner))
    last = y.shape[1 + len(inner):]
    places = replace(task, targets=y[rows].reshape(count, *last) if last else y[rows].reshape(count, 1))
    of_row = np.repeat(np.arange(len(rows)), int(np.prod(inner)))
    return place_scores(around.reshape(count, -1), places, of_row, words=words, seed=seed)


def _around(values: Array, axes: int) -> Array:
    """Each place's numbers and its neighbours', [row, place, …, number]; edges are repeated."""
    wide = np.pad(values, [(0, 0), *[(1, 1)] * axes, (0, 0)], mode="edge")
    sizes = values.shape[1 : 1 + axes]
    return np.concatenate([
        wide[(slice(None), *(slice(s, s + n) for s, n in zip(shift, sizes, strict=True)))]
        for shift in product(range(3), repeat=axes)], -1)
