"""A Normalization that normalises nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from unstuck.interventions.adapt_normalization import AdaptNormalization
from unstuck.network.layers import Layer

from . import Check, Family, Finding, Observation, measured
from . import _anatomy as anatomy
from . import _data as data
from ._words import number


@dataclass(frozen=True)
class NormalizationNotAdapted(Check):
    """A Normalization layer was never shown the data, and passes it on as it is.

    ## What it sees
    Normalization layers that read the input, have neither mean nor variance as arguments, and hold
    the mean 0 and variance 1 that they were made with, while the columns have others: a mean or
    spread above `large`, in a network that fails.

    ## Why learning stops
    Normalization learns its statistics from `adapt`, not from `fit`. Without it, the layer takes 0
    away and divides by 1: inputs in thousands stay in thousands.

    ## What it tries
    The training rows' means and variances as its arguments.

    ## Example
        scale = layers.Normalization()    # sick
        scale.adapt(x)                    # cured

    ## When it is wrong
    Statistics of exactly 0 and 1 may have been adapted from data scaled before.

    ## References
    Keras, Normalization, method adapt.
    """

    family: ClassVar[Family] = Family.NORMALIZATION

    # See unscaled-inputs.
    large: float = 10.0

    def look(self, seen: Observation) -> Iterator[Finding]:
        """Each such layer behind an input."""
        arrays = data.arrays(seen.recipe.train.x)
        if len(arrays) != 1:
            return
        values = data.sample(arrays[0])
        size = float(max(np.abs(values.mean(axis=0)).max(), values.std(axis=0).max()))
        if not size > self.large:
            return
        for layer in anatomy.first_computing(seen.recipe):
            if layer.kind != "Normalization" or layer.config.get("mean") is not None:
                continue
            if not _as_made(seen, layer):
                continue
            yield self.fact(
                f"{anatomy.described(layer)} holds a mean of 0 and a variance of 1: it was not"
                f" adapted, and hands on columns with means or spreads up to {number(size)}.",
                measured("largest mean or spread of a column", size, self.large),
                site=anatomy.site(layer), tries=(AdaptNormalization(layer=layer.name),),
            )


def _as_made(seen: Observation, layer: Layer) -> bool:
    """True where the layer's own variables are what Keras makes them of."""
    own = {path.rpartition("/")[2]: value
           for path, value in seen.recipe.architecture.initial_values.items()
           if path.split("/")[-2:-1] == [layer.name]}
    return ("mean" in own and not np.any(own["mean"]) and bool(np.all(own["variance"] == 1)))
