"""Rows learned by heart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from unstuck.base.errors import NotSupported
from unstuck.interventions.add_dropout import AddDropout
from unstuck.interventions.epochs import Epochs

from . import Check, Family, Finding, Observation, measured
from ._words import count, number


@dataclass(frozen=True)
class Overfitting(Check):
    """The rows trained on are learned, and the rows held back are not.

    ## What it sees
    The yardstick on the rows trained on and on those validated on: the former reach the goal, the
    latter close less than `closed` of the way from a constant output to what is possible.

    ## Why learning stops
    It does not stop too early but too late, or has too little to go by: with more numbers to
    choose than rows to meet, the network remembers each row. What new rows have in common with old
    ones is lost among what they do not.

    ## What it tries
    Dropout of 0.3 behind wide layers; a tenth of the epochs.

    ## Example
        layers.Dense(512, activation="relu")                                  # 50 rows: sick
        [layers.Dense(64, activation="relu"), layers.Dropout(0.3)]            # more hope

    ## When it is wrong
    Rows held back of another kind than those trained on (see rows-in-order and
    split-takes-patterns) fail in the same way.

    ## References
    Zhang et al. 2017, Understanding deep learning requires rethinking generalization,
    arxiv.org/abs/1611.03530. Srivastava et al. 2014, Dropout.
    """

    family: ClassVar[Family] = Family.REGULARIZATION
    of_the_end: ClassVar[bool] = True
    of_targets: ClassVar[bool] = True

    # Half of what is possible; `diagnosis` says OVERFITS by the same half.
    closed: float = 0.5
    most: int = 100

    def look(self, seen: Observation) -> Iterator[Finding]:
        """Both scores of the usual replica."""
        goal, score = seen.goal, seen.control.score
        if seen.recipe.validation is None or goal.no_signal:
            return
        trained, held = score[:, 1], score[:, 2]
        if not (np.isfinite(trained).any() and np.isfinite(held).any()):
            return
        limit = goal.constant + self.closed * (goal.ceiling - goal.constant)
        shown = seen.shown((trained >= goal.threshold) & (held < limit))
        if shown.share < self.often or not shown.replicas:
            return
        fewer = max(1, seen.recipe.epochs // 10)
        yield self.suspicion(
            f"In {shown} the {count(seen.recipe.train.rows, 'row')} trained on reach"
            f" {number(float(np.nanmedian(trained)))} ({goal.metric}), those held back"
            f" {number(float(np.nanmedian(held)))}; the network has"
            f" {seen.recipe.parameters:,} weights.",
            measured(f"{goal.metric} on rows held back", float(np.nanmedian(held)), limit,
                     shown=shown),
            site="fit",
            tries=(*_dropout(seen), *((Epochs(value=fewer, was=seen.recipe.epochs),)
                                   if fewer < seen.recipe.epochs else ())),
        )


def _dropout(seen: Observation) -> tuple[AddDropout, ...]:
    try:
        AddDropout().apply(seen.recipe)
    except NotSupported:
        return ()
    return (AddDropout(),)
