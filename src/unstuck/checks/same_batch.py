"""A source of batches that gives the same rows every time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from . import Check, Family, Finding, Observation, measured
from . import _data as data


@dataclass(frozen=True)
class SameBatch(Check):
    """Every batch of an epoch holds the same rows: the others are never trained on.

    ## What it sees
    The batches that a generator, a PyDataset or a loader gave to `fit`, as they were taped. It
    speaks where all of an epoch's batches are equal in every number, inputs and targets.

    ## Why learning stops
    It does not: the network learns these rows, often perfectly, and `fit` looks fine. What it was
    meant to learn lies in rows that it never sees, so `evaluate` and `predict` on all of the data
    do badly. Most often a counter is set back inside the loop, or not moved on.

    ## What it tries
    Nothing: which rows should come next only the source knows.

    ## Example
        while True:
            i = 0                                       # back to the start each time: sick
            yield x[i:i + 50], y[i:i + 50]
            i += 50

        i = 0                                           # cured
        while True:
            yield x[i:i + 50], y[i:i + 50]
            i = (i + 50) % len(x)

    ## When it is wrong
    A source that hands over all of the data as one batch, time and again, trains on whole batches.

    ## References
    Keras, Model.fit, arguments x and steps_per_epoch.
    """

    family: ClassVar[Family] = Family.DATA
    always: ClassVar[bool] = True

    def look(self, seen: Observation) -> Iterator[Finding]:
        """The batches of the first epoch, against the first of them."""
        recipe = seen.recipe
        size, whole = recipe.batch_size, recipe.rows_per_epoch // recipe.batch_size
        if not recipe.taped or whole < 2 or size < 2:
            return
        for array in (*data.arrays(recipe.train.x), *data.arrays(recipe.train.y)):
            batches = array[: whole * size].reshape(whole, size, *array.shape[1:])
            if not np.array_equal(batches, np.broadcast_to(batches[0], batches.shape)):
                return
        yield self.fact(
            f"All {whole} batches of an epoch are the same {size} rows: the training sees no others.",
            measured("batches that differ from the first", 0, 1),
            site="fit",
        )
