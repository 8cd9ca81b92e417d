"""A ReLU where signed or complete information must pass."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from unstuck.network.layers import Layer
from unstuck.population.population import Readings

from . import Check, Evidence, Family, Finding, Observation, measured
from . import _anatomy as anatomy
from . import _tries as tries
from ._words import tally

PROBED = 256
"""Up to so many judged rows, the probes look at all of them."""


@dataclass(frozen=True)
class ReluBeforeOutput(Check):
    """A ReLU right before the output, or on the narrowest layer, cuts away what the output needs.

    ## What it sees
    In replicas that fail, inputs that still differ before that ReLU and come out of it alike: at
    least `share` of the inputs that reach it are merged there. Or, in a layer of at most `few`
    units that is no wider than the output, units that are 0 for every row.

    ## Why learning stops
    ReLU sets everything negative to 0. The output layer after it sees only what is left; inputs
    that fell on the same 0 can never get different outputs again, and there is no gradient through
    the 0 to part them. In a wide layer other units still tell them apart, in a narrow one none do.

    ## What it tries
    A linear activation there; LeakyReLU there.

    ## Example
        layers.Dense(2, activation="relu"), layers.Dense(2, activation="sigmoid")      # sick
        layers.Dense(2, activation="linear"), layers.Dense(2, activation="sigmoid")    # cured

    ## When it is wrong
    A classifier may let inputs of one class come out alike. ReLU before the output is the rule in
    healthy wide networks; nothing is said where inputs stay apart.

    ## References
    Lu et al. 2019, Dying ReLU and Initialization, arxiv.org/abs/1903.06733.
    """

    family: ClassVar[Family] = Family.ACTIVATION

    # Two of a thousand rows may coincide by rounding; one of four patterns may not. Two ReLUs over
    # signed values lose the quarter of the rows for which both are negative.
    share: float = 0.05
    # In layers wider than this a dead unit is none too many; see narrow-layer.
    few: int = 8

    def look(self, seen: Observation) -> Iterator[Finding]:
        """The layer before the output and the narrowest one, if inputs merge there."""
        end = seen.readings("end")
        if end is None:
            return
        for layer in self._where_all_must_pass(seen):
            if layer.name not in end.layers or layer.activation not in anatomy.RECTIFIERS:
                continue
            found = self._merged(seen, layer, end) or self._lost(seen, layer, end)
            if found is not None:
                message, evidence = found
                yield self.suspicion(
                    message, evidence, site=anatomy.site(layer),
                    tries=(*tries.activation(seen.recipe, layer, "linear"),
                           *tries.activation(seen.recipe, layer, "leaky_relu")),
                )

    def _merged(
        self, seen: Observation, layer: Layer, end: Readings
    ) -> tuple[str, Evidence] | None:
        before, after = entering(seen, layer), end.of("distinct", layer.name)
        merged = after <= before * (1 - self.share)
        shown = seen.shown(merged)
        if shown.share < self.often or not shown.replicas:
            return None
        left, came = seen.typical(after, merged), seen.typical(before, merged)
        which = seen.failing & merged
        return (f"In {shown}, inputs that differ when they reach the ReLU of"
                f" {anatomy.described(layer)} come out of it alike. Different before it:"
                f" {tally(before[which])}; behind it: {tally(after[which])}. The rest fall on the same"
                " zeros, and nothing can tell them apart again.",
                measured("different inputs behind the layer, median", left,
                         came * (1 - self.share), "inputs", shown))

    def _lost(
        self, seen: Observation, layer: Layer, end: Readings
    ) -> tuple[str, Evidence] | None:
        size, head = anatomy.width(layer), anatomy.head(seen.recipe)
        if size is None or head is None or head.units is None or size > min(head.units, self.few):
            return None
        dead = end.of("dead", layer.name)
        shown = seen.shown(dead > 0)
        if shown.share < self.often or not shown.replicas:
            return None
        units = np.rint(dead[seen.failing & (dead > 0)] * size)
        return (f"In {shown}, some of the {size} ReLU units of {anatomy.described(layer)} put out 0"
                f" for every row ({tally(units)}), and {head.units} outputs have to be made of what is"
                " left.",
                measured("dead units, median", float(np.median(units)), 0, "units", shown))

    def _where_all_must_pass(self, seen: Observation) -> tuple[Layer, ...]:
        last = anatomy.last_hidden(seen.recipe)
        sized = [layer for layer in anatomy.hidden(seen.recipe) if anatomy.width(layer)]
        narrowest = min(sized, key=lambda layer: anatomy.width(layer) or 0, default=None)
        found = {layer.name: layer for layer in (last, narrowest) if layer is not None}
        return tuple(found.values())


def entering(seen: Observation, layer: Layer) -> NDArray[np.float32]:
    """How many of the rows still differ when they reach a layer, shaped [replica]."""
    end = seen.readings("end")
    assert end is not None
    if len(layer.inputs) == 1 and layer.inputs[0] in end.layers:
        return end.of("distinct", layer.inputs[0])
    # The layer reads the input. Of all rows the probes look at a part, if there are many.
    if seen.goal.judged_rows <= PROBED:
        rows = float(len(np.unique(seen.goal.flat_inputs, axis=0)))
    else:
        rows = float(np.nan_to_num(end.distinct).max())
    return np.full(len(end.distinct), rows, dtype=np.float32)
