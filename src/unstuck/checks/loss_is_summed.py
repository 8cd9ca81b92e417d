"""A loss that adds up the batch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from unstuck.interventions.loss_reduction import MeanLoss

from . import Check, Family, Finding, Observation, measured


@dataclass(frozen=True)
class LossIsSummed(Check):
    """The loss is the sum over a batch, so that gradients are as many times larger as it has rows.

    ## What it sees
    A loss of Keras with reduction "sum", in a network that fails.

    ## Why learning stops
    The gradient of a sum over 32 rows is 32 times that of their mean. For SGD that is a learning
    rate 32 times as high; the last, shorter batch gets a smaller one. Penalties on weights shrink
    to nothing beside it, and clipping cuts every step. Adam, which divides by the gradient's own
    size, hardly minds.

    ## What it tries
    The mean over the batch, which is Keras's default.

    ## Example
        keras.losses.MeanSquaredError(reduction="sum")    # sick, with SGD
        keras.losses.MeanSquaredError()                   # cured

        nn.MSELoss(reduction="sum")    # sick, in PyTorch
        nn.MSELoss()                   # cured

    ## When it is wrong
    With a learning rate chosen for it, a sum is as good as a mean.

    ## References
    Keras, Loss, argument reduction.
    """

    family: ClassVar[Family] = Family.LOSS

    def look(self, seen: Observation) -> Iterator[Finding]:
        """The reduction, as configured."""
        name, config = seen.recipe.loss_config
        if config.get("reduction") != "sum":
            return
        rows = min(seen.recipe.batch_size, seen.recipe.train.rows)
        yield self.suspicion(
            f"{name} is summed over batches of {rows} rows: its gradient is {rows} times that of"
            " the mean.",
            measured("rows that are summed", rows, 1, "rows"), site="loss", tries=(MeanLoss(),),
        )
