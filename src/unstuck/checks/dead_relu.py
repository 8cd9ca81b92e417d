"""Units whose ReLU never fires."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from . import Check, Family, Finding, Observation, measured
from . import _anatomy as anatomy
from . import _tries as tries
from ._words import percent


@dataclass(frozen=True)
class DeadRelu(Check):
    """Units whose ReLU puts out 0 for every row learn nothing any more.

    ## What it sees
    Layers in which, at the end of training, at least `share` of the units put out exactly 0 for
    every row looked at, in replicas that fail. It also says whether they were dead from the start
    or died on the way.

    ## Why learning stops
    Where the pre-activation is negative the derivative of ReLU is 0. A unit that is negative for
    every row has a gradient of exactly 0 for all its weights: nothing that the network is trained
    on will ever wake it. In a narrow layer a few dead units take away all room there is.

    ## What it tries
    LeakyReLU in that layer, LeakyReLU in all hidden layers and, where units died on the way, a
    tenth of the learning rate.

    ## Example
        layers.Dense(2, activation="relu")          # one unit dead of two: half the room is gone
        layers.Dense(2, activation="leaky_relu")    # a gradient on both sides

    ## When it is wrong
    Half of all *values* behind a ReLU are 0 in a healthy network; only units that are 0 for all
    rows are counted. A wide layer can spare many dead units, which is what the trial finds out.

    ## References
    Lu et al. 2019, Dying ReLU and Initialization, arxiv.org/abs/1903.06733.
    """

    family: ClassVar[Family] = Family.ACTIVATION

    # Wide healthy layers lose up to a tenth of their units to the draw; one of four is more.
    share: float = 0.25
    # Each layer costs a trial; those behind the worst three mostly died of them.
    layers: int = 3

    def look(self, seen: Observation) -> Iterator[Finding]:
        """Layers with many dead units, the worst first."""
        end, start = seen.readings("end"), seen.readings("start")
        if end is None:
            return
        head = anatomy.head(seen.recipe)
        found: list[tuple[float, Finding]] = []
        for layer in seen.recipe.layers:
            if layer.name not in end.layers:
                continue
            dead = end.of("dead", layer.name)
            shown = seen.shown(dead >= self.share)
            if shown.share < self.often or not shown.replicas:
                continue
            value = seen.typical(dead, dead >= self.share)
            before = seen.typical(start.of("dead", layer.name)) if start else value
            died = before < value / 2
            last = head is not None and head.layer.name == layer.name
            changes = (
                *tries.activation(seen.recipe, layer, "linear" if last else "leaky_relu"),
                *(() if last else tries.hidden_activations(seen.recipe, "leaky_relu")),
                *(tries.rates(seen.recipe, 0.1) if died else ()),
            )
            how = f"they died in training ({percent(before)} at the start)" if died else (
                f"{percent(before)} were so before training")
            found.append((shown.share * value, self.suspicion(
                f"In {shown}, {percent(value)} of the units of {anatomy.described(layer)} put out 0"
                f" for every row, so that their gradient is exactly 0; {how}.",
                measured("dead units at the end", value, self.share, "share of units", shown),
                site=anatomy.site(layer), tries=changes,
            )))
        found.sort(key=lambda pair: -pair[0])
        yield from (finding for _, finding in found[: self.layers])
