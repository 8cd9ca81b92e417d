"""Missing values that are written as a number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from unstuck.interventions.fill_missing import missing_marks
from unstuck.network.recipe import Recipe

from . import Check, Family, Finding, Observation, measured
from . import _data as data
from . import _tries as tries
from ._words import column, columns, number, percent


@dataclass(frozen=True)
class MissingWrittenAsNumber(Check):
    """A number such as -999 stands where a value is missing, far from all real values.

    ## What it sees
    Input columns, in a table of at most 64, in which one value made of nines, or the end of a
    type's range, such as -999, 9999 or -32768, stands in at least 3 rows, while all other values lie
    together: the nearest of them is further away than what they span.

    ## Why learning stops
    The network takes -999 for a measurement. One such value moves a unit further than hundreds of
    rows can move it back; scaled by mean and spread, all real values come to lie within a
    hundredth of each other.

    ## What it tries
    The median of the column in place of the number, and the same with a column more that tells where
    a value was missing, since that may say something itself.

    ## Example
        x = frame.to_numpy()                                                 # -999: sick
        x = frame.replace(-999, np.nan).fillna(frame.median()).to_numpy()    # cured

    ## When it is wrong
    A real reading may be 999. Where all other values are far below and it comes again and again, that
    is unlikely.

    ## References
    Little and Rubin 2019, Statistical Analysis with Missing Data, chapter 1.
    """

    family: ClassVar[Family] = Family.DATA
    always: ClassVar[bool] = True

    def look(self, seen: Observation) -> Iterator[Finding]:
        """Columns that hold the same far number, together."""
        for array in data.arrays(seen.recipe.x):
            flat = array.reshape(len(array), -1)
            for value, places in missing_marks(flat).items():
                yield self._told(seen.recipe, flat, value, places)

    def _told(
        self, recipe: Recipe, flat: data.Array, value: float, places: tuple[int, ...]
    ) -> Finding:
        here = flat[:, places] == np.asarray(value, flat.dtype)
        share, rows = float(here.mean()), float(here.any(axis=1).mean())
        real = flat[:, places[0]][~here[:, 0]]
        written = number(value).replace(",", "")
        which = columns(places, "input", recipe.columns)
        return self.fact(
            f"{percent(share)} of the values of {which} are {written}, in {percent(rows)} of the rows;"
            f" the other values of column {column(places[0], recipe.columns)} go from"
            f" {number(float(real.min()))} to {number(float(real.max()))}."
            " So a missing value is written, and the network takes it for a measurement.",
            measured("values that mark a missing one", share, 0, "share of values"), site="fit",
            tries=tries.filled(recipe, value, places),
        )
