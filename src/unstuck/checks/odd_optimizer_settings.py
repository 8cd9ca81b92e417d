"""Settings of an optimizer that hold it back."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from unstuck.interventions.optimizer_settings import OptimizerSettings, odd_settings

from . import Check, Family, Finding, Observation, measured
from . import _tries as tries
from ._words import number


@dataclass(frozen=True)
class OddOptimizerSettings(Check):
    """The optimizer's rate, momenta or epsilon are far from what is known to work.

    ## What it sees
    Settings of Keras's optimizers that are not the defaults, and far from them: an epsilon above
    `epsilon`, a momentum or a running mean's factor above `memory` or, for the squares, below
    `squares`, in a network that fails. A learning rate of 0 or below it is a fact.

    ## Why learning stops
    Adam divides by the root of the mean square plus epsilon; an epsilon of 1 where gradients are
    0.01 makes it SGD at a hundredth of the rate. A momentum of 0.999 goes on in a direction for a
    thousand steps after it has turned wrong. Squares forgotten at once leave steps of equal length
    whatever the slope. A rate of 0 moves nothing, and one below 0 goes up the slope of the loss.

    ## What it tries
    Keras's defaults, with the same learning rate; Keras's default rate in place of 0 or less.

    ## Example
        keras.optimizers.Adam(0.001, epsilon=1.0)    # sick
        keras.optimizers.Adam(0.001)                 # cured

    ## When it is wrong
    A larger epsilon of 0.1 or 1 has been right for some large image networks.

    ## References
    Kingma and Ba 2015, Adam, arxiv.org/abs/1412.6980. Keras, Adam, note on epsilon.
    """

    family: ClassVar[Family] = Family.OPTIMIZER

    epsilon: float = 1e-3
    memory: float = 0.98
    squares: float = 0.5

    def look(self, seen: Observation) -> Iterator[Finding]:
        """The settings that are far off."""
        yield from self._rate(seen)
        odd = odd_settings(seen.recipe.optimizer)
        config = seen.recipe.optimizer.config
        said = []
        for name in odd:
            value = config.get(name)
            if not isinstance(value, int | float):
                continue
            if ((name == "epsilon" and value > self.epsilon)
                    or (name in ("beta_1", "momentum") and value > self.memory)
                    or (name in ("beta_2", "rho") and value < self.squares)):
                said.append((name, float(value), float(odd[name])))
        if not said:
            return
        yield self.suspicion(
            f"{seen.recipe.optimizer.kind} has "
            + ", ".join(f"{name} {number(value)} (default {number(usual)})"
                        for name, value, usual in said) + ".",
            *(measured(name, value, usual) for name, value, usual in said),
            site="optimizer", tries=(OptimizerSettings(),),
        )

    def _rate(self, seen: Observation) -> Iterator[Finding]:
        rate = seen.recipe.optimizer.learning_rate
        if rate is None or rate > 0 or math.isnan(rate):
            return
        what = ("no update moves a weight" if rate == 0
                else "every update goes up the slope of the loss, not down")
        yield self.fact(f"The learning rate is {number(rate)}: {what}.",
                        measured("learning rate", rate, 0.0), site="optimizer",
                        tries=tries.default_rate(seen.recipe))
