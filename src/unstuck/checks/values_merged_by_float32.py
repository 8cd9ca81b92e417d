"""Columns whose values float32 cannot tell apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from unstuck.network.recipe import Recipe

from . import Check, Family, Finding, Observation, measured
from . import _anatomy as anatomy
from . import _data as data
from ._words import column, columns, count, number
from .unscaled_inputs import LOOKING_UP


@dataclass(frozen=True)
class ValuesMergedByFloat32(Check):
    """A column of large numbers that differ by little: in 32 bits, most of its values are the same.

    ## What it sees
    Columns of the inputs and of the targets as Keras trains on them, in float32. Around 3 billion,
    the numbers that float32 has are 256 apart. It speaks of columns of at least `large` that never
    change, and of columns whose values all lie within `steps` of these distances: what differed by
    less than one has become the same.

    ## Why learning stops
    What was to tell rows apart is gone before the first layer. A scaling layer in the network comes too
    late: it divides what is left. Addresses, numbers of customers and seconds since 1970 are such
    columns.

    ## What it tries
    Nothing: the rows that are handed to `fit` hold it no more. Subtract the column's mean, in 64
    bits, before the array becomes float32.

    ## Example
        x = frame.to_numpy("float64").astype("float32")                     # seconds since 1970: sick
        x = (frame - frame.mean()).to_numpy("float64").astype("float32")    # cured

    ## When it is wrong
    A measured value that is only known to its seventh digit loses nothing that it had.

    ## References
    Goldberg 1991, What Every Computer Scientist Should Know About Floating-Point Arithmetic.
    """

    family: ClassVar[Family] = Family.DATA
    always: ClassVar[bool] = True

    # Whole numbers up to here are exact in float32, beyond it every other one is lost.
    large: float = 2.0**24
    # Of a spread of 64 steps a rounded value is off by a hundredth and less, as many readings are.
    steps: float = 64.0

    def look(self, seen: Observation) -> Iterator[Finding]:
        """The columns of the inputs, and those of the targets."""
        looked_up = _looked_up(seen.recipe)
        for what, arrays in (("input", [] if looked_up else data.arrays(seen.recipe.x)),
                             ("target", data.arrays(seen.recipe.y))):
            names = seen.recipe.columns if what == "input" else ()
            for array in arrays:
                yield from self._merged(what, array, names)

    def _merged(self, what: str, array: data.Array, names: Sequence[str]) -> Iterator[Finding]:
        values = data.sample(array).astype(np.float32)
        if not len(values) or not np.isfinite(values).all():
            return
        size = np.abs(values).max(axis=0)
        step = np.spacing(size).astype(np.float64)
        spread = np.ptp(values.astype(np.float64), axis=0)
        merged = (spread <= self.steps * step) & ((spread > 0) | (size >= self.large))
        found = np.flatnonzero(merged).tolist()
        if not found:
            return
        first = found[0]
        left = len(np.unique(values[:, first]))
        yield self.fact(
            f"{columns(found, what.capitalize(), names)} {'is' if len(found) == 1 else 'are'} near"
            f" {values[0, first]:,.0f}, where the numbers of float32 are {number(float(step[first]))}"
            f" apart: {count(left, 'different value')} {'is' if left == 1 else 'are'} left in column"
            f" {column(first, names)}. Subtract the mean in 64 bits, before the array becomes float32.",
            measured("different values left", left, self.steps, "values"),
            measured("distance of neighbouring numbers", float(step[first])),
            site="fit",
        )


def _looked_up(recipe: Recipe) -> bool:
    """True where the network takes its inputs for indices, which stay whole numbers."""
    return any(layer.kind in LOOKING_UP for layer in anatomy.first_computing(recipe))
