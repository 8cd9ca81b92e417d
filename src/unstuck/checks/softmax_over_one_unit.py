"""A softmax with nothing to choose from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from . import Check, Family, Finding, Observation, measured
from . import _anatomy as anatomy
from . import _tries as tries


@dataclass(frozen=True)
class SoftmaxOverOneUnit(Check):
    """A softmax over a single unit is the constant 1.

    ## What it sees
    An output whose activation is softmax and whose last axis has one element.

    ## Why learning stops
    Softmax divides by the sum over the last axis: exp(z) / exp(z) = 1 for every z. The output does
    not depend on anything, and every gradient is exactly 0.

    ## What it tries
    Sigmoid with binary cross-entropy for targets of two values; a linear output with mean squared
    error for others.

    ## Example
        layers.Dense(1, activation="softmax")    # always 1
        layers.Dense(1, activation="sigmoid")    # a probability

        nn.Sequential(nn.Linear(8, 1), nn.Softmax(dim=1))    # always 1, in PyTorch
        nn.Sequential(nn.Linear(8, 1), nn.Sigmoid())         # a probability

    ## When it is wrong
    Never, as far as the output goes: it is arithmetic. Only where the output is a side product that no
    loss looks at does it keep nothing from being learned.

    ## References
    The definition of softmax.
    """

    family: ClassVar[Family] = Family.ACTIVATION
    always: ClassVar[bool] = True
    of_each_output: ClassVar[bool] = True

    def look(self, seen: Observation) -> Iterator[Finding]:
        """The output layer."""
        head = anatomy.head(seen.recipe)
        if head is None or head.activation != "softmax" or head.units != 1:
            return
        binary = seen.goal.task.levels == (0.0, 1.0)
        sigmoid = tries.output_and_loss(seen.recipe, head, "sigmoid", "binary_crossentropy")
        linear = tries.output_and_loss(seen.recipe, head, "linear", "mean_squared_error")
        yield self.fact(
            f"The output {anatomy.described(head.layer)} is exp(z) / exp(z) = 1 for every input and"
            " all weights; its gradient is exactly 0.",
            measured("units under the softmax", 1, 2, "units"),
            site=anatomy.site(head.layer), tries=sigmoid if binary else linear,
        )
