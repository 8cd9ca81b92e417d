"""Numbers to predict, far from unit scale."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from unstuck.interventions.scale_targets import ScaleTargets

from . import Check, Family, Finding, Observation, measured
from . import _anatomy as anatomy
from . import _data as data
from . import _tries as tries
from ._reach import reach
from ._words import number


@dataclass(frozen=True)
class UnscaledTargets(Check):
    """Targets far from unit scale are further away than the optimizer can walk.

    ## What it sees
    Real-valued targets whose mean or standard deviation is above `large`, or whose spread is below
    `small`, in a network that fails. Where a bound on the optimizer's steps is known, it says how
    far the output's bias can get in this training.

    ## Why learning stops
    A fresh network puts out about 0. Under Adam the bias of the output moves by about the learning
    rate an update: at 0.001 it takes 200,000 updates to reach a mean of 200. Under SGD the gradient
    grows with the targets and the steps overshoot.

    ## What it tries
    A Rescaling layer behind the output, to the mean and spread of the training targets, so that
    the rest works in standard units; a hundred times the learning rate.

    ## Example
        model.fit(x, price)                                     # about 200,000 dollars: sick
        model.fit(x, (price - price.mean()) / price.std())      # cured

    ## When it is wrong
    Wide layers move the output faster than its bias; some large targets are reached.

    ## References
    LeCun et al. 1998, Efficient BackProp; Karpathy 2019, "init well".
    """

    family: ClassVar[Family] = Family.LABELS
    of_each_output: ClassVar[bool] = True
    explains: ClassVar[tuple[str, ...]] = (
        "constant-output", "exploding-gradient", "few-updates", "learning-rate-too-low")

    # The output of a fresh network on inputs of unit scale is about 1.
    large: float = 10.0
    small: float = 0.01

    def look(self, seen: Observation) -> Iterator[Finding]:
        """Mean and spread, and what the optimizer can reach."""
        recipe, targets = seen.recipe, data.targets(seen.recipe)
        loss, _ = recipe.loss_config
        if targets is None or seen.goal.task.kind != "real" or "crossentropy" in loss:
            return
        mean, spread = float(np.abs(np.nanmean(targets))), float(np.nanstd(targets))
        if max(mean, spread) <= self.large and spread >= self.small:
            return
        furthest = reach(recipe.optimizer, recipe.updates)
        walk = "" if furthest is None or furthest >= mean else (
            f"; in {recipe.updates:,} updates the output's bias moves by at most"
            f" {number(furthest)}")
        head = anatomy.head(recipe)
        yield self.suspicion(
            f"The targets have a mean of {number(float(np.nanmean(targets)))} and a spread of"
            f" {number(spread)}, and a fresh network puts out values around 0{walk}.",
            measured("mean or spread of the targets", max(mean, spread), self.large),
            site=anatomy.site(head.layer) if head is not None else "fit",
            tries=(*tries.data_scale(recipe), ScaleTargets(),
                   *(tries.rates(recipe, 100) if spread > self.large else ())),
        )
