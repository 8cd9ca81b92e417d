"""One output for many classes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from unstuck.interventions import _network as network
from unstuck.interventions.output_units import OutputUnits

from . import Check, Family, Finding, Observation, measured
from . import _anatomy as anatomy
from . import _data as data
from ._words import number


@dataclass(frozen=True)
class OneOutputForClasses(Check):
    """Class numbers from 0 to C - 1 are to come out of fewer than C outputs.

    ## What it sees
    Targets that are a column of a few whole numbers from 0 on (3 to `most` of them, each at least
    `rows` times), and fewer outputs than there are numbers, with a softmax, a sigmoid or a loss
    for classes.

    ## Why learning stops
    Classes are named by the largest of C outputs. One output can only be a number: a sigmoid ends
    at 1 and never reaches class 2, a softmax over one unit is always 1, and a linear output says
    that class 1 lies between 0 and 2, which is true of numbers and not of names.

    ## What it tries
    C softmax outputs with sparse categorical cross-entropy.

    ## Example
        layers.Dense(1, activation="softmax")     # ten kinds of clothes: sick
        layers.Dense(10, activation="softmax")    # cured

    ## When it is wrong
    Whole numbers can be quantities: rooms, stars, counts. With a linear output it is silent.

    ## References
    Goodfellow et al. 2016, Deep Learning, section 6.2.2.3.
    """

    family: ClassVar[Family] = Family.LABELS
    always: ClassVar[bool] = True
    of_each_output: ClassVar[bool] = True

    most: int = 100
    rows: int = 3

    def look(self, seen: Observation) -> Iterator[Finding]:
        """The numbers against the outputs."""
        head, targets = anatomy.head(seen.recipe), data.targets(seen.recipe)
        if head is None or targets is None or targets.shape[1] != 1 or head.units is None:
            return
        name = seen.recipe.loss_config[0]
        values, counts = np.unique(targets, return_counts=True)
        classes = len(values)
        if not (np.array_equal(values, np.arange(classes)) and 3 <= classes <= self.most
                and counts.min() >= self.rows and head.units < classes):
            return
        if head.activation not in ("softmax", "sigmoid") and "crossentropy" not in name:
            return
        outputs = network.output_layers(seen.recipe)
        loss = "sparse_categorical_crossentropy"
        change = (OutputUnits.of(seen.recipe, classes, "softmax", loss),) if len(
            outputs) == 1 and network.width_argument(outputs[0]) else ()
        yield self.fact(
            f"The targets are the whole numbers 0 to {classes - 1}, {number(float(counts.min()))}"
            f" rows or more of each, and the network has"
            f" {'one output' if head.units == 1 else f'{head.units} outputs'}"
            f" ({head.activation}) for these {classes} classes.",
            measured("outputs", head.units, classes, "outputs"),
            site=anatomy.site(head.layer), tries=change,
        )
