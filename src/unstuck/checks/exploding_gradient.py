"""Gradients of a size that throws the weights away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from unstuck.interventions import Intervention
from unstuck.interventions.optimizer import UseOptimizer
from unstuck.interventions.scale_inputs import ScaleInputs
from unstuck.interventions.scale_targets import ScaleTargets

from . import Check, Family, Finding, Observation, _gradients, measured
from . import _anatomy as anatomy
from . import _data as data
from . import _tries as tries
from ._words import number


@dataclass(frozen=True)
class ExplodingGradient(Check):
    """The gradient is so large that one step in proportion to it destroys the weights.

    ## What it sees
    Before training, a layer's gradient has a norm of more than `norm`, in replicas that fail.

    ## Why learning stops
    SGD moves weights by the learning rate times the gradient: with a gradient of 10,000 even a rate
    of 0.01 moves them by 100, where weights are about 0.1. The next loss is larger still, until it
    overflows to infinity and then NaN. Keras trains on with NaN and says nothing.

    ## What it tries
    Glorot's initialiser, scaled inputs, scaled targets (for numbers to predict), Adam in place of
    SGD, whose steps do not grow with the gradient, and a hundredth of the learning rate.

    ## Example
        layers.Dense(64, activation="relu", kernel_initializer="random_normal")    # mild,
        layers.Dense(64, activation="relu",
                     kernel_initializer=keras.initializers.RandomNormal(stddev=1.0))    # sick
        layers.Dense(64, activation="relu")                                            # cured

    ## When it is wrong
    A summed loss has large gradients by its unit. Adam does not care about the size of gradients,
    only about their changes: under Adam the trial often acquits.

    ## References
    Pascanu et al. 2013, On the difficulty of training recurrent neural networks,
    arxiv.org/abs/1211.5063.
    """

    family: ClassVar[Family] = Family.NUMERICS

    # Mean losses on data of unit scale give 0.01 to 10 at the draw.
    norm: float = 100.0

    def look(self, seen: Observation) -> Iterator[Finding]:
        """The layer with the largest gradient."""
        gradients = _gradients.at_start(seen)
        if gradients is None or not data.all_finite(seen.recipe):
            return
        largest = np.where(np.isfinite(gradients.norm), gradients.norm, np.inf).max(axis=1)
        shown = seen.shown(largest > self.norm)
        if not shown.replicas or shown.share < self.often:
            return
        worst = int(np.argmax(np.nan_to_num(np.median(gradients.norm, axis=0), nan=np.inf)))
        value = seen.typical(largest, largest > self.norm)
        layer = gradients.layers[worst]
        real = seen.goal.task.kind == "real"
        changes: tuple[Intervention, ...] = (
            *tries.initializers(seen.recipe, "glorot_uniform"),
            ScaleInputs(), *((ScaleTargets(),) if real else ()),
            *((UseOptimizer(name="Adam"),) if seen.recipe.optimizer.kind == "SGD" else ()),
            *tries.rates(seen.recipe, 0.01),
        )
        yield self.suspicion(
            f"Before training, the gradient of {anatomy.described(layer)} has a norm of"
            f" {number(value)} in {shown}; on data of unit scale it is between 0.01 and 10.",
            measured("largest gradient norm at the start", value, self.norm, shown=shown),
            site=anatomy.site(layer), tries=changes,
        )
