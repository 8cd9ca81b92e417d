"""A validation split that takes away what training needs to see."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import keras
import numpy as np

from unstuck.checks import Check, Family, Finding, Observation, measured
from unstuck.checks import _data as data
from unstuck.checks._words import count, percent
from unstuck.goal.tasks import task_of
from unstuck.interventions.shuffle_rows import ShuffleRows
from unstuck.interventions.validation_split import ValidationSplit


@dataclass(frozen=True)
class SplitTakesPatterns(Check):
    """The validation split keeps inputs or classes from training that occur nowhere else.

    ## What it sees
    Keras cuts the validation rows off the *end* of the data, before any shuffling. It compares the
    two parts: classes that only the cut-off part holds and, where the data consists of a few
    distinct inputs, those that only it holds.

    ## Why learning stops
    A pattern or a class that is never trained on has no gradient; a network may guess it by luck,
    not learn it.

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
            what, evidence = f"{count(len(lost), 'class')}".replace("classs", "classes"), measured(
                "classes that are never trained on", len(lost), 0, "classes")
            names = ", ".join(str(entry) for entry in lost[:8])
            message = f"{what} of the targets ({names}{', …' if len(lost) > 8 else ''})"
        else:
            rows = self._lost_patterns(seen)
            if not rows:
                return
            few = seen.goal.judged_rows
            evidence = measured("distinct rows that are never trained on", len(rows), 0, "rows")
            shown = seen.goal.flat_inputs[rows[:3]]
            names = ", ".join(f"[{', '.join(f'{v:g}' for v in row[:8])}]" for row in shown)
            message = f"{len(rows)} of the {few} distinct rows ({names})"
        yield self.fact(
            f"validation_split={recipe.validation_split:g} cuts off the last"
            f" {recipe.validation.rows} of {seen.goal.rows} rows before shuffling; {message} then"
            f" occur{'s' if message.startswith('1 ') else ''} in none of the"
            f" {recipe.train.rows} rows that are trained on"
            f" ({percent(recipe.train.rows / seen.goal.rows)}).",
            evidence, site="fit", tries=(ValidationSplit(value=0.0), ShuffleRows()),
        )

    def _lost_classes(self, seen: Observation) -> list[int | float]:
        recipe = seen.recipe
        arrays = data.arrays(recipe.y)
        if recipe.several_outputs or not arrays or not seen.goal.task.discrete:
            return []
        task = task_of(arrays[0], recipe.loss_config[0], _units(seen))
        if task.kind not in ("classes", "one-hot") and arrays[0].reshape(len(arrays[0]), -1
                                                                         ).shape[1] > 1:
            return []
        truth = task.truth()
        cut = recipe.train.rows
        missing = np.setdiff1d(truth[cut:], truth[:cut])
        return [value.item() if value % 1 else int(value) for value in missing]

    def _lost_patterns(self, seen: Observation) -> list[int]:
        goal = seen.goal
        if not goal.patterns or goal.judged_rows > self.patterns:
            return []
        return [int(i) for i in np.flatnonzero((goal.weights[0] > 0) & (goal.weights[1] == 0))]


def _units(seen: Observation) -> int | None:
    shapes = keras.tree.flatten(seen.recipe.architecture.output_shapes)
    return int(shapes[-1]) if shapes and shapes[-1] is not None else None
