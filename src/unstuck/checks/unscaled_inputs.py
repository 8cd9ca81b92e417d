"""Inputs far from unit scale."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from unstuck.interventions import _network as network
from unstuck.interventions.scale_inputs import ScaleInputs
from unstuck.network.recipe import Recipe

from . import Check, Family, Finding, Observation, measured
from . import _anatomy as anatomy
from . import _data as data
from . import _tries as tries
from ._words import number

SCALING = frozenset({"Normalization", "Rescaling", "BatchNormalization", "LayerNormalization",
                     "UnitNormalization"})
LOOKING_UP = frozenset({"Embedding", "CategoryEncoding", "Hashing", "IntegerLookup",
                        "StringLookup", "TextVectorization", "Discretization"})


@dataclass(frozen=True)
class UnscaledInputs(Check):
    """Inputs far from unit scale make the first layer's gradients swamp all others.

    ## What it sees
    The mean and the standard deviation of every input column: a magnitude above `large`, all
    spreads below `small`, or, in a table of at most `table` columns, spreads that differ by more
    than `uneven`. Networks that scale their inputs themselves, and inputs that are looked up
    (embeddings), are passed over.

    ## Why learning stops
    The gradient of a weight of the first layer is proportional to the input that it multiplies. A
    column of thousands beside one of tenths makes a valley ten thousand times steeper across than
    along: no one learning rate fits both. Large inputs also saturate or kill units from the start.

    ## What it tries
    A Normalization (or Rescaling) layer in front, with the training rows' statistics.

    ## Example
        model.fit(x, y)                                      # columns of 0.1 and of 50,000: sick
        model.fit((x - x.mean(axis=0)) / x.std(axis=0), y)   # cured

    ## When it is wrong
    Adam copes with moderately uneven columns given enough steps; columns that are constant do no
    harm.

    ## References
    LeCun et al. 1998, Efficient BackProp, section 4.3.
    """

    family: ClassVar[Family] = Family.DATA
    explains: ClassVar[tuple[str, ...]] = (
        "constant-output", "dead-relu", "exploding-gradient", "learning-rate-too-high",
        "saturated-activation")

    # Keras's initialisers assume inputs of about 1; ten times that saturates a tanh.
    large: float = 10.0
    small: float = 0.01
    # The condition of a linear problem grows with its square.
    uneven: float = 100.0
    # Beyond so many columns they are pixels or the like, which share a unit; those at the border of
    # an image hardly vary, and the ratio of spreads says nothing.
    table: int = 16

    def look(self, seen: Observation) -> Iterator[Finding]:
        """The statistics that are out of bounds."""
        columns = [data.sample(array) for array in _taken_as_they_are(seen.recipe)]
        if not columns:
            return
        values = np.concatenate(columns, axis=1) if len(
            {len(part) for part in columns}) == 1 else columns[0]
        if not np.isfinite(values).any():
            return
        values = np.where(np.isfinite(values), values, np.nan)
        means, spreads = np.abs(np.nanmean(values, axis=0)), np.nanstd(values, axis=0)
        varying = spreads[spreads > 1e-12]
        if not len(varying):
            return
        largest, mean = float(varying.max()), float(means.max())
        ratio = largest / float(varying.min())
        said, evidence = [], []
        if max(largest, mean) > self.large:
            said.append(f"input columns have means up to {number(mean)} and spreads up to"
                        f" {number(largest)}")
            evidence.append(measured("largest mean or spread of a column", max(largest, mean),
                                     self.large))
        elif largest < self.small:
            said.append(f"no input column has a spread of more than {number(largest)}")
            evidence.append(measured("largest spread of a column", largest, self.small))
        if ratio > self.uneven and len(means) <= self.table:
            said.append(f"the widest column spreads {number(ratio)} times as far as the narrowest")
            evidence.append(measured("largest spread over the smallest", ratio, self.uneven))
        if said:
            yield self.suspicion(
                f"The network takes its inputs as they are, and {'; '.join(said)}; layers are"
                " initialised for a mean of 0 and a spread of 1.",
                *evidence, site="fit", tries=(*tries.data_scale(seen.recipe), ScaleInputs()),
            )


def _taken_as_they_are(recipe: Recipe) -> list[NDArray[Any]]:
    """The inputs that are neither scaled in the network nor looked up."""
    def raw(entry: str | None) -> bool:
        first = anatomy.first_computing(recipe, entry)
        return bool(first) and not any(layer.kind in SCALING | LOOKING_UP for layer in first)

    if not recipe.architecture.is_graph:
        return data.arrays(recipe.train.x) if raw(None) else []
    return [numbers for entry, array in network.inputs(recipe) if raw(entry.name)
            for numbers in data.arrays(array)]
