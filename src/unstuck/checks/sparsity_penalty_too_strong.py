"""A penalty on activities that empties the code."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from unstuck.interventions.regularizer import NoRegularizers
from unstuck.network.layers import Layer

from . import Check, Family, Finding, Observation, measured
from . import _anatomy as anatomy
from ._words import number, percent
from .over_regularised import factors


@dataclass(frozen=True)
class SparsityPenaltyTooStrong(Check):
    """The penalty on a layer's activity is so strong that the layer puts out next to nothing.

    ## What it sees
    Layers with an activity regulariser in a network that fails. At the end, the spread of such a
    layer's outputs over rows and units is below the share `left` of that at the start.

    ## Why learning stops
    Training minimises loss and penalty together. An empty code costs no penalty; if the penalty of
    a useful one exceeds what it saves in loss, the code is emptied and the output is the mean image.

    ## What it tries
    No regularisers.

    ## Example
        layers.Dense(32, activation="relu", activity_regularizer="l1")    # L1 of 0.01: sick
        layers.Dense(32, activation="relu",
                     activity_regularizer=keras.regularizers.L1(1e-5))    # cured

    ## When it is wrong
    A code that shrank may still tell all inputs apart, the layers behind it being free to magnify
    it; then training without the penalty changes nothing.

    ## References
    Ng 2011, Sparse autoencoder, CS294A lecture notes.
    """

    family: ClassVar[Family] = Family.AUTOENCODER
    of_the_end: ClassVar[bool] = True
    explains: ClassVar[tuple[str, ...]] = ("code-units-unused", "constant-output", "dead-relu")

    # Healthy sparse codes keep their spread, since few units are large.
    left: float = 0.1

    def look(self, seen: Observation) -> Iterator[Finding]:
        """Penalised layers that went silent."""
        start, end = seen.readings("start"), seen.readings("end")
        if start is None or end is None:
            return
        for layer in seen.recipe.layers:
            if layer.name not in end.layers or not activity(layer):
                continue
            with np.errstate(invalid="ignore", divide="ignore"):
                share = end.of("spread", layer.name) / start.of("spread", layer.name)
            shown = seen.shown(share < self.left)
            if not shown.replicas or shown.share < self.often:
                continue
            value = seen.typical(share, share < self.left)
            first, second = activity(layer) or (0.0, 0.0)
            yield self.suspicion(
                f"{anatomy.described(layer)} is penalised for its activity (L1 {number(first)}, L2"
                f" {number(second)}), and in {shown} its outputs shrank to {percent(value)} of"
                " their spread at the start.",
                measured("spread at the end over that at the start", value, self.left, "", shown),
                site=anatomy.site(layer), tries=(NoRegularizers(),),
            )


def activity(layer: Layer) -> tuple[float, float] | tuple[()]:
    """The factors of L1 and L2 on a layer's activity; empty without any."""
    if layer.kind == "ActivityRegularization":
        first, second = float(layer.config.get("l1", 0)), float(layer.config.get("l2", 0))
        return (first, second) if first or second else ()
    return factors(layer).get("activity", ())
