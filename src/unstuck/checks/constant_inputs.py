"""Inputs that do not vary."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from . import Check, Family, Finding, Observation, measured
from . import _data as data
from ._words import count, percent


@dataclass(frozen=True)
class ConstantInputs(Check):
    """Input columns that are the same in every row tell nothing.

    ## What it sees
    The columns of the inputs trained on, each compared with its first row: in a table of at most
    `table` columns any that never changes, in wider inputs only a share of more than `most`.

    ## Why learning stops
    A column that never changes is one more bias. Where all are constant, every row looks alike and
    the best output is a constant. Most often numbers below 1 were cast to whole ones, a column was
    read as text, or data was scaled by a factor meant for other data.

    ## What it tries
    Nothing: what the columns should hold only the data says.

    ## Example
        x = frame.to_numpy().astype("int32")      # values from 0 to 1 all become 0: sick
        x = frame.to_numpy().astype("float32")    # cured

    ## When it is wrong
    One constant column among others does no harm by itself. Pixels at the border of images hardly
    ever change; therefore wide inputs are judged by the share.

    ## References
    None needed.
    """

    family: ClassVar[Family] = Family.DATA

    # Beyond so many columns they are pixels or the like; see unscaled-inputs.
    table: int = 16
    most: float = 0.9

    def look(self, seen: Observation) -> Iterator[Finding]:
        """The columns that equal their first row."""
        parts = [array.reshape(len(array), -1) for array in data.arrays(seen.recipe.train.x)]
        same = np.concatenate([np.all(part == part[:1], axis=0) for part in parts if len(part) > 1]
                              or [np.zeros(0, dtype=bool)])
        if not same.any() or (len(same) > self.table and same.mean() <= self.most):
            return
        whole = all(np.all(part == np.rint(part)) for part in parts if part.dtype.kind == "f")
        places = ", ".join(str(i) for i in np.flatnonzero(same)[:6])
        which = (f"Every one of the {count(len(same), 'input column')} is"
                 if same.all() else f"{count(int(same.sum()), 'input column')} of {len(same):,}"
                 f" (numbers {places}{', …' if same.sum() > 6 else ''},"
                 f" {percent(float(same.mean()))}) {'is' if same.sum() == 1 else 'are'}")
        cast = "; all inputs are whole numbers: a cast may have cut them" if whole else ""
        yield self.fact(
            f"{which} the same in all {seen.recipe.train.rows:,} rows trained on{cast}.",
            measured("constant input columns", int(same.sum()), 0, "columns"), site="fit",
        )
