"""Missing values that are written as a number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from . import Check, Family, Finding, Observation, measured
from . import _data as data
from ._words import columns, number, percent


@dataclass(frozen=True)
class MissingWrittenAsNumber(Check):
    """A number such as -999 stands where a value is missing, far from all real values.

    ## What it sees
    Input columns, in a table of at most `table`, in which one value made of nines, or the end of a
    type's range, such as -999, 9999 or -32768, stands in at least `least` rows, while all other
    values lie together: the nearest of them is further away than `far` times what they span.

    ## Why learning stops
    The network takes -999 for a measurement. One such value moves a unit further than hundreds of
    rows can move it back; scaled by mean and spread, all real values come to lie within a
    hundredth of each other.

    ## What it tries
    Nothing: what is judged are the rows as they were given, and what belongs in place of a missing
    value only the one who knows the data can say. The message has the lines that put the median there.

    ## Example
        x = frame.to_numpy()                                           # -999: sick
        x = frame.replace(-999, np.nan).fillna(frame.median()).to_numpy()    # cured

    ## When it is wrong
    A real reading may be 999. Where all other values are far below and it comes again and again, that
    is unlikely.

    ## References
    Little and Rubin 2019, Statistical Analysis with Missing Data, chapter 1.
    """

    family: ClassVar[Family] = Family.DATA
    always: ClassVar[bool] = True

    # A reading that happens to be 999 does not come again to the last digit.
    least: int = 3
    # Long-tailed columns reach a few times as far as most of their values, but not in one leap.
    far: float = 1.0
    # Fewer different values may be codes of something, of which 99 is one.
    different: int = 5
    # Beyond so many columns they are pixels or the like.
    table: int = 64

    def look(self, seen: Observation) -> Iterator[Finding]:
        """Columns that hold the same far number, together."""
        for array in data.arrays(seen.recipe.x):
            flat = array.reshape(len(array), -1)
            if flat.shape[1] > self.table:
                continue
            marked: dict[float, list[int]] = {}
            for column in range(flat.shape[1]):
                for value in self._marks(flat[:, column]):
                    marked.setdefault(value, []).append(column)
            for value, places in marked.items():
                yield self._told(flat, value, places)

    def _marks(self, column: data.Array) -> Iterator[float]:
        """The numbers that mark missing values in a column."""
        values, often = np.unique(column, return_counts=True)
        for place in (0, -1):
            if often[place] < self.least or not is_mark(float(values[place])):
                continue
            rest = np.delete(values, place).astype(np.float64)
            if len(rest) < self.different or not np.isfinite(rest).all():
                continue
            gap = float(np.abs(rest - float(values[place])).min())
            if gap > self.far * float(np.ptp(rest)):
                yield float(values[place])

    def _told(self, flat: data.Array, value: float, places: list[int]) -> Finding:
        here = flat[:, places] == np.asarray(value, flat.dtype)
        share, rows = float(here.mean()), float(here.any(axis=1).mean())
        real = flat[:, places[0]][~here[:, 0]]
        written = number(value).replace(",", "")
        return self.fact(
            f"{percent(share)} of the values of {columns(places, 'input')} are {written}, in"
            f" {percent(rows)} of the rows; the other values of column {places[0]} go from"
            f" {number(float(real.min()))} to {number(float(real.max()))}."
            " So a missing value is written, and the network takes it for a measurement. To put the"
            f" median of a column there: x = np.where(x == {written}, np.nan, x);"
            " x = np.where(np.isnan(x), np.nanmedian(x, axis=0), x).",
            measured("values that mark a missing one", share, 0, "share of values"), site="fit",
        )


def is_mark(value: float) -> bool:
    """True for a number of nines, from 99 on, of either sign, and for the ends of usual types."""
    if not np.isfinite(value) or value != round(value):
        return False
    if abs(value) >= 1e20 or abs(value) in (2**15, 2**15 - 1, 2**31, 2**31 - 1):
        return True
    return 99 <= abs(value) < 1e9 and set(str(int(abs(value)))) == {"9"}
