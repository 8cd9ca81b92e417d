"""An output that starts far from where the targets are."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from unstuck.interventions import _network as network
from unstuck.interventions.output_bias import OutputBias

from . import Check, Family, Finding, Observation, measured
from . import _anatomy as anatomy
from . import _data as data
from ._words import number


@dataclass(frozen=True)
class OutputBiasFarOff(Check):
    """The output's bias starts at 0, and the targets are far from what that gives.

    ## What it sees
    Where the output should start, to be right on average: the mean of the targets for a linear
    output, the logarithm of the odds for a sigmoid. It speaks where that is more than `far` times
    the targets' own spread from 0, or more than `odds` for a sigmoid, in a network that fails.

    ## Why learning stops
    All of the first updates are spent on bringing the output to where the targets are, and every
    weight is pushed the same way for it, which kills ReLUs. With Adam a bias moves by about the
    learning rate an update: to get to 200 at 0.001 takes 200,000.

    ## What it tries
    The bias of the output started there.

    ## Example
        layers.Dense(1)                                                          # weights in kg: sick
        layers.Dense(1, bias_initializer=keras.initializers.Constant(70.0))      # cured

    ## When it is wrong
    A large learning rate or many updates get there as well; scaling the targets is the more usual
    cure for numbers.

    ## References
    Karpathy 2019, A Recipe for Training Neural Networks, "init well".
    """

    family: ClassVar[Family] = Family.INITIALIZATION
    of_each_output: ClassVar[bool] = True

    far: float = 3.0
    # Log odds of 3 are 1 in 21.
    odds: float = 3.0

    def look(self, seen: Observation) -> Iterator[Finding]:
        """The mean of the targets, as the output's layer has to put it."""
        head, targets = anatomy.head(seen.recipe), data.targets(seen.recipe)
        outputs = network.output_layers(seen.recipe)
        if head is None or targets is None or len(outputs) != 1 or targets.shape[1] != 1 or (
                head.units != 1 or not outputs[0].config.get("use_bias")):
            return
        mean, spread = float(targets.mean()), float(targets.std())
        if head.activation == "sigmoid" and 0 < mean < 1:
            start, limit = math.log(mean / (1 - mean)), self.odds
        elif head.activation == "linear" and spread > 0 and "crossentropy" not in (
                seen.recipe.loss_config[0]):
            start, limit = mean, max(self.far * spread, 1.0)
        else:
            return
        if not math.isfinite(start) or abs(start) <= limit:
            return
        yield self.suspicion(
            f"To be right on average, the {head.activation} output has to start at"
            f" {number(start)}; its bias starts at 0. The targets have a mean of {number(mean)} and"
            f" a spread of {number(spread)}.",
            measured("distance of the output from the targets' mean", abs(start), limit),
            site=anatomy.site(outputs[0]),
            tries=(OutputBias(layer=outputs[0].name, value=float(f"{start:.4g}")),),
        )
