"""Numbers too short for the gradients."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from unstuck.interventions.precision import HALF, Float32, policy

from . import Check, Family, Finding, Observation, measured
from . import _anatomy as anatomy
from ._words import count


@dataclass(frozen=True)
class HalfPrecision(Check):
    """The network is trained in 16 bits, which lose small gradients and small steps.

    ## What it sees
    Layers whose weights or values have 16 bits, in a network that fails.

    ## Why learning stops
    A float16 has three to four decimal digits, none below 6e-8 and none above 65,504. A step of a
    thousandth of a weight is lost when it is added; Adam's epsilon of 1e-7 is 0, so that it
    divides by zero where a gradient is; a sum of squares over a batch overflows. bfloat16 has the
    range of 32 bits, and two to three digits.

    ## What it tries
    32 bits everywhere.

    ## Example
        keras.config.set_dtype_policy("float16")          # sick
        keras.config.set_dtype_policy("mixed_float16")    # weights in 32 bits: cured

    ## When it is wrong
    With mixed policies and a scaled loss, large networks train as well as in 32 bits.

    ## References
    Micikevicius et al. 2018, Mixed Precision Training, arxiv.org/abs/1710.03740.
    """

    family: ClassVar[Family] = Family.NUMERICS

    def look(self, seen: Observation) -> Iterator[Finding]:
        """The layers, in one finding."""
        layers = [layer for layer in seen.recipe.layers if layer.parameters
                  and policy(layer) in HALF]
        if not layers:
            return
        names = sorted({policy(layer) for layer in layers})
        yield self.suspicion(
            f"{count(len(layers), 'layer')} with weights"
            f" {'computes' if len(layers) == 1 else 'compute'} in {', '.join(names)}.",
            measured("bits of a number", 16, 32, "bits"), site=anatomy.site(layers[0]),
            tries=(Float32(),),
        )
