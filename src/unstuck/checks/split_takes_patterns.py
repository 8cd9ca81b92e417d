"""A validation split that takes away what training needs to see."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from unstuck.goal.tasks import task_of
from unstuck.interventions.shuffle_rows import ShuffleRows
from unstuck.interventions.validation_split import ValidationSplit

from . import Check, Family, Finding, Observation, measured
from . import _anatomy as anatomy
from . import _data as data
from ._words import count


@dataclass(frozen=True)
class SplitTakesPatterns(Check):
    """The validation split keeps inputs or classes from training that occur nowhere else.

    ## What it sees
    Keras cuts the validation rows off the *end* of the data, before any shuffling. It compares the
    two parts: classes that only the cut-off part holds and, where the data consists of a few
    distinct inputs, those that only it holds.

    ## Why learning stops
    A pattern or a class that is never trained on has no gradient; a network may guess it by luck,
    not learn it. Rows sorted by class, or a handful of patterns listed once each, lose whole groups
    that way, and the validation loss then asks for just what was withheld.

    ## What it tries
    No validation split; the rows shuffled before the cut.

    ## Example
        model.fit(x, y, validation_split=0.2)    # 4 rows, the last never trained on: sick
        model.fit(x, y)                          # cured

    ## When it is wrong
    Where the network is meant to be tested on patterns that it has never seen, they must stay out;
    then its success on them is not to be had for certain.

    ## References
    Keras, `Model.fit`: "the validation data is selected from the last samples in the x and y data
    provided, before shuffling".
    """

    family: ClassVar[Family] = Family.EVALUATION

    # More distinct inputs than this are a sample of something, not a list of cases.
    patterns: int = 16

    def look(self, seen: Observation) -> Iterator[Finding]:
        """Classes and patterns that only the tail holds."""
        recipe = seen.recipe
        if recipe.validation_data is not None or recipe.validation is None:
            return
        lost = self._lost_classes(seen)
        if lost:
            names = ", ".join(str(entry) for entry in lost[:8])
            what = f"{count(len(lost), 'class', 'classes')} ({names}{', …' if lost[8:] else ''})"
            evidence = measured("classes that are never trained on", len(lost), 0, "classes")
        else:
            rows = self._lost_patterns(seen)
            if not rows:
                return
            names = ", ".join(f"[{', '.join(f'{value:g}' for value in row[:8])}]"
                              for row in seen.goal.flat_inputs[rows[:3]])
            what = f"{len(rows)} of the {seen.goal.judged_rows} distinct rows ({names})"
            evidence = measured("distinct rows that are never trained on", len(rows), 0, "rows")
        yield self.fact(
            f"validation_split={recipe.validation_split:g} cuts off the last"
            f" {recipe.validation.rows} of {seen.goal.rows} rows, before shuffling. Nowhere among"
            f" the {count(recipe.train.rows, 'row')} trained on: {what}.",
            evidence, site="fit", tries=(ValidationSplit(value=0.0), ShuffleRows()),
        )

    def _lost_classes(self, seen: Observation) -> list[int]:
        recipe, arrays = seen.recipe, data.arrays(seen.recipe.y)
        if recipe.several_outputs or not arrays:
            return []
        head = anatomy.head(recipe)
        task = task_of(arrays[0], recipe.loss_config[0], head.units if head else None)
        truth = task.truth()
        if task.kind not in ("classes", "one-hot", "binary") or truth.shape[1] != 1:
            return []
        cut = recipe.train.rows
        return [int(value) for value in np.setdiff1d(truth[cut:], truth[:cut])]

    def _lost_patterns(self, seen: Observation) -> list[int]:
        goal = seen.goal
        if not goal.patterns or goal.judged_rows > self.patterns:
            return []
        return [int(i) for i in np.flatnonzero((goal.weights[0] > 0) & (goal.weights[1] == 0))]

