"""One output for everything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from unstuck.interventions import Intervention
from unstuck.interventions.regularizer import NoRegularizers

from . import Check, Family, Finding, Observation, measured
from . import _anatomy as anatomy
from . import _tries as tries
from ._words import number


@dataclass(frozen=True)
class ConstantOutput(Check):
    """The network has collapsed: whatever goes in, the same comes out.

    ## What it sees
    Replicas that fail and whose outputs at the end do not depend on the input: where outputs are
    kept, their variance from row to row is below `variance` of that of the targets; otherwise, no
    two of the rows still differ behind the last layer. It compares their loss with that of the best
    constant output.

    ## Why learning stops
    Putting out the mean target is the easiest improvement that there is, reached by the last biases
    alone. If on the way to it the layer before dies, saturates or shrinks to nothing, no gradient
    leads on. Several mechanisms end here; the change that rescues tells which it was.

    ## What it tries
    LeakyReLU in the hidden layers; a linear layer before the output; ten times and a tenth of the
    learning rate; no regularisers, where there are any.

    ## Example
        layers.Dense(2, activation="relu")     # both units died: 0 for everything, sick
        layers.Dense(16, activation="relu")    # cured

    ## When it is wrong
    That the outputs are constant is a measurement. With targets that the inputs do not determine,
    the constant is the right answer.

    ## References
    The loss of the best constant: entropy of the mean target for cross-entropies, variance for
    squared error.
    """

    family: ClassVar[Family] = Family.AUTOENCODER
    describes: ClassVar[bool] = True

    # Collapsed networks have next to none; those that follow the targets faintly have percents.
    variance: float = 1e-3

    def look(self, seen: Observation) -> Iterator[Finding]:
        """Replicas whose outputs are constant."""
        constant = self._constant(seen)
        if constant is None or seen.goal.task.kind == "constant":
            return
        shown = seen.shown(constant)
        if not shown.replicas or shown.share < self.often:
            return
        baseline = seen.goal.baseline
        against = "" if baseline is None else (
            f"; the best constant output has a loss of {number(baseline)}")
        loss = seen.typical(seen.control.final_loss, constant)
        head = anatomy.head(seen.recipe)
        yield self.fact(
            f"In {shown} the trained network puts out the same for every input, at a loss of"
            f" {number(loss)}{against}.",
            measured("trainings with a constant output", shown.share, self.often,
                     "share of failing trainings", shown),
            site=anatomy.site(head.layer) if head is not None else None, tries=self._tries(seen),
        )

    def _constant(self, seen: Observation) -> NDArray[np.bool_] | None:
        outputs, end = seen.control.outputs, seen.readings("end")
        if outputs is not None and seen.goal.task.kind != "classes":
            flat = outputs.reshape(*outputs.shape[:2], -1).astype(np.float64)
            targets = seen.goal.task.targets.reshape(flat.shape[1], -1).astype(np.float64)
            with np.errstate(invalid="ignore"):
                small: NDArray[np.bool_] = (
                    flat.var(axis=1).sum(axis=1) < self.variance * targets.var(axis=0).sum())
            return small
        head = anatomy.head(seen.recipe)
        if end is None or head is None or head.layer.name not in end.layers:
            return None
        alike: NDArray[np.bool_] = end.of("distinct", head.layer.name) <= 1
        return alike & ~seen.control.diverged

    def _tries(self, seen: Observation) -> tuple[Intervention, ...]:
        recipe, last = seen.recipe, anatomy.last_hidden(seen.recipe)
        regularized = any(layer.config.get(f"{part}_regularizer") for layer in recipe.layers
                          for part in ("kernel", "bias", "activity"))
        return (
            *tries.hidden_activations(recipe, "leaky_relu"),
            *(tries.activation(recipe, last, "linear") if last and last.activation else ()),
            *tries.rates_around(recipe),
            *((NoRegularizers(),) if regularized else ()),
        )
