"""Rows of numbers: flat, which of them are equal, and which are complete."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from unstuck.network.recipe import Recipe

Array = NDArray[Any]


def flat(x: Any) -> Array:
    """One or several arrays [row, …] as one of [row, number]."""
    parts = [np.asarray(a) for a in keras.tree.flatten(x)]
    return np.concatenate([a.reshape(len(a), -1).astype(np.float64) for a in parts], 1)


def equal_rows(rows: Array) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The group of each row [row, number], the same for equal rows, and where each group begins.

    Groups are numbered in the order of their first rows.
    """
    values = np.ascontiguousarray(rows, dtype=np.float64) + 0.0  # −0 is 0
    keys = values.view(f"V{values.shape[1] * 8}").reshape(-1).tolist()
    numbers: dict[bytes, int] = {}
    groups = np.fromiter((numbers.setdefault(key, len(numbers)) for key in keys), np.int64, len(keys))
    return groups, np.unique(groups, return_index=True)[1]


def distinct(rows: Array) -> tuple[Array, Array, Array, Array]:
    """The distinct rows, where each first stands, the group of every row, the count of each group."""
    groups, first = equal_rows(rows)
    return rows[first], first, groups, np.bincount(groups)


MOST_LEVELS = 16
"""Whole numbers that are more in a column are quantities, not all the values that there can be."""


def is_whole_domain(rows: Array, *, looked_up: bool) -> bool:
    """True where the distinct rows [row, number] are all that there can be: every combination of what
    their columns hold, as in a truth table, all patterns of n bits, or every entry of a lookup.

    Only columns of few whole numbers tell; for quantities a grid is a sample. `looked_up`: the numbers
    are entries of a table, not quantities.
    """
    if not len(rows) or not np.all(rows == np.rint(rows)):
        return False
    levels = [np.unique(column) for column in rows.T]
    if len(levels) == 1:
        return looked_up and np.array_equal(levels[0], np.arange(len(levels[0])))
    if max(map(len, levels)) > MOST_LEVELS:
        return False
    return math.prod(len(found) for found in levels) == len(rows)


def complete(x: Any, y: Any) -> NDArray[np.bool_]:
    """Which rows hold finite numbers only, in all arrays of both, shaped [row]."""
    arrays = [np.asarray(a) for a in keras.tree.flatten((x, y)) if a is not None]
    whole = np.ones(len(arrays[0]), dtype=bool)
    for array in arrays:
        if array.dtype.kind == "f":
            whole &= np.isfinite(array.reshape(len(array), -1)).all(axis=1)
    return whole


def without_missing(recipe: Recipe) -> Recipe:
    """The recipe on complete rows only; itself where all are, or where none of a part is left."""
    whole = complete(recipe.x, recipe.y)
    held = recipe.validation_data
    left = np.ones(1, dtype=bool) if held is None else complete(held.x, held.y)
    if not whole.any() or not left.any() or (whole.all() and left.all()):
        return recipe
    kept = recipe.with_rows(whole)
    return kept if held is None else replace(kept, validation_data=held.taken(left))


def judgeable(recipe: Recipe) -> Recipe:
    """The recipe on rows by which an output can be judged: complete ones, of validation data if any."""
    held = recipe.validation_data
    if held is not None and not complete(held.x, held.y).any():
        recipe = replace(recipe, validation_data=None)
    return without_missing(recipe)
