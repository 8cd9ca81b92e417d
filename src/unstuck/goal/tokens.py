"""Indices that an `Embedding` looks up, as plain methods can use them.

To a linear method or a neighbourhood, word 17 is no nearer to word 18 than to any other; how often
each word occurs in a row is what they need (a bag of words).
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from unstuck.network.recipe import Recipe

from .rows import flat

Array = NDArray[Any]
VOCABULARY = 2000
"""The commonest indices are counted, a column each; the rest share one."""


def for_plain_methods(recipe: Recipe) -> Array:
    """The inputs as numbers [row, column], those that are looked up as counts of each index."""
    arrays = [np.asarray(a) for a in keras.tree.flatten(recipe.x)]
    indices = looked_up(recipe)
    return np.concatenate([_counts(array) if i in indices and _are_indices(array) else flat(array)
                           for i, array in enumerate(arrays)], 1)


def can_be_seen(recipe: Recipe) -> bool:
    """False where several indices are looked up: who likes what is in no user's counts alone."""
    return len(looked_up(recipe)) < 2


def looked_up(recipe: Recipe) -> frozenset[int]:
    """Which of the inputs an `Embedding` reads."""
    readers = {name for layer in recipe.layers if layer.kind == "Embedding" for name in layer.inputs}
    return frozenset(i for i, name in enumerate(recipe.architecture.input_names) if name in readers)


def _are_indices(array: Array) -> bool:
    return array.dtype.kind in "biu" or bool(np.all(array == np.rint(array)))


def _counts(array: Array) -> Array:
    """How often each index stands in a row; shapes [row, …] to [row, index]."""
    rows = array.reshape(len(array), -1)
    known, column, times = np.unique(rows, return_inverse=True, return_counts=True)
    if len(known) > VOCABULARY:
        place = np.full(len(known), VOCABULARY)
        place[np.argsort(-times, kind="stable")[:VOCABULARY]] = np.arange(VOCABULARY)
        column = place[column]
    counts = np.zeros((len(rows), min(len(known), VOCABULARY + 1)))
    np.add.at(counts, (np.repeat(np.arange(len(rows)), rows.shape[1]), column.reshape(-1)), 1.0)
    return counts
