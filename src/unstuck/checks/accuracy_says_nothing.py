"""Accuracy of what is no class."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import keras
import numpy as np

from unstuck.interventions.metric import Metric, is_accuracy

from . import Check, Family, Finding, Observation, measured
from . import _data as data
from ._words import number


@dataclass(frozen=True)
class AccuracySaysNothing(Check):
    """The accuracy that is watched cannot rise, or means nothing, for targets of this kind.

    ## What it sees
    "accuracy" among the metrics of a network with one output whose targets are numbers, or two
    values that are not 0 and 1; or that puts out logits, which accuracy compares with 0.5.

    ## Why learning stops
    It need not stop: the metric is read wrongly. Accuracy counts answers that are exactly right.
    A prediction of 3.4999 for 3.5 is wrong; for targets of -1 and 1, Keras rounds outputs to 0 or
    1, and -1 is never met. The number stays low, or at the share of targets that happen to be 0,
    whatever the network learns.

    ## What it tries
    No training: it changes what is shown, not what is learned. A repair brings the metric along that
    can say it: "mae" for numbers, -1 and 1 among them (`keras.metrics.R2Score()` is as good), and
    `keras.metrics.BinaryAccuracy(threshold=0.0)` for logits with targets of 0 and 1.

    ## Example
        model.compile("adam", "mse", metrics=["accuracy"])    # house prices: sick
        model.compile("adam", "mse", metrics=["mae"])         # cured

    ## When it is wrong
    Where numbers happen to be few and whole, it may be near to what is meant.

    ## References
    Keras, Accuracy metrics: "accuracy" becomes BinaryAccuracy, CategoricalAccuracy or
    SparseCategoricalAccuracy by the shapes of targets and outputs.
    """

    family: ClassVar[Family] = Family.EVALUATION
    always: ClassVar[bool] = True

    def look(self, seen: Observation) -> Iterator[Finding]:
        """The metric against the targets."""
        recipe, targets = seen.recipe, data.targets(seen.recipe)
        watched = [part for part in keras.tree.flatten((recipe.metrics, recipe.weighted_metrics))
                   if is_accuracy(part)]
        if not watched or targets is None or seen.goal.task.kind in ("classes", "one-hot"):
            return
        values, threshold = np.unique(targets), None
        if recipe.loss_config[1].get("from_logits") and targets.shape[1] == 1:
            message = ("The outputs are logits, from minus to plus infinity, and accuracy takes"
                       " those above 0.5 for 1: the border is at 0")
            threshold = 0.0 if set(values) <= {0.0, 1.0} else None
        elif len(values) == 2 and set(values) != {0.0, 1.0}:
            message = (f"The targets are {number(float(values[0]))} and"
                       f" {number(float(values[1]))}, and accuracy rounds outputs to 0 or 1")
        elif len(values) > 2 and seen.goal.task.kind == "real":
            exact = "" if np.all(values == np.rint(values)) else (
                f", of which {number(100 * float(np.isin(targets, [0.0, 1.0]).mean()))} % are 0 or"
                " 1")
            message = (f"The targets have {len(values):,} different values{exact}: accuracy counts"
                       " outputs that equal them exactly after rounding to 0 or 1")
        else:
            return
        yield self.fact(f"{message}; it does not show whether the network learns.",
                        measured("different targets", len(values), 2), site="compile",
                        tries=(Metric(threshold=threshold),))

