"""Weights that the loss does not reach."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from unstuck.interventions.remove_layer import RemoveLayer
from unstuck.network.layers import Layer
from unstuck.population.population import Readings

from . import Check, Family, Finding, Observation, measured
from . import _anatomy as anatomy
from . import _tries as tries
from ._words import count


@dataclass(frozen=True)
class NoGradient(Check):
    """The gradient of trainable weights is exactly zero, because something cuts it off.

    ## What it sees
    The gradient of each layer's weights before training: zero in every replica, while the weights
    themselves are not. If it is zero everywhere, the loss or the output has no slope; if only up
    to some layer, the layer behind the last of these cuts it off.

    ## Why learning stops
    Rounding, comparing, argmax and casts to whole numbers are flat: a small change of a weight
    changes nothing, so that the gradient says nothing. A loss made of them ("count the errors")
    measures rightly and teaches nothing; `stop_gradient` does what its name says.

    ## What it tries
    A loss of Keras's own that belongs to these targets, where the gradient is zero everywhere; the
    network without the layer that cuts.

    ## Example
        keras.ops.mean(keras.ops.round(y_pred) != y_true)        # counts errors: sick
        keras.losses.binary_crossentropy(y_true, y_pred)         # cured

    ## When it is wrong
    A part may be cut off on purpose, as the target network of reinforcement learning is. Dead
    ReLUs, which a draw of weights may bring, have checks of their own.

    ## References
    Bengio et al. 2013, Estimating or Propagating Gradients Through Stochastic Neurons,
    arxiv.org/abs/1308.3432.
    """

    family: ClassVar[Family] = Family.LOSS

    # In inputs of thousands a sigmoid's slope is 0 in 32 bits, and not because of the loss.
    saturated: float = 0.5

    def look(self, seen: Observation) -> Iterator[Finding]:
        """The layers without a gradient."""
        start = seen.readings("start")
        if start is None:
            return
        trained = [layer for layer in seen.recipe.layers if layer.name in start.layers
                   and layer.parameters and layer.config.get("trainable", True)
                   and not np.all(np.isnan(start.of("gradient_norm", layer.name)))]
        cut = [layer for layer in trained
               if np.all(start.of("gradient_norm", layer.name) == 0)]
        if not cut or any(np.any(start.of("weight_norm", layer.name) == 0) for layer in trained):
            return
        head = anatomy.head(seen.recipe)
        if head is not None and head.activation == "softmax" and head.units == 1:
            return  # softmax-over-one-unit says why
        with np.errstate(invalid="ignore"):
            if (start.saturated >= self.saturated).any():
                return  # a slope too small for its format, which saturated-activation sees
        evidence = measured("layers without a gradient", len(cut), 0, "layers")
        if len(cut) == len(trained):
            yield self.fact(
                f"The gradient of all {count(len(cut), 'layer')} with weights is exactly 0 in each"
                f" of {seen.control.replicas} trainings: the loss"
                f" ({seen.recipe.loss_config[0]}) or the output has no slope.",
                evidence, site="loss", tries=tries.usual_loss(seen.recipe, seen.goal, head),
            )
            return
        wall = self._wall(seen, start, cut)
        names = ", ".join(layer.name for layer in cut[:4])
        yield self.fact(
            f"The gradient of {names}{', …' if cut[4:] else ''} is exactly 0 in each of"
            f" {seen.control.replicas} trainings"
            + (f"; {anatomy.described(wall)} stands between them and the loss." if wall else "."),
            evidence, site=anatomy.site(wall or cut[-1]),
            tries=(RemoveLayer(layer=wall.name),) if wall else (),
        )

    def _wall(self, seen: Observation, start: Readings, cut: list[Layer]) -> Layer | None:
        """The first layer without weights behind the last cut one, if it may be what cuts."""
        names = [layer.name for layer in seen.recipe.layers]
        for layer in seen.recipe.layers[names.index(cut[-1].name) + 1:]:
            if layer.parameters:
                return None
            dead = start.of("dead", layer.name) if layer.name in start.layers else np.zeros(1)
            if layer.kind not in ("Dropout", "Flatten", "Reshape") and not np.any(dead >= 1):
                return layer
        return None
