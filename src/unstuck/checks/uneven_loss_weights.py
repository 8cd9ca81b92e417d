"""Outputs that hardly count."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar

import keras

from unstuck.base.errors import NotSupported
from unstuck.interventions import Intervention
from unstuck.interventions.at_output import AtOutput
from unstuck.interventions.balanced_losses import BalancedLosses
from unstuck.interventions.loss_weights import NoLossWeights
from unstuck.interventions.scale_targets import ScaleTargets
from unstuck.network import outputs
from unstuck.network.recipe import Recipe

from . import Check, Family, Finding, Observation, measured
from ._words import number


@dataclass(frozen=True)
class UnevenLossWeights(Check):
    """One output's loss weighs so much less than another's that it is not learned.

    ## What it sees
    The losses of several outputs as weighted, each at its best constant output: the largest more
    than `ratio` times the smallest, in a network that fails. Where these are not known, or there is
    one loss, its weights: the largest more than `ratio` times the smallest, or one below 1 / `ratio`.

    ## Why learning stops
    Training minimises the weighted sum. Of two losses of like size, one that weighs a hundredth
    moves the shared layers a hundredth as much; a weight of 0 switches its output off. Losses of
    different units are weighted by their units: a squared error in watts beside one in degrees.

    ## What it tries
    No weights; for several outputs, each weighted by one over the loss of its best constant.

    ## Example
        model.compile("adam", "mse", loss_weights=[1.0, 0.001])    # the second is not learned: sick
        model.compile("adam", "mse")                               # cured

    ## When it is wrong
    Adam's steps in the layers of one output alone do not depend on the size of its loss; an output
    that the shared layers serve anyway is learned with hardly any weight.

    ## References
    Kendall et al. 2018, Multi-Task Learning Using Uncertainty to Weigh Losses,
    arxiv.org/abs/1705.07115.
    """

    family: ClassVar[Family] = Family.LOSS

    ratio: float = 30.0

    def look(self, seen: Observation) -> Iterator[Finding]:
        """The losses as weighted where they are known, else the weights as given to `compile`."""
        given = seen.recipe.loss_weights
        weights = [abs(float(part)) for part in keras.tree.flatten(given)
                   if isinstance(part, int | float)]
        largest, smallest = max(weights, default=1.0), min(weights, default=1.0)
        if len(weights) == 1:
            largest = max(largest, 1.0)
        uneven = (NoLossWeights(),) if largest > self.ratio * smallest else ()
        baselines = [part.baseline for part in seen.goal.parts]
        if not all(baselines) or len(baselines) < 2:
            if uneven:
                yield self.suspicion(
                    f"The losses are weighted from {number(smallest)} to {number(largest)}: the"
                    " output with the smallest weight hardly takes part in training.",
                    measured("smallest weight of a loss", smallest, largest / self.ratio),
                    site="compile", tries=uneven,
                )
            return
        named = sorted((abs(baseline or 0.0), name) for baseline, name in zip(
            baselines, outputs.names(seen.recipe), strict=True))
        (least, small), (most, great) = named[0], named[-1]
        if most <= self.ratio * least:
            return
        yield self.suspicion(
            f"At their best constants the loss of {great!r} is {number(most)} and that of {small!r}"
            f" {number(least)}: in the sum that is minimised, {small!r} hardly counts.",
            measured(f"loss of {small!r} at its best constant", least, most / self.ratio),
            site="compile", tries=(*self._evened(seen.recipe, baselines, great), *uneven),
        )

    def _evened(
        self, recipe: Recipe, baselines: list[float | None], great: str
    ) -> tuple[Intervention, ...]:
        """Weights where they are what a person would write; else the targets of that output scaled."""
        with suppress(NotSupported):
            return (BalancedLosses.of(recipe, baselines),)
        return (AtOutput.of(recipe, great, ScaleTargets()),)
