"""Some of many rows, as like the whole as can be: each class with its share, held-out rows held out."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

MOST_CLASSES = 200
"""Targets of more different values than that are quantities, of which a fair draw is sample enough."""


def picked(targets: Any, rows: int, count: int) -> NDArray[np.int64]:
    """The numbers of `count` of so many rows, in their order.

    Each class of the first targets has its share, to a row. The same rows come every time.
    """
    if count >= rows:
        return np.arange(rows)
    order = np.random.default_rng(0).permutation(rows)
    classes = classes_of(targets)
    if classes is not None:
        order = order[np.argsort(classes[order], kind="stable")]
    # Evenly along rows that are sorted by class: a class has its share of the places.
    return np.sort(order[np.arange(count) * rows // count])


def classes_of(targets: Any) -> NDArray[np.int64] | None:
    """The class of each row [row] by its first array of targets; `None` where they are quantities."""
    arrays = [np.asarray(a) for a in keras.tree.flatten(targets) if a is not None]
    if not arrays:
        return None
    values = arrays[0].reshape(len(arrays[0]), -1)
    if values.shape[1] > 1:
        if values.shape[1] > MOST_CLASSES or not np.array_equal(values, values.astype(bool)) or (
                (values.sum(1) != 1).any()):
            return None
        return np.asarray(values.argmax(1), np.int64)
    kinds, number = np.unique(values[:, 0], return_inverse=True)
    return np.asarray(number, np.int64) if len(kinds) <= MOST_CLASSES else None
