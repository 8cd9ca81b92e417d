"""Targets that no output of the last activation can equal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from unstuck.interventions import Intervention
from unstuck.interventions.scale_targets import ScaleTargets

from . import Check, Evidence, Family, Finding, Observation, measured
from . import _anatomy as anatomy
from . import _data as data
from . import _tries as tries
from ._words import number, percent


@dataclass(frozen=True)
class OutputCannotReachTargets(Check):
    """The output activation's range leaves out some of the targets.

    ## What it sees
    The targets against the range of the last activation: [0, 1] for sigmoid and softmax, [-1, 1]
    for tanh, zero and up for ReLU. It states the share of targets outside, and for squared and
    absolute error the floor that this puts under the loss. Losses on classes are left to
    loss-does-not-suit-targets.

    ## Why learning stops
    Training can only press the output against the end of its range, where a sigmoid is flat and a
    ReLU has no gradient; the loss stays above the floor whatever the network does.

    ## What it tries
    A linear output with mean squared error; the same with targets brought to unit scale; for
    targets of two values -1 and 1, tanh.

    ## Example
        layers.Dense(1, activation="sigmoid")    # temperatures from -10 to 35: sick
        layers.Dense(1)                          # cured

    ## When it is wrong
    It is arithmetic. Only an activation of the user's own has an unknown range; then nothing is
    said.

    ## References
    Goodfellow et al. 2016, Deep Learning, section 6.2.2, Output Units.
    """

    family: ClassVar[Family] = Family.ACTIVATION
    always: ClassVar[bool] = True
    of_each_output: ClassVar[bool] = True

    # Relative to the spread of the targets: rounding is no fault.
    tolerance: float = 1e-6
    # A few outliers beyond the range do no harm to the rest.
    share: float = 0.01

    def look(self, seen: Observation) -> Iterator[Finding]:
        """The share outside, and the floor."""
        head, targets = anatomy.head(seen.recipe), data.targets(seen.recipe)
        loss, _ = seen.recipe.loss_config
        if head is None or head.range is None or targets is None or "crossentropy" in loss:
            return
        if "hinge" in loss or seen.goal.task.kind == "classes":
            return
        low, high = head.range
        slack = self.tolerance * max(float(np.nanstd(targets)), 1e-12)
        away = np.maximum(np.maximum(low - targets, targets - high), 0.0)
        share = float(np.nanmean(away > slack))
        if share < self.share:
            return
        evidence = [measured("targets outside the output's range", share, self.share,
                             "share of targets")]
        floor, told = self._floor(loss, away)
        evidence += told
        yield self.fact(
            f"{percent(share)} of the targets, which go from {number(float(np.nanmin(targets)))} to"
            f" {number(float(np.nanmax(targets)))}, lie outside of what {head.activation} can put"
            f" out ({_interval(low, high)}){floor}.",
            *evidence, site=anatomy.site(head.layer), tries=self._tries(seen, head),
        )

    def _floor(self, loss: str, away: NDArray[Any]) -> tuple[str, list[Evidence]]:
        power = {"mean_squared_error": 2, "mean_absolute_error": 1}.get(loss)
        if power is None:
            return "", []
        floor = float(np.nanmean(away**power))
        return (f"; no weights can bring the loss below {number(floor)}",
                [measured("floor of the loss", floor)])

    def _tries(self, seen: Observation, head: anatomy.Head) -> tuple[Intervention, ...]:
        levels = seen.goal.task.levels
        signs = tries.output_and_loss(seen.recipe, head, "tanh", "mean_squared_error")
        return (
            *tries.data_scale(seen.recipe),
            *tries.output_and_loss(seen.recipe, head, "linear", "mean_squared_error"),
            *((ScaleTargets(),) if seen.goal.task.kind == "real" else ()),
            *(signs if levels == (-1.0, 1.0) and head.activation != "tanh" else ()),
        )


def _interval(low: float, high: float) -> str:
    if np.isinf(high):
        return f"{number(low)} and up"
    if np.isinf(low):
        return f"{number(high)} and down"
    return f"{number(low)} to {number(high)}"
