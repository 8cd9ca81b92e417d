"""Where and when the first number that is none appears."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from unstuck.interventions.remove_layer import RemoveLayer
from unstuck.network.layers import Layer

from . import Check, Family, Finding, Observation, measured
from . import _anatomy as anatomy
from . import _data as data
from ._words import count


@dataclass(frozen=True)
class FirstNan(Check):
    """The loss becomes NaN or infinite; this says in which layer, or after how many updates.

    ## What it sees
    Replicas whose loss is no number any more, on data that is finite: the first layer whose
    outputs are none before any training, else the epoch in which the loss stopped being one.

    ## Why learning stops
    One NaN makes the loss NaN, that makes every gradient NaN, and after that update every weight.
    It comes from a logarithm or root of 0 or less, a division by 0, an exponential beyond 1e38, or
    from weights that have grown without bound.

    ## What it tries
    The network without the layer that makes it, where the shapes allow it. What makes weights grow
    without bound is asked by other checks (learning-rate-too-high, exploding-gradient).

    ## Example
        layers.Lambda(lambda t: keras.ops.log(t))            # of values that may be 0: sick
        layers.Lambda(lambda t: keras.ops.log1p(keras.ops.relu(t)))    # cured

    ## When it is wrong
    Where only some replicas diverge, it says when those do; the others show that the network can be
    trained, and the sickness is then more likely the size of the steps.

    ## References
    Goldberg 1991, What Every Computer Scientist Should Know About Floating-Point Arithmetic.
    """

    family: ClassVar[Family] = Family.NUMERICS

    def look(self, seen: Observation) -> Iterator[Finding]:
        """The layer, or the epoch."""
        diverged = seen.control.diverged
        shown = seen.shown(diverged)
        if not shown.replicas or shown.share < self.often or not data.all_finite(seen.recipe):
            return
        layer = self._source(seen)
        if layer is not None:
            change = (RemoveLayer(layer=layer.name),) if not layer.parameters else ()
            yield self.fact(
                f"{anatomy.described(layer)} puts out NaN or infinity before any training, from"
                " inputs that are numbers.",
                measured("trainings that diverge", shown.replicas, 0, "trainings", shown),
                site=anatomy.site(layer), tries=change,
            )
            return
        bad = ~np.isfinite(seen.control.loss[diverged])
        epochs = np.where(bad.any(axis=1), bad.argmax(axis=1), bad.shape[1])
        first, usual = int(epochs.min()), int(np.median(epochs))
        before = seen.recipe.updates_per_epoch
        if usual >= bad.shape[1]:
            when = "only after the last epoch"
        else:
            when = (f"in epoch {usual + 1} of {seen.recipe.epochs} (the earliest in epoch"
                    f" {first + 1}), after {count(usual * before, 'update')} to"
                    f" {(usual + 1) * before:,}")
        yield self.fact(
            f"In {shown} the loss is no number any more, {when}; data and first outputs are"
            " finite.",
            measured("trainings that diverge", shown.replicas, 0, "trainings", shown), site="fit",
        )

    def _source(self, seen: Observation) -> Layer | None:
        """The first layer that makes no numbers of numbers, before training."""
        start = seen.readings("start")
        if start is None:
            return None
        if not np.isfinite(start.weight_norm).any():
            return None  # no readings were taken
        for layer in seen.recipe.layers:
            if layer.name in start.layers and not np.isfinite(
                    start.of("spread", layer.name)).all():
                return layer
        return None
