"""Gradients that fade on their way to the first layers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from unstuck.interventions import Intervention
from unstuck.interventions._stack import about_depth
from unstuck.interventions.remove_layer import RemoveLayer
from unstuck.network.layers import Layer
from unstuck.network.recipe import Recipe
from unstuck.network.stacks import stacks

from . import Check, Family, Finding, Observation, _gradients, measured
from . import _anatomy as anatomy
from . import _tries as tries
from ._words import number


@dataclass(frozen=True)
class VanishingGradient(Check):
    """The gradient of the first layer is so much smaller than the last one's that it stands still.

    ## What it sees
    Before training, the norm of the gradient of the first layer's weights is below `ratio` of that
    of the last layer's, in replicas that fail.

    ## Why learning stops
    Going backwards, every layer multiplies the gradient by its weights and by the slope of its
    activation. A sigmoid's slope is at most 1/4: six of them leave at most 1/4096. The first layers
    keep their random weights, and the others have to make do with what those pass on.

    ## What it tries
    ReLU in all hidden layers; He's initialiser; one hidden layer less. Where blocks of layers repeat
    themselves: half as many, batch normalisation between them, skip connections over them.

    ## Example
        [layers.Dense(16, activation="sigmoid") for _ in range(8)]    # sick
        [layers.Dense(16, activation="relu") for _ in range(8)]       # cured

    ## When it is wrong
    Adam divides each weight's gradient by its own size, so small gradients alone do not stop it;
    what stops is the information. Large inputs make the first layer's gradient large and hide it.

    ## References
    Bengio et al. 1994; Glorot and Bengio 2010; He et al. 2015, arxiv.org/abs/1502.01852.
    """

    family: ClassVar[Family] = Family.NUMERICS

    # Healthy networks have 0.1 to 10; three sigmoid layers about 0.01.
    ratio: float = 1e-3

    def look(self, seen: Observation) -> Iterator[Finding]:
        """The ratio of first to last."""
        gradients = _gradients.at_start(seen)
        if gradients is None:
            return
        first, last = gradients.norm[:, 0], gradients.norm[:, -1]
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where(last > 0, first / last, np.nan)
        small = ratio < self.ratio
        shown = seen.shown(small)
        if not shown.replicas or shown.share < self.often:
            return
        value = seen.typical(ratio, small)
        layer = gradients.layers[0]
        yield self.suspicion(
            f"Before training, the gradient of {anatomy.described(layer)} is {number(value)} times"
            f" that of {gradients.layers[-1].name}, the last of {len(gradients.layers)} layers with"
            f" weights, in {shown}.",
            measured("first layer's gradient over the last one's", value, self.ratio, shown=shown),
            site=anatomy.site(layer),
            tries=(*tries.hidden_activations(seen.recipe, "relu"),
                   *tries.initializers(seen.recipe, "he_normal"),
                   *self._less_depth(seen.recipe, gradients.layers)),
        )

    def _less_depth(self, recipe: Recipe, layers: tuple[Layer, ...]) -> tuple[Intervention, ...]:
        repeated = stacks(recipe.architecture)
        if repeated:
            return tuple(change for stack in repeated for change in about_depth(recipe, stack))
        middle = layers[len(layers) // 2]
        return (RemoveLayer(layer=middle.name),) if len(layers) > 3 else ()
