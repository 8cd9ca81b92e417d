"""Rows that weigh nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from unstuck.interventions.row_weights import NoRowWeights

from . import Check, Family, Finding, Observation, measured
from . import _data as data
from ._words import number, percent


@dataclass(frozen=True)
class RowsWithoutWeight(Check):
    """Weights of rows or classes are such that most rows, or a whole class, do not count.

    ## What it sees
    The weights from `sample_weight` or `class_weight`, in a network that fails: the number of
    rows that would have the same effect if they all weighed the same, (sum w)² / (sum w²), below
    `effective` of the rows; or a class whose rows all weigh 0.

    ## Why learning stops
    A row's gradient is multiplied by its weight. Rows of weight 0 are not seen, whatever they
    hold; where one row weighs a thousand others, batches without it teach nothing. Negative
    weights teach the opposite.

    ## What it tries
    No weights.

    ## Example
        model.fit(x, y, class_weight={0: 1.0, 1: 0.0})    # class 1 is never taught: sick
        model.fit(x, y)                                   # cured

    ## When it is wrong
    Weights that mask what is unknown (padding, missing answers) are right to be 0.

    ## References
    Kish 1965, Survey Sampling, for the effective number of rows.
    """

    family: ClassVar[Family] = Family.LABELS

    # Balanced weights for 1 positive in 20 leave a fifth of the rows.
    effective: float = 0.1

    def look(self, seen: Observation) -> Iterator[Finding]:
        """The weights as the loss has them."""
        given = data.arrays(seen.recipe.train.sample_weight)
        if len(given) != 1 or given[0].ndim != 1:
            return
        weights = given[0].astype(np.float64)
        if not np.isfinite(weights).all():
            return
        square, labels = float((weights**2).sum()), data.labels(seen.recipe)
        worth = float(weights.sum()) ** 2 / square / len(weights) if square else 0.0
        silent = [] if labels is None else [
            label for label in np.unique(labels) if not weights[labels == label].any()]
        negative = float((weights < 0).mean())
        if negative:
            said = f"{percent(negative)} of the rows have negative weights"
        elif silent:
            share = float(np.isin(labels, silent).mean()) if labels is not None else 0.0
            said = (f"every row of {len(silent)} of the classes, {percent(share)} of all rows, has"
                    " a weight of 0")
        elif worth < self.effective:
            said = (f"{len(weights):,} rows have weights from {number(float(weights.min()))} to"
                    f" {number(float(weights.max()))}")
        else:
            return
        yield self.fact(
            f"As weighted, the rows count as much as {worth * len(weights):,.0f} of equal weight:"
            f" {said}.",
            measured("rows that count", worth * len(weights), self.effective * len(weights),
                     "rows"),
            site="fit", tries=(NoRowWeights(),),
        )
