"""Weights drawn at a scale that values do not survive."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from unstuck.network.layers import Layer

from . import Check, Family, Finding, Observation, measured
from . import _anatomy as anatomy
from . import _tries as tries
from ._words import number

RELU_LIKE = frozenset({"relu", "leaky_relu", "elu", "gelu", "silu", "swish", "mish", "softplus"})


@dataclass(frozen=True)
class WeightsBadlyScaled(Check):
    """As drawn, the weights make values shrink to nothing or grow from layer to layer.

    ## What it sees
    The spread of the values behind each hidden layer with weights, before training, over that
    behind the one before: a step to less than `small` or to more than `large`, in a network that
    fails and whose initialisers are not Keras's default.

    ## Why learning stops
    A unit adds up as many products as it has inputs. Drawn with a spread of 1 over the root of
    their number, weights keep values at their size. Drawn at 0.001 they leave nothing for the next
    layer, and its gradient, which is proportional to what comes in, is as small; drawn at 1 they
    saturate whatever can saturate.

    ## What it tries
    The initialiser that keeps the size for this activation (He for ReLU and its like, Glorot
    otherwise), in that layer and in all.

    ## Example
        layers.Dense(64, kernel_initializer=keras.initializers.RandomNormal(stddev=0.001))    # sick
        layers.Dense(64)                                                                      # cured

        nn.init.normal_(layer.weight, std=0.001)    # sick, in PyTorch
        nn.init.xavier_uniform_(layer.weight)       # cured

    ## When it is wrong
    Adam brings small weights up to size within some hundred steps in shallow networks.

    ## References
    Glorot and Bengio 2010, Understanding the difficulty of training deep feedforward neural
    networks. He et al. 2015, Delving Deep into Rectifiers, arxiv.org/abs/1502.01852.
    """

    family: ClassVar[Family] = Family.INITIALIZATION

    # Keras's own initialisers stay between 0.3 and 1.5 a layer at usual widths.
    small: float = 0.1
    large: float = 4.0

    def look(self, seen: Observation) -> Iterator[Finding]:
        """The layer with the worst step, if it has an initialiser of the user's choice."""
        start = seen.readings("start")
        if start is None:
            return
        worst: tuple[float, Layer] | None = None
        for layer in anatomy.hidden(seen.recipe):
            if layer.name not in start.layers or _usual(layer):
                continue
            before = anatomy.feeding(seen.recipe, layer)
            came = (start.of("spread", before.name) if before is not None
                    and before.name in start.layers else
                    np.full(seen.control.replicas, max(float(seen.goal.flat_inputs.std()), 1e-12)))
            step = seen.typical(start.of("spread", layer.name) / np.maximum(came, 1e-30))
            off = max(self.small / step, step / self.large) if step > 0 else 0.0
            if off > 1 and (worst is None or off > worst[0]):
                worst = off, layer
        if worst is None:
            return
        layer = worst[1]
        spread = seen.typical(start.of("spread", layer.name))
        value = "he_normal" if layer.activation in RELU_LIKE else "glorot_uniform"
        yield self.suspicion(
            f"As drawn, {anatomy.described(layer)} puts out values with a spread of"
            f" {number(spread)}; its initialiser is not one that keeps values at their size.",
            measured("times beyond the bound of a layer's step in spread", worst[0], 1.0),
            site=anatomy.site(layer),
            tries=tries.initializers(seen.recipe, value),
        )


def _usual(layer: Layer) -> bool:
    given = layer.config.get("kernel_initializer")
    kind = given.get("class_name") if isinstance(given, dict) else given
    return kind in (None, "GlorotUniform", "glorot_uniform", "Zeros", "Ones", "Constant", "zeros",
                    "ones")
