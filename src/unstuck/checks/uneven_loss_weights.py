"""Outputs that hardly count."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import keras

from unstuck.checks import Check, Family, Finding, Observation, measured
from unstuck.checks._words import number
from unstuck.interventions.loss_weights import NoLossWeights


@dataclass(frozen=True)
class UnevenLossWeights(Check):
    """One output's loss weighs so much less than another's that it is not learned.

    ## What it sees
    The loss weights of a network: the largest more than `ratio` times the smallest, or a single
    one below 1 / `ratio`, in a network that fails.

    ## Why learning stops
    Training minimises the weighted sum. Of two losses of like size, one that weighs a hundredth
    moves the shared layers a hundredth as much; a weight of 0 switches its output off.

    ## What it tries
    No weights.

    ## Example
        model.compile("adam", "mse", loss_weights=[1.0, 0.001])    # the second is not learned: sick
        model.compile("adam", "mse")                               # cured

    ## When it is wrong
    Losses of different units need weights that make up for it: a squared error in dollars beside a
    cross-entropy.

    ## References
    Kendall et al. 2018, Multi-Task Learning Using Uncertainty to Weigh Losses,
    arxiv.org/abs/1705.07115.
    """

    family: ClassVar[Family] = Family.LOSS

    ratio: float = 30.0

    def look(self, seen: Observation) -> Iterator[Finding]:
        """The weights as given to `compile`."""
        given = seen.recipe.loss_weights
        weights = [abs(float(part)) for part in keras.tree.flatten(given)
                   if isinstance(part, int | float)]
        if not weights:
            return
        largest, smallest = max(*weights, 1.0) if len(weights) == 1 else max(weights), min(weights)
        if largest <= self.ratio * smallest:
            return
        yield self.suspicion(
            f"The losses are weighted from {number(smallest)} to {number(largest)}: the output with"
            " the smallest weight hardly takes part in training.",
            measured("smallest weight of a loss", smallest, largest / self.ratio),
            site="compile", tries=(NoLossWeights(),),
        )
