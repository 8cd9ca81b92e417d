"""Targets that are all the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from . import Check, Family, Finding, Observation, measured
from . import _data as data
from ._words import number


@dataclass(frozen=True)
class ConstantTargets(Check):
    """Every row has the same target, so that there is nothing to tell apart.

    ## What it sees
    All rows of the targets that are trained on, compared with the first.

    ## Why learning stops
    The best answer ignores the input. A loss near 0 then means nothing, and what the network says
    of other data is that constant too. Usually a wrong column was read, a label column was cast to
    whole numbers, or a comparison that made the labels was never true.

    ## What it tries
    Nothing: the right targets only the data has.

    ## Example
        y = (score > 100).astype("float32")    # scores go to 1.0: all 0, sick
        y = (score > 0.5).astype("float32")    # cured

    ## When it is wrong
    A network that is to learn one fixed value, in a test of the machinery.

    ## References
    None needed.
    """

    family: ClassVar[Family] = Family.LABELS
    always: ClassVar[bool] = True
    of_each_output: ClassVar[bool] = True

    def look(self, seen: Observation) -> Iterator[Finding]:
        """Targets that equal those of the first row."""
        found = data.arrays(seen.recipe.train.y)
        if len(found) != 1 or len(found[0]) < 2 or not np.array_equal(
                found[0], np.broadcast_to(found[0][:1], found[0].shape)):
            return
        first = found[0][0].reshape(-1)
        value = number(float(first[0])) if len(first) == 1 else f"{len(first)} numbers"
        yield self.fact(
            f"All {len(found[0]):,} rows that are trained on have the same target ({value}).",
            measured("distinct targets", 1, 2), site="fit",
        )
