"""The names under which a script holds the rows that it hands to `fit` in batches.

A generator, a Sequence, a `tf.data` pipeline mostly cuts arrays into batches that stand in the module
under names. What is to be changed about the rows is written there, before the batches are made.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unstuck.network.recipe import Recipe

Array = NDArray[Any]

MOST_BYTES = 1 << 28
"""Rows of more are not looked for: their digests would take seconds."""
LEAST_SHARE = 0.9
"""So many of the named rows must have come: a generator may leave out the last, short batch."""


def names_of_rows(names: Mapping[str, Any], recipe: Recipe) -> dict[str, str]:
    """The names of the arrays that hold the rows of `x` and of `y`, by "x" and "y".

    Rows may come in any order, but a row of one with the same row of the other. Empty where batches
    hold something else, as augmented or scaled rows are, or where it is not plain which name it is.

    Args:
        names: what the module's names stand for when `fit` is called.
        recipe: the training, its rows taped.
    """
    x, y = recipe.x, recipe.y
    if not all(isinstance(one, np.ndarray) and one.nbytes <= MOST_BYTES for one in (x, y)):
        return {}
    held = [[(name, array) for name, array in names.items() if _may_hold(name, array, rows)]
            for rows in (x, y)]
    pairs = [(own, other) for own in held[0] for other in held[1] if len(own[1]) == len(other[1])]
    if not pairs:
        return {}
    came = _digests(x, y)
    found = [(own, other) for (own, array), (other, targets) in pairs
             if came <= _digests(array, targets)]
    return {"x": found[0][0], "y": found[0][1]} if len(found) == 1 else {}


def _may_hold(name: str, array: Any, rows: Array) -> bool:
    if name.startswith("_") or not isinstance(array, np.ndarray) or array.dtype.kind not in "fiub":
        return False
    return (array.ndim == rows.ndim and array.shape[1:] == rows.shape[1:]
            and LEAST_SHARE * len(array) <= len(rows) <= len(array))


def _digests(x: Array, y: Array) -> Counter[bytes]:
    """Rows with their targets, as float32 has them, each with how often it is there."""
    pairs = zip(*(np.ascontiguousarray(one, np.float32) for one in (x, y)), strict=True)
    return Counter(hashlib.blake2b(np.asarray(row).tobytes() + b"|" + np.asarray(target).tobytes(),
                                   digest_size=16).digest() for row, target in pairs)
