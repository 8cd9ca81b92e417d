"""Rows of a batch that depend on each other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from unstuck.interventions.axis import LastAxis
from unstuck.interventions.batch_first import BatchFirst

from . import Check, Family, Finding, Observation, measured
from . import _anatomy as anatomy


@dataclass(frozen=True)
class RowsMixed(Check):
    """A layer works along the axis of the batch, so that one row's output depends on the others.

    ## What it sees
    Softmax, LayerNormalization and UnitNormalization layers with axis 0, whether or not the network
    learns; in PyTorch also LSTM, GRU and RNN without batch_first=True, where the rows are on the first
    axis.

    ## Why learning stops
    Axis 0 are the rows of a batch. A softmax along it makes the outputs of a batch sum to 1: in
    batches of 32 the usual row gets 1/32, whatever it holds, and another in a batch of one. What
    is learned holds for the company of those rows, and the gradient of one row's loss pulls at all
    others.

    ## What it tries
    The last axis; `batch_first=True`.

    ## Example
        layers.Softmax(axis=0)     # sick
        layers.Softmax(axis=-1)    # cured

        torch.softmax(x, dim=0)     # sick, in PyTorch
        torch.softmax(x, dim=-1)    # cured

    ## When it is wrong
    That rows are mixed is exact. BatchNormalization mixes them on purpose, in training only.

    ## References
    Karpathy 2019, A Recipe for Training Neural Networks, "use backprop to chart dependencies".
    """

    family: ClassVar[Family] = Family.ARCHITECTURE
    always: ClassVar[bool] = True

    def look(self, seen: Observation) -> Iterator[Finding]:
        """Each such layer."""
        steps = [layer for layer in seen.recipe.layers if BatchFirst().arguments(layer)]
        if steps:
            yield self.fact(
                "Without batch_first=True the first axis holds steps, and here it holds rows:"
                f" {steps[0].name.removesuffix('_rows_as_steps')} reads the"
                f" {seen.recipe.batch_size} rows of a batch as one sequence.",
                measured("axis of the rows", 1, 0), site=anatomy.site(steps[0]), tries=(BatchFirst(),))
        for layer in seen.recipe.layers:
            if LastAxis().arguments(layer):
                yield self.fact(
                    f"{anatomy.described(layer)} works along axis 0, that of the rows: with"
                    f" batches of {seen.recipe.batch_size} a row's output depends on"
                    f" {seen.recipe.batch_size - 1} others.",
                    measured("axis", 0, -1), site=anatomy.site(layer),
                    tries=(LastAxis(layer=layer.name),),
                )
