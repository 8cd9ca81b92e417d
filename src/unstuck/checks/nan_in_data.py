"""Values that are no numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from unstuck.interventions.drop_missing import DropMissing

from . import Check, Family, Finding, Observation, measured
from . import _data as data
from ._words import columns, count, number


@dataclass(frozen=True)
class NanInData(Check):
    """NaN or infinity in the data turns every weight into NaN with the first batch that holds it.

    ## What it sees
    Every value of inputs and targets: how many are NaN or infinite, in how many rows, and where the
    first one stands.

    ## Why learning stops
    Anything computed from NaN is NaN: the loss of that batch, its gradient, and after one update
    all weights. Keras trains on and reports `loss: nan`.

    ## What it tries
    The rows that hold them left out, where half of the rows or more are left: it shows what else is
    wrong. What belongs in place of a missing value only the one who knows the data can say; to invent
    it here would be to hide the fault.

    ## Example
        y[17] = np.nan                                        # sick from the first epoch on
        rows = np.isfinite(x).all(1) & np.isfinite(y)         # find them,
        x, y = x[rows], y[rows]                               # and leave out those rows

    ## When it is wrong
    A `Masking(mask_value=nan)` does not help either: NaN is not equal to itself.

    ## References
    IEEE 754, propagation of NaN.
    """

    family: ClassVar[Family] = Family.DATA
    of_rivals: ClassVar[bool] = True
    always: ClassVar[bool] = True

    def look(self, seen: Observation) -> Iterator[Finding]:
        """One fact for each array that holds such values."""
        for bad in data.bad_values(seen.recipe):
            names = seen.recipe.columns if bad.what.startswith("inputs") else ()
            where = columns([bad.column], "", names).lstrip()
            yield self.fact(
                f"The {bad.what} hold {count(bad.values, 'NaN or infinite value')} in"
                f" {count(bad.rows, 'row')}; the first is {number(bad.first)} in row {bad.row},"
                f" {where}.",
                measured("values that are no number", bad.values, 0, "values"),
                measured("first row", bad.row), measured("first column", bad.column),
                site="fit", tries=(DropMissing(),),
            )
