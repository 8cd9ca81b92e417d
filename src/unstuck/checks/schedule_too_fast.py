"""A learning-rate schedule that is over long before the training, or never gets going."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from unstuck.base.errors import NotSupported
from unstuck.interventions import Intervention
from unstuck.interventions.rates_by_epoch import RatesByEpoch
from unstuck.interventions.schedule import ConstantRate
from unstuck.network.recipe import Recipe

from . import Check, Family, Finding, Observation, measured
from ._words import count, number, percent


@dataclass(frozen=True)
class ScheduleTooFast(Check):
    """For most of the training the schedule leaves next to nothing of the learning rate.

    ## What it sees
    The learning rate at every update: of a schedule given to the optimizer and of the callback
    `LearningRateScheduler` as they compute it, of `ReduceLROnPlateau` as it was in the replicas that
    fail. It speaks where the rate is below `little` of its highest value in at least `most` of the
    updates. The highest value is looked for beyond the end of the training too, so that a warm-up
    that is longer than the training shows.

    ## Why learning stops
    Schedules count updates, not epochs: `decay_steps=100` is over after three epochs of 1,000 rows
    in batches of 32. What is trained afterwards is trained with a rate of next to nothing; the loss
    curve flattens as if the network had settled. A warm-up longer than the training, or a patience
    of 0 in `ReduceLROnPlateau`, does the same.

    ## What it tries
    The schedule's highest rate as a constant; in PyTorch also `scheduler.step()` once an epoch,
    where it stands in the loop over the batches.

    ## Example
        rate = keras.optimizers.schedules.ExponentialDecay(0.01, decay_steps=10, decay_rate=0.5)
        rate = keras.optimizers.schedules.ExponentialDecay(0.01, decay_steps=1000, decay_rate=0.5)

    ## When it is wrong
    A training that had learned before the rate went down needs no more of it.

    ## References
    Loshchilov and Hutter 2017, SGDR, arxiv.org/abs/1608.03983.
    """

    family: ClassVar[Family] = Family.SCHEDULE
    of_the_end: ClassVar[bool] = True

    # At a hundredth of its rate a training of 1,000 updates gets as far as one of ten.
    little: float = 0.01
    # Usual cosine and exponential decays spend a tenth of the updates down there.
    most: float = 0.5

    def look(self, seen: Observation) -> Iterator[Finding]:
        """How long the rate is next to nothing."""
        recipe = seen.recipe
        peak = recipe.peak_rate
        if not peak:
            return
        rates = self._rates(seen)
        share = float((rates < self.little * peak).mean()) if len(rates) else 0.0
        if share < self.most:
            return
        rising = bool(rates[-1] > rates[0])
        end = ("the warm-up is longer than the training" if rising
               else f"it ends at {number(float(rates[-1]))}")
        yield self.suspicion(
            f"The learning rate is below {percent(self.little)} of its highest value,"
            f" {number(peak)}, in {percent(share)} of the {count(recipe.updates, 'update')}: {end}.",
            measured("updates with next to no rate", share, self.most),
            site="optimizer" if recipe.optimizer.learning_rate is None else self._site(seen),
            tries=(ConstantRate.of(recipe), *self._by_epoch(recipe)),
        )

    def _by_epoch(self, recipe: Recipe) -> Iterator[Intervention]:
        with suppress(NotSupported):
            RatesByEpoch().apply(recipe)
            yield RatesByEpoch()

    def _rates(self, seen: Observation) -> NDArray[Any]:
        given = seen.control.metrics.get("learning_rate")
        if given is not None and seen.failing.any():
            return np.asarray(np.median(given[seen.failing], axis=0))
        try:
            return seen.recipe.rates()
        except NotSupported:
            return np.zeros(0)

    def _site(self, seen: Observation) -> str:
        return next((f"callback:{rule.place}" for rule in seen.recipe.rules.rules
                     if rule.kind != "EarlyStopping"), "fit")
