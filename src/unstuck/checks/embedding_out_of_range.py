"""Numbers that an embedding has no row for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from unstuck.interventions.embedding_size import EmbeddingSize

from . import Check, Family, Finding, Observation, measured
from . import _anatomy as anatomy
from . import _data as data
from ._words import number, percent


@dataclass(frozen=True)
class EmbeddingOutOfRange(Check):
    """An embedding is asked for rows that it does not have, or for numbers that are no index.

    ## What it sees
    An embedding that reads the input: numbers of `input_dim` and above, negative ones, and ones
    that are not whole.

    ## Why learning stops
    An embedding is a table, and its input the number of a row. What is read beyond the table
    depends on the backend: JAX hands back NaN behind its end and counts -1, -2, … from the end
    backwards; others take the nearest row, or stop with an error on some devices. Fractions are cut:
    of values between 0 and 1 only row 0 is ever read.

    ## What it tries
    A table with a row for every number that occurs.

    ## Example
        layers.Embedding(100, 8)    # words are numbered from 1 to 100: sick
        layers.Embedding(101, 8)    # cured

    ## When it is wrong
    The arithmetic is exact; which numbers were meant, it does not know.

    ## References
    jax.numpy.take, argument mode; Keras, Embedding.
    """

    family: ClassVar[Family] = Family.DATA
    always: ClassVar[bool] = True

    def look(self, seen: Observation) -> Iterator[Finding]:
        """What comes in, against the rows there are."""
        arrays = data.arrays(seen.recipe.x)
        if len(arrays) != 1:
            return
        for layer in anatomy.first_computing(seen.recipe):
            if layer.kind != "Embedding":
                continue
            rows, values = int(layer.config["input_dim"]), arrays[0]
            low, high = float(values.min()), float(values.max())
            outside = float(((values < 0) | (values >= rows)).mean())
            if outside:
                highest = int(high) + 1
                yield self.fact(
                    f"{anatomy.described(layer)} has the rows 0 to {rows - 1}, and is asked for"
                    f" numbers from {number(low)} to {number(high)}: {percent(outside)} of them"
                    " are outside.",
                    measured("inputs without a row", outside, 0, "share of numbers"),
                    site=anatomy.site(layer),
                    tries=(EmbeddingSize(layer=layer.name, value=highest),)
                    if low >= 0 and highest <= 1_000_000 else (),
                )
            elif values.dtype.kind == "f" and not np.all(values == np.rint(values)):
                share = float((values != np.rint(values)).mean())
                yield self.fact(
                    f"{anatomy.described(layer)} reads {percent(share)} fractions; it cuts them to"
                    f" whole numbers, which leaves {len(np.unique(np.trunc(values)))} different"
                    f" ones of {len(np.unique(values)):,}.",
                    measured("inputs that are no index", share, 0, "share of numbers"),
                    site=anatomy.site(layer),
                )
