"""A loss that is high and as low as it goes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from . import Check, Family, Finding, Observation, measured
from ._words import number, percent


@dataclass(frozen=True)
class LossAtItsFloor(Check):
    """The loss is not near 0 because nothing can bring it there: the data has a floor.

    ## What it sees
    The lowest loss that any function of the inputs can have on the trained rows, the loss of the
    best constant output, and where between the two the trained replicas end. It speaks where the
    floor is well above 0 and the median replica has closed at least `closed` of the distance.

    ## Why learning stops
    It does not: it has arrived. Binary cross-entropy against a grey value t costs at least
    -t ln t - (1-t) ln(1-t), even for the exactly right output; identical inputs with different
    targets cost their variance or entropy; what noise has made of a clean row, the best denoiser
    can only guess.

    ## What it tries
    Nothing: this acquits the network. Look at the loss minus its floor, or at mean squared error.

    ## Example
        model.compile("adam", "binary_crossentropy")    # grey digits as targets: 0.2 is the floor
        model.compile("adam", "mse")                    # the same outputs, and a floor of 0

    ## When it is wrong
    The floor is that of these rows. A network may sit on it by memorising them.

    ## References
    Gibbs' inequality: cross-entropy is never below the entropy of the targets. With few clean rows
    and noise of a known kind, their posterior mean is the best denoiser, and its loss the floor.
    """

    family: ClassVar[Family] = Family.EVALUATION
    of_the_end: ClassVar[bool] = True
    always: ClassVar[bool] = True
    good_news: ClassVar[bool] = True

    # Of the distance from the best constant output to the floor: a good autoencoder of digits,
    # whose code is narrower than the data, closes 85 %.
    closed: float = 0.8
    # Of the best constant's loss; below this nobody would call the loss high.
    high: float = 0.05

    def look(self, seen: Observation) -> Iterator[Finding]:
        """Where the population ends between constant and floor."""
        floor, baseline = seen.goal.floor, seen.goal.baseline
        losses = seen.control.final_loss[np.isfinite(seen.control.final_loss)]
        if floor is None or baseline is None or floor <= self.high * baseline or not len(losses):
            return
        loss = float(np.median(losses))
        skill = seen.goal.skill(loss)
        if skill is None or skill < self.closed:
            return
        best = next((v for v in seen.goal.levels if v.here is not None), None)
        if best is not None and seen.goal.noise is not None:
            yield self.fact(
                f"The loss ends at {number(loss)}. After {seen.goal.noise.text} no denoiser has less"
                f" than {number(best.loss)} on new rows, and the best one has"
                f" {number(best.here or 0)} on these; a constant output has {number(baseline)}."
                " Noise, not the network, is the limit.",
                measured("share of the distance to the floor closed", skill, self.closed),
                measured("floor of the loss", floor),
                site="loss",
            )
            return
        yield self.fact(
            f"The loss ends at {number(loss)}, but no function of these inputs can have less than"
            f" {number(floor)}, and a constant output has {number(baseline)}:"
            f" {percent(min(skill, 1))} of that distance is closed, and"
            f" {percent(min(floor / loss, 1))} of the loss are the targets' own.",
            measured("share of the distance to the floor closed", skill, self.closed),
            measured("floor of the loss", floor),
            site="loss",
        )
