"""A column of the inputs that numbers the rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from . import Check, Family, Finding, Observation, measured
from . import _data as data
from ._words import columns, count, number


@dataclass(frozen=True)
class RowNumbers(Check):
    """A column that only numbers the rows tells nothing about other rows.

    ## What it sees
    Among at most `columns` columns of numbers, one whose values are whole and all different, which
    goes up from row to row or leaves out at most every other number, and which has no correlation
    with any target: less than `noise` / √rows.

    ## Why learning stops
    An identifier is large, and its numbers drown those of the other columns. Where it is scaled, a
    network can learn the rows by heart by it, and then fails on new rows, whose numbers it has never
    seen.

    ## What it tries
    Nothing: whether a column is an identifier, a date or a position only its author knows.

    ## Example
        x = frame.drop(columns="churn")                    # "customer_id" is still there: sick
        x = frame.drop(columns=["customer_id", "churn"])   # cured

    ## When it is wrong
    A time or a position may count the rows too, and matter without a correlation, as in a wave.

    ## References
    None needed.
    """

    family: ClassVar[Family] = Family.DATA

    columns: int = 64
    rows: int = 50
    noise: float = 3.0

    def look(self, seen: Observation) -> Iterator[Finding]:
        """The first such column."""
        tables = [array for array in data.arrays(seen.recipe.train.x)
                  if array.ndim == 2 and len(array) >= self.rows and array.dtype.kind in "fiu"]
        if not 2 <= sum(table.shape[1] for table in tables) <= self.columns:
            return
        wanted = [_told(array) for array in data.arrays(seen.recipe.train.y)]
        for table in tables:
            for place, column in enumerate(table.T):
                values = column.astype(np.float64)
                if not _numbers_rows(values):
                    continue
                related = max((_correlation(values, one) for part in wanted for one in part.T),
                              default=0.0)
                if related < self.noise / np.sqrt(len(values)):
                    yield self.fact(
                        f"{columns([place], 'Input', seen.recipe.columns)} numbers the rows: its"
                        f" {count(len(values), 'value')} are all different whole numbers from"
                        f" {values.min():,.0f} to {values.max():,.0f}, and it has no correlation with"
                        f" the targets ({number(related)}). Is it an identifier? Then leave it out:"
                        " by it a network learns rows by heart.",
                        measured("correlation with a target", related,
                                 self.noise / float(np.sqrt(len(values)))), site="fit")
                    return


def _numbers_rows(values: NDArray[np.float64]) -> bool:
    """True for whole numbers that are all different, and rise or lie close together."""
    if not np.isfinite(values).all() or np.any(values != np.rint(values)):
        return False
    ordered = np.sort(values)
    if np.any(np.diff(ordered) == 0):
        return False
    return bool(np.all(np.diff(values) > 0) or ordered[-1] - ordered[0] < 2 * len(values))


def _told(targets: NDArray[Any]) -> NDArray[np.float64]:
    """Targets as columns of numbers; of a few classes, one column each."""
    flat = targets.reshape(len(targets), -1)
    if flat.shape[1] == 1:
        known = np.unique(flat)
        if len(known) <= 20:
            flat = flat == known
    return np.asarray(flat[:, :20], np.float64)


def _correlation(values: NDArray[np.float64], targets: NDArray[np.float64]) -> float:
    """The size of Pearson's correlation; 0 where one of them does not vary."""
    if len(values) != len(targets) or not np.isfinite(targets).all() or not targets.std():
        return 0.0
    return float(abs(np.corrcoef(values, targets)[0, 1]))
