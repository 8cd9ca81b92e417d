"""Sorted rows, trained on or cut in that order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from unstuck.interventions.shuffle import Shuffle
from unstuck.interventions.shuffle_rows import ShuffleRows
from unstuck.interventions.validation_split import ValidationSplit

from . import Check, Family, Finding, Observation, measured
from . import _data as data
from ._words import number


@dataclass(frozen=True)
class RowsInOrder(Check):
    """The rows are sorted, and training takes them in that order or validates on another kind.

    ## What it sees
    With `shuffle=False`: targets of neighbouring rows that resemble each other, by the correlation
    of each row's target with the next one's, above `alike`. With a validation split: the mean of a
    target or an input over the rows cut off, more than `apart` standard deviations from its mean
    over the others.

    ## Why learning stops
    Batches of a single kind pull the weights to and fro; at the end of each epoch the last kind has
    won. A validation part of another kind than the trained rows measures something else, and what
    it holds is not learned.

    ## What it tries
    `shuffle=True`; the rows shuffled once before the cut; no validation split.

    ## Example
        model.fit(x, y, shuffle=False)    # y is 0 0 0 … 1 1 1: sick
        model.fit(x, y)                   # Keras shuffles by default: cured

        DataLoader(rows, batch_size=32)                  # in their order: sick, in PyTorch
        DataLoader(rows, batch_size=32, shuffle=True)    # cured

    ## When it is wrong
    Time series are validated on their end on purpose, and stateful recurrent networks need their
    rows in order.

    ## References
    Bengio 2012, Practical recommendations, section on shuffling, arxiv.org/abs/1206.5533.
    """

    family: ClassVar[Family] = Family.DATA
    of_targets: ClassVar[bool] = True

    # Shuffled rows have a correlation of 0 ± 1 / sqrt(rows).
    alike: float = 0.5
    # In standard deviations of the targets; random cuts of 100 rows differ by 0.1.
    apart: float = 1.0
    rows: int = 16
    tail: int = 8

    def look(self, seen: Observation) -> Iterator[Finding]:
        """The order of training, then the cut."""
        recipe, arrays = seen.recipe, data.arrays(seen.recipe.y)
        if recipe.several_outputs or not arrays or len(arrays[0]) < self.rows:
            return
        values = arrays[0].reshape(len(arrays[0]), -1).astype(np.float64)
        if seen.goal.task.kind == "classes" and seen.goal.task.targets.max() < 1000:
            _, which = np.unique(values[:, 0], return_inverse=True)
            values = np.eye(which.max() + 1)[which]
        if not recipe.shuffle:
            correlation = neighbours(values[: recipe.train.rows])
            if correlation >= self.alike:
                yield self.suspicion(
                    "shuffle=False trains on the rows as they lie, and they are sorted: the target"
                    f" of a row and the next one's have a correlation of {number(correlation)}.",
                    measured("correlation of neighbouring targets", correlation, self.alike),
                    site="fit", tries=(Shuffle(),),
                )
        if recipe.validation is None or recipe.validation_data is not None:
            return
        cut = recipe.train.rows
        inputs = [array.reshape(len(array), -1).astype(np.float64)
                  for array in data.arrays(recipe.x)]
        gaps = {"target": difference(values[:cut], values[cut:]), "input": max(
            (difference(array[:cut], array[cut:]) for array in inputs), default=0.0)}
        what = max(gaps, key=gaps.__getitem__)
        if gaps[what] >= self.apart and len(values) - cut >= self.tail:
            yield self.suspicion(
                f"validation_split={recipe.validation_split:g} cuts off the last rows, whose mean"
                f" {what} is {number(gaps[what])} standard deviations from that of the rows trained"
                " on: they are of another kind.",
                measured(f"difference of the mean {what}s", gaps[what], self.apart,
                         "standard deviations"),
                site="fit", tries=(ShuffleRows(), ValidationSplit(value=0.0)),
            )


def neighbours(values: NDArray[Any]) -> float:
    """Correlation of each row [row, column] with the next, over the columns that vary."""
    if len(values) < 3:
        return 0.0
    centred = values - values.mean(axis=0)
    total = float((centred**2).sum())
    return float((centred[1:] * centred[:-1]).sum()) / total if total > 0 else 0.0


def difference(first: NDArray[Any], second: NDArray[Any]) -> float:
    """The largest difference of column means, in the columns' standard deviations over both."""
    spread = np.concatenate([first, second]).std(axis=0)
    varying = spread > 1e-12
    if not varying.any() or not len(first) or not len(second):
        return 0.0
    gap = np.abs(first.mean(axis=0) - second.mean(axis=0))[varying] / spread[varying]
    return float(gap.max())
