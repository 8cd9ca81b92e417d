"""What several checks ask of the arrays handed to `fit`.

Large arrays are looked at through `SAMPLE` evenly spaced rows, except where a single bad value
matters (`bad_values`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from unstuck.goal.rows import equal_rows
from unstuck.network.recipe import Recipe

Array = NDArray[Any]
SAMPLE = 5000
_CHUNK = 4096


def arrays(tree: Any) -> list[Array]:
    """The numeric arrays of `x` or `y`, in Keras's order."""
    return [a for a in (np.asarray(part) for part in keras.tree.flatten(tree) if part is not None)
            if a.dtype.kind in "fiub" and a.ndim]


def sample(array: Array) -> Array:
    """At most `SAMPLE` evenly spaced rows as float64 [row, column]."""
    pick = np.unique(np.linspace(0, len(array) - 1, min(len(array), SAMPLE)).astype(np.int64))
    return array[pick].reshape(len(pick), -1).astype(np.float64)


def targets(recipe: Recipe) -> Array | None:
    """The targets of a network with one output, sampled [row, column]; `None` otherwise."""
    found = arrays(recipe.y)
    return sample(found[0]) if len(found) == 1 and not recipe.several_outputs else None


@dataclass(frozen=True, kw_only=True)
class BadValues:
    """NaN and infinite values in one array, and the place of the first one."""

    what: str
    values: int
    rows: int
    row: int
    column: int
    first: float


def bad_values(recipe: Recipe) -> Iterator[BadValues]:
    """Every array of inputs and targets, of validation data last, that holds NaN or infinity."""
    yield from _bad_values((("inputs", recipe.x), ("targets", recipe.y)))
    if (held := recipe.validation_data) is not None:
        yield from _bad_values((("inputs of validation_data", held.x),
                                ("targets of validation_data", held.y)))


def _bad_values(trees: Iterable[tuple[str, Any]]) -> Iterator[BadValues]:
    for what, tree in trees:
        for array in arrays(tree):
            if array.dtype.kind != "f":
                continue
            found = _bad(array)
            if found is not None:
                values, rows, row, column = found
                yield BadValues(what=what, values=values, rows=rows, row=row, column=column,
                                first=float(array[row].reshape(-1)[column]))


def all_finite(recipe: Recipe) -> bool:
    """True where no input or target that is trained on is NaN or infinite."""
    return next(_bad_values((("inputs", recipe.x), ("targets", recipe.y))), None) is None


def _bad(array: Array) -> tuple[int, int, int, int] | None:
    values = rows = 0
    first: tuple[int, int] | None = None
    for start in range(0, len(array), _CHUNK):
        chunk = array[start : start + _CHUNK]
        bad = ~np.isfinite(chunk.reshape(len(chunk), -1))
        if not bad.any():
            continue
        values += int(bad.sum())
        rows += int(bad.any(axis=1).sum())
        if first is None:
            row, column = np.argwhere(bad)[0]
            first = start + int(row), int(column)
    return None if first is None else (values, rows, *first)


def standardised(values: Array) -> Array:
    """Columns [row, column] with a mean of 0 and a spread of 1; constant ones become 0."""
    centred = values.astype(np.float64) - values.mean(axis=0, dtype=np.float64)
    spread = centred.std(axis=0)
    scaled: Array = centred / np.where(spread > 0, spread, 1.0)
    return scaled


def nearest(values: Array, count: int, *, apart: int = 1) -> NDArray[np.int64]:
    """The `count` rows most like each row, [row, count]; rows less than `apart` away are not asked.

    Euclidean distance; the memory is that of rows × rows numbers.
    """
    squares = (values**2).sum(axis=1)
    distance = squares[:, None] + squares - 2.0 * values @ values.T
    rows = np.arange(len(values))
    distance[np.abs(rows[:, None] - rows) < apart] = np.inf
    distance = distance.astype(np.float32)  # sorted in half the time
    found = np.argpartition(distance, min(count, len(values) - 1), axis=1)[:, :count]
    order = np.argsort(np.take_along_axis(distance, found, axis=1), axis=1, kind="stable")
    return np.take_along_axis(found, order, axis=1).astype(np.int64)


def groups(array: Array) -> NDArray[np.int64]:
    """A number for each row [row, …], the same for equal rows."""
    return equal_rows(array.reshape(len(array), -1))[0]


def labels(recipe: Recipe) -> NDArray[np.int64] | None:
    """One class number for each row trained on, from indices, one-hot rows or two values.

    `None` where the targets are none of these.
    """
    found = arrays(recipe.train.y)
    if len(found) != 1 or recipe.several_outputs:
        return None
    flat = found[0].reshape(len(found[0]), -1)
    if flat.shape[1] > 1:
        one_hot = np.all((flat == 0) | (flat == 1)) and np.all(flat.sum(axis=1) == 1)
        return flat.argmax(axis=1).astype(np.int64) if one_hot else None
    values, index = np.unique(flat[:, 0], return_inverse=True)
    few = len(values) <= 2 or (len(values) <= 100 and np.all(values == np.rint(values)))
    return index.reshape(-1).astype(np.int64) if few and len(values) > 1 else None
