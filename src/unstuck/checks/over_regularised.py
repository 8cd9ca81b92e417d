"""A penalty that outweighs the task."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from unstuck.interventions.regularizer import NoRegularizers
from unstuck.network.layers import Layer

from . import Check, Evidence, Family, Finding, Observation, measured
from . import _anatomy as anatomy
from ._words import number, percent


@dataclass(frozen=True)
class OverRegularised(Check):
    """The penalty on weights or activities is so strong that obeying it beats learning.

    ## What it sees
    Layers with a regulariser, in a network that fails. It compares the penalty on the weights as
    drawn with the loss of the best constant output, and the size of those layers' weights at the
    end with that at the start: `shrunk` to less than half, or a penalty above `penalty`.

    ## Why learning stops
    Training minimises the sum of loss and penalty. If the weights that solve the task cost more in
    penalty than they save in loss, the minimum is a network that hardly uses its input.

    ## What it tries
    No regularisers.

    ## Example
        layers.Dense(16, kernel_regularizer=keras.regularizers.L2(0.5))     # sick
        layers.Dense(16, kernel_regularizer=keras.regularizers.L2(1e-4))    # cured

        torch.optim.Adam(model.parameters(), weight_decay=0.5)     # sick, in PyTorch
        torch.optim.Adam(model.parameters(), weight_decay=1e-4)    # cured

    ## When it is wrong
    Weights that shrink to half may be enough. The penalty of L1 is bounded from below only, since
    the probes know norms; that of an activity regulariser is not known.

    ## References
    Goodfellow et al. 2016, Deep Learning, section 7.1.
    """

    family: ClassVar[Family] = Family.REGULARIZATION
    explains: ClassVar[tuple[str, ...]] = (
        "code-units-unused", "constant-output", "vanishing-gradient")

    # Training without penalties lets the norms of weights grow, not shrink.
    shrunk: float = 0.5
    # Of the loss of the best constant output.
    penalty: float = 1.0

    def look(self, seen: Observation) -> Iterator[Finding]:
        """What the penalty weighs, and what it did."""
        layers = [layer for layer in seen.recipe.layers if factors(layer)]
        start, end = seen.readings("start"), seen.readings("end")
        known = [layer for layer in layers if start is not None and layer.name in start.layers]
        if not known or start is None or end is None:
            return
        said: list[str] = []
        evidence: list[Evidence] = []
        cost = sum((penalty_of(layer, start.of("weight_norm", layer.name)) for layer in known),
                   np.zeros(seen.control.replicas))
        baseline = seen.goal.baseline
        if baseline and seen.typical(cost) > self.penalty * baseline:
            said.append(f"the penalty on the weights as drawn is at least"
                        f" {number(seen.typical(cost))}, the loss of a constant output"
                        f" {number(baseline)}")
            evidence.append(measured("penalty at the start", seen.typical(cost),
                                     self.penalty * baseline))
        ratios = [end.of("weight_norm", layer.name) / np.maximum(
            start.of("weight_norm", layer.name), 1e-30) for layer in known]
        smallest = np.min(ratios, axis=0)
        shown = seen.shown(smallest < self.shrunk)
        if shown.replicas and shown.share >= self.often:
            value = seen.typical(smallest, smallest < self.shrunk)
            said.append(f"weights shrank to {percent(value)} of their size in {shown}")
            evidence.append(measured("weights at the end over those at the start", value,
                                     self.shrunk, shown=shown))
        if said:
            names = ", ".join(layer.name for layer in known)
            yield self.suspicion(
                f"{names} {'is' if len(known) == 1 else 'are'} regularised, and"
                f" {' and '.join(said)}.",
                *evidence, site=anatomy.site(known[0]), tries=(NoRegularizers(),),
            )


def factors(layer: Layer) -> dict[str, tuple[float, float]]:
    """The factors of L1 and of L2 by part ("kernel", "bias", "activity", …)."""
    found: dict[str, tuple[float, float]] = {}
    for key, value in layer.config.items():
        if key.endswith("_regularizer") and value:
            config = value.get("config", {}) if isinstance(value, Mapping) else {}
            first, second = _factor(config, "l1"), _factor(config, "l2")
            if first or second or not config:
                found[key.removesuffix("_regularizer")] = (first, second)
    return found


def penalty_of(layer: Layer, norm: NDArray[Any]) -> NDArray[np.float64]:
    """A lower bound of the penalty on a kernel of that Euclidean norm; biases start at 0."""
    first, second = factors(layer).get("kernel", (0.0, 0.0))
    values = np.asarray(norm, dtype=np.float64)
    return first * values + second * values**2


def _factor(config: Mapping[str, Any], name: str) -> float:
    value = config.get(name, 0.0)
    return float(value) if isinstance(value, int | float) else 0.0
