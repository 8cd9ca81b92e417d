"""A layer behind which all rows are the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from unstuck.interventions.remove_layer import RemoveLayer
from unstuck.network.layers import Layer

from . import Check, Family, Finding, Observation, measured
from . import _anatomy as anatomy
from ._words import number


@dataclass(frozen=True)
class InputLost(Check):
    """What goes in differs from row to row, and what comes out of this layer does not.

    ## What it sees
    How many of the probed rows still differ behind each layer, before training: the first layer
    behind which all are the same in every replica, though they differ before it. Rectifiers whose
    units are all dead are left to dead-relu, layers with a width to others.

    ## Why learning stops
    Behind it nothing of the input is left, so the output cannot depend on it. Normalising a single
    number is such a layer (less its own mean, it is 0), a softmax over one unit (always 1), a cast
    to whole numbers of values below 1, a product with zero.

    ## What it tries
    The network without that layer, where the shapes allow it.

    ## Example
        [layers.Dense(1), layers.LayerNormalization()]     # always 0: sick
        [layers.Dense(16), layers.LayerNormalization()]    # cured

    ## When it is wrong
    Rows whose difference is below a millionth of the layer's range count as the same.

    ## References
    Karpathy 2019, A Recipe for Training Neural Networks, "input-independent baseline".
    """

    family: ClassVar[Family] = Family.ARCHITECTURE

    def look(self, seen: Observation) -> Iterator[Finding]:
        """The first layer that loses everything."""
        start = seen.readings("start")
        if start is None or seen.goal.judged_rows < 2 or seen.control.diverged.all():
            return  # NaN differs from nothing; see first-nan
        for layer in seen.recipe.layers:
            if layer.name not in start.layers:
                continue
            behind = start.of("distinct", layer.name)
            if not np.all(behind <= 1):
                continue
            before = [start.of("distinct", name) for name in layer.inputs if name in start.layers]
            dead = start.of("dead", layer.name)
            # Weights that are not drawn as zeros tell rows apart, be it by ever so little.
            if any(np.all(part <= 1) for part in before) or np.any(dead >= 1) or (
                    anatomy.width(layer) is not None):
                return
            rows = seen.typical(before[0]) if before else float(seen.goal.judged_rows)
            change = (RemoveLayer(layer=layer.name),) if _may_go(seen, layer) else ()
            yield self.fact(
                f"Behind {anatomy.described(layer)} all rows are the same before any training, in"
                f" each of {seen.control.replicas} trainings; {number(rows)} different ones come"
                " in.",
                measured("different rows behind the layer", 1, 2, "rows"),
                site=anatomy.site(layer), tries=change,
            )
            return


def _may_go(seen: Observation, layer: Layer) -> bool:
    shapes = {found.name: found.output_shape for found in seen.recipe.layers}
    return len(layer.inputs) == 1 and shapes.get(layer.inputs[0], ())[:-1] == (
        layer.output_shape[:-1])
