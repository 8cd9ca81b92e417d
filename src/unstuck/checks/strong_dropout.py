"""Dropout that leaves too little."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from unstuck.interventions import _network as network
from unstuck.interventions.dropout import NoDropout
from unstuck.network.layers import Layer
from unstuck.network.recipe import Recipe

from . import Check, Family, Finding, Observation, measured
from . import _anatomy as anatomy
from ._words import number, percent

KINDS = frozenset({"Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D",
                   "GaussianDropout", "AlphaDropout"})


@dataclass(frozen=True)
class StrongDropout(Check):
    """Dropout removes so many units that what is left cannot carry the task.

    ## What it sees
    Dropout of more than `rate`, or dropout behind a layer so narrow that fewer than `units` of its
    units are left on average, or dropout of `output` or more right on the output, in a network
    that fails.

    ## Why learning stops
    In each step a random part of the units is set to 0. In a wide layer the rest can stand in for
    them. In a narrow one the information is simply gone, and the best answer to a network with
    random holes is close to a constant. Dropout on the output itself zeroes the answers.

    ## What it tries
    No dropout.

    ## Example
        [layers.Dense(4, activation="relu"), layers.Dropout(0.5)]      # two units left: sick
        [layers.Dense(64, activation="relu"), layers.Dropout(0.2)]     # cured

    ## When it is wrong
    A training loss above the validation loss is normal with dropout: it is only off in validation.

    ## References
    Srivastava et al. 2014, Dropout: 0.5 for hidden layers of hundreds of units.
    """

    family: ClassVar[Family] = Family.REGULARIZATION

    # The rate of the original work is the strongest in common use.
    rate: float = 0.5
    # See narrow-layer.
    units: float = 8.0
    output: float = 0.1

    def look(self, seen: Observation) -> Iterator[Finding]:
        """Each dropout that is too strong."""
        head = anatomy.head(seen.recipe)
        for layer in seen.recipe.layers:
            rate = rate_of(layer)
            if not rate:
                continue
            before = anatomy.feeding(seen.recipe, layer) if layer.kind in KINDS else layer
            size = _left_of(before)
            at_output = layer.kind in KINDS and head is not None and head.layer == before
            change = (NoDropout(layer=layer.name),)
            if at_output and rate >= self.output:
                message = f"{layer.name} sets {percent(rate)} of the network's outputs to 0."
                evidence = measured("dropout on the output", rate, self.output, "share of values")
            elif rate > self.rate:
                message = f"{layer.name} sets {percent(rate)} of its inputs to 0 in every step."
                evidence = measured("dropout rate", rate, self.rate, "share of values")
            elif size is not None and before is not None and size * (1 - rate) < self.units:
                message = (f"{layer.name} leaves {number(size * (1 - rate))} of the {size} units of"
                           f" {before.name} on average.")
                evidence = measured("units left", size * (1 - rate), self.units, "units")
            else:
                continue
            yield self.suspicion(f"Dropout of {number(rate)}: {message}", evidence,
                                 site=anatomy.site(layer),
                                 tries=(*change, *self._all(seen.recipe)))

    def _all(self, recipe: Recipe) -> tuple[NoDropout, ...]:
        return (NoDropout(),) if sum(map(bool, map(rate_of, recipe.layers))) > 1 else ()


def rate_of(layer: Layer) -> float:
    """A layer's dropout, its own or the one it has as an argument; 0 without."""
    if layer.kind in KINDS:
        return float(layer.config.get("rate", 0.0))
    given = [layer.config.get("dropout"), layer.config.get("recurrent_dropout")]
    return max((float(value) for value in given if isinstance(value, int | float)), default=0.0)


def _left_of(layer: Layer | None) -> int | None:
    if layer is None or network.width_argument(layer) == "filters":
        return None
    return anatomy.width(layer)
