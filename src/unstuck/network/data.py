"""Rows for a training: inputs, targets and the weights of rows, which go together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

Tree = Any


@dataclass(frozen=True, kw_only=True, eq=False)
class Data:
    """Rows as the training loop sees them: numpy arrays (or trees of them) of equal length."""

    x: Tree
    y: Tree
    sample_weight: Tree = None

    @property
    def rows(self) -> int:
        """How many rows."""
        return int(keras.tree.flatten(self.x)[0].shape[0])

    def taken(self, chosen: Any) -> Data:
        """Some of the rows: `chosen` is what a numpy array may be indexed with."""
        x, y, weight = keras.tree.map_structure(
            lambda a: None if a is None else a[chosen], (self.x, self.y, self.sample_weight))
        return Data(x=x, y=y, sample_weight=weight)


@dataclass(frozen=True, kw_only=True)
class Filled:
    """What stands in the inputs for a number that marks a missing value.

    - `mark`: the number, in the input columns `columns`.
    - `instead`: what stands in its place, one number for each of them.
    - `told`: a column more for each of them, behind the others, is 1 where the value is missing.
    """

    mark: float
    columns: tuple[int, ...]
    instead: tuple[float, ...]
    told: bool = False

    def of(self, rows: NDArray[Any]) -> NDArray[Any]:
        """Rows [row, column] with that done."""
        here = rows[:, list(self.columns)] == np.asarray(self.mark, rows.dtype)
        filled = rows.astype(np.float32 if rows.dtype == np.float32 else np.float64)
        filled[:, list(self.columns)] = np.where(here, self.instead, filled[:, list(self.columns)])
        return np.concatenate([filled, here], axis=1) if self.told else filled


@dataclass(frozen=True, kw_only=True, eq=False)
class Viewed:
    """Rows that a script cut out of one array by a view of other sizes, where axes were to change
    places.

    Such a view counts the numbers off anew, so that a row may hold numbers of several. `dims` are
    the axes of the array in the order that makes the sizes of the view; `as_viewed` is what the
    view made, and `as_meant` what that order makes.
    """

    dims: tuple[int, ...]
    as_viewed: NDArray[Any]
    as_meant: NDArray[Any]

    def of(self, rows: NDArray[Any]) -> NDArray[Any]:
        """What is meant by rows of the view. Raises LookupError where one is no row of it."""
        return self.as_meant[_places(self.as_viewed, rows)]

    def back(self, rows: NDArray[Any]) -> NDArray[Any]:
        """The rows of the view by which `rows` are meant. Raises LookupError where there is none."""
        return self.as_viewed[_places(self.as_meant, rows)]

    def __repr__(self) -> str:
        return f"Viewed(dims={self.dims})"


def _places(among: NDArray[Any], rows: NDArray[Any]) -> list[int]:
    """Where each row stands among others of its kind."""
    places = {row.tobytes(): i for i, row in enumerate(among)}
    return [places[row.tobytes()] for row in np.asarray(rows, among.dtype)]
