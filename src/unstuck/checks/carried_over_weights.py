"""A training that begins with weights that are no fresh draw."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from unstuck.interventions.fresh_weights import FreshWeights

from . import Check, Family, Finding, Observation, measured
from ._words import count, percent


@dataclass(frozen=True)
class CarriedOverWeights(Check):
    """The training does not begin with freshly drawn weights, but with what was there before.

    ## What it sees
    The share of the trainable weights that were loaded, set or trained before this `fit`, and
    whether the optimizer goes on from earlier updates. From `most` on it is suspicious in a network
    that fails.

    ## Why learning stops
    A second `fit` goes on where the first one ended. If that was in a dead or saturated state, or
    with weights far from any that an initialiser draws, no later change of the rate or of the loss
    leads out of it. Weights set to one constant by hand make all units of a layer alike, and they
    stay alike. An optimizer that was not compiled anew brings along the averages of gradients of
    another task.

    ## What it tries
    All weights drawn anew, and the optimizer at its beginning.

    ## Example
        model.set_weights([0 * w for w in model.get_weights()])    # "reset" before fit
        model = build()                                            # a fresh draw

    ## When it is wrong
    Fine-tuning is meant to begin with trained weights, and loses by a fresh draw.

    ## References
    Ash and Adams 2020, On warm-starting neural network training, arxiv.org/abs/1910.08475.
    """

    family: ClassVar[Family] = Family.INITIALIZATION

    # Where half of the weights are drawn, what was carried over is a part that was put in on purpose.
    most: float = 0.5

    def look(self, seen: Observation) -> Iterator[Finding]:
        """What was carried over."""
        recipe = seen.recipe
        if not recipe.architecture.kept:
            return
        sizes = recipe.architecture.trainable_sizes
        kept = sum(size for path, size in sizes.items() if path in recipe.architecture.kept)
        share = kept / max(1, sum(sizes.values()))
        if share < self.most:
            return
        goes_on = ", and its optimizer from earlier updates" if recipe.optimizer.state else ""
        yield self.suspicion(
            f"{percent(share)} of the {count(int(np.sum(list(sizes.values()))), 'trainable weight')}"
            f" were loaded, set or trained before this fit, which goes on from them{goes_on}.",
            measured("share of weights carried over", share, self.most),
            site="fit", tries=(FreshWeights(),),
        )
