"""Which rows are judged.

Where inputs repeat, are few, or are all that there can be, the distinct rows; otherwise up to `SAMPLE`
rows, evenly spread.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from unstuck.network import outputs
from unstuck.network.recipe import Recipe

from .rows import distinct, flat, is_whole_domain
from .tokens import looked_up

Array = NDArray[Any]

FEW_PATTERNS = 64
"""With at most this many distinct rows, or each repeated four times, the data is its own measure."""
SAMPLE = 1024


@dataclass(frozen=True, kw_only=True, eq=False)
class Rows:
    """The rows that are judged: `inputs`, the targets `shown`, `weights` [part, row] as in `Goal`."""

    inputs: Any
    shown: list[Array]
    weights: Array
    patterns: bool


def judged_rows(recipe: Recipe, targets: list[Array], *, by_heart: bool = False) -> Rows:
    """Which rows are judged, those of an explicit validation set behind those handed to `fit`.

    `by_heart`: they are taken for all that there are.
    """
    rows = len(targets[0])
    trained = np.arange(rows) < recipe.train.rows
    flat_x = flat(recipe.x)
    flat_y = np.concatenate([t.reshape(rows, -1).astype(np.float64) for t in targets], 1)
    _, first, groups, counts = distinct(np.concatenate([flat_x, flat_y], 1))
    patterns = by_heart or len(first) <= FEW_PATTERNS or len(first) * 4 <= rows or (
        is_whole_domain(distinct(flat_x)[0], looked_up=bool(looked_up(recipe))))
    if patterns and len(first) <= SAMPLE:
        order = np.argsort(first) if len(first) > 16 else np.lexsort(flat_x[first].T[::-1])
        judged = first[order]
        weights = np.stack([
            counts[order],
            np.bincount(groups[trained], minlength=len(first))[order],
            np.bincount(groups[~trained], minlength=len(first))[order],
        ]).astype(np.float64)
    else:
        judged = _spread(rows)
        weights = np.stack([np.ones(len(judged)), trained[judged], ~trained[judged]]).astype(float)
    inputs = keras.tree.map_structure(lambda a: np.asarray(a)[judged], recipe.x)
    shown = [t[judged] for t in targets]
    if recipe.validation_data is not None:
        inputs, shown, weights = _with_validation(recipe, inputs, shown, weights)
    return Rows(inputs=inputs, shown=shown, weights=weights, patterns=patterns)


def _with_validation(
    recipe: Recipe, inputs: Any, shown: list[Array], weights: Array
) -> tuple[Any, list[Array], Array]:
    assert recipe.validation_data is not None
    held = recipe.validation_data
    pick = _spread(held.rows)
    inputs = keras.tree.map_structure(
        lambda a, b: np.concatenate([a, np.asarray(b)[pick]]), inputs, held.x)
    more = [target[pick] for target in outputs.targets(recipe, held.y)]
    shown = [np.concatenate([a, b.reshape(len(b), *a.shape[1:])])
             for a, b in zip(shown, more, strict=True)]
    grown = np.zeros((3, weights.shape[1] + len(pick)))
    grown[:, : weights.shape[1]] = weights
    grown[2, weights.shape[1] :] = 1.0
    return inputs, shown, grown


def _spread(rows: int) -> Array:
    """The numbers of at most `SAMPLE` of so many rows, evenly spread."""
    return np.unique(np.linspace(0, rows - 1, min(rows, SAMPLE)).astype(np.int64))
