"""A loss of one's own that falls while the answers get no better."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from . import Check, Family, Finding, Observation, measured
from . import _anatomy as anatomy
from . import _tries as tries
from ._words import number


@dataclass(frozen=True)
class OwnLossMisleads(Check):
    """A loss of the user's own is minimised, and what it rewards are not the right answers.

    ## What it sees
    A loss that is not one of Keras's, in a network that fails: it fell in training, by more than
    `fell` of its first value or below zero or to no number at all, while the yardstick is no
    better than a constant output's.

    ## Why learning stops
    The optimizer does its work on the wrong thing. A sign the wrong way round rewards distance, a
    mean over the wrong axis forgets which row was which, a similarity that is returned as it is,
    and not negated, is driven down.

    ## What it tries
    A loss of Keras's own that belongs to these targets.

    ## Example
        keras.ops.mean(y_pred * y_true, axis=-1)     # a likeness, made small: sick
        -keras.ops.mean(y_pred * y_true, axis=-1)    # cured

    ## When it is wrong
    Some losses are meant for something else than answers near the targets.

    ## References
    Humbatova et al. 2020, Taxonomy of real faults in deep learning systems,
    arxiv.org/abs/1910.11015, "wrong loss function calculation".
    """

    family: ClassVar[Family] = Family.LOSS

    fell: float = 0.3

    def look(self, seen: Observation) -> Iterator[Finding]:
        """The loss's way against the yardstick."""
        if seen.recipe.loss_config[0] != "custom" or seen.control.loss.shape[1] < 2:
            return
        first, last = seen.control.loss[:, 0], seen.control.loss[:, -1]
        with np.errstate(invalid="ignore"):
            down = (last < first - self.fell * np.abs(first)) | ~np.isfinite(last)
            score = np.nan_to_num(seen.control.score[:, 0], nan=-np.inf)
            better = score > seen.goal.constant + 0.1 * (seen.goal.ceiling - seen.goal.constant)
        shown = seen.shown(down & ~better)
        if shown.share < self.often or not shown.replicas:
            return
        yield self.suspicion(
            f"The loss, a function of your own, went from {number(seen.typical(first))} to"
            f" {number(seen.typical(last))} in {shown}, and the answers are no better than a"
            " constant: it rewards something else.",
            measured(seen.goal.metric, seen.typical(score), seen.goal.constant, shown=shown),
            site="loss",
            tries=tries.usual_loss(seen.recipe, seen.goal, anatomy.head(seen.recipe)),
        )
