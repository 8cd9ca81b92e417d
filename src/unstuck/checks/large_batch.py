"""Batches so large that an epoch has few updates."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from unstuck.interventions.batch_size import BatchSize

from . import Check, Family, Finding, Observation, measured
from ._words import count


@dataclass(frozen=True)
class LargeBatch(Check):
    """Batches nearly as large as the data leave only a handful of updates in an epoch.

    ## What it sees
    A batch of at least `rows` rows with fewer than `updates` updates in an epoch, and fewer than
    `in_all` updates in the whole training, in a network that fails.

    ## Why learning stops
    Learning goes by updates, and each batch is one. A batch of 512 instead of 32 makes a
    sixteenth of them in the same epochs; its gradient is a little less noisy, its step no longer.

    ## What it tries
    About a quarter and a sixteenth of the batch size (powers of two, at least 8), at the same
    epochs.

    ## Example
        model.fit(x, y, batch_size=512, epochs=20)    # 1,000 rows: 40 updates, sick
        model.fit(x, y, batch_size=16, epochs=20)     # 1,260 updates, cured

    ## When it is wrong
    What helps may be the number of updates, which more epochs give as well (see few-updates).

    ## References
    Masters and Luschi 2018, Revisiting Small Batch Training, arxiv.org/abs/1804.07612.
    """

    family: ClassVar[Family] = Family.BATCH
    of_the_end: ClassVar[bool] = True

    # Keras's default batch has 32 rows.
    rows: int = 64
    # At 10 and more batches an epoch, other causes are likelier.
    updates: int = 20
    # See few-updates; large batches get twice that.
    in_all: int = 2000

    def look(self, seen: Observation) -> Iterator[Finding]:
        """The batch against the rows."""
        recipe = seen.recipe
        if (recipe.batch_size < self.rows or recipe.updates_per_epoch >= self.updates
                or recipe.updates >= self.in_all):
            return
        values = sorted({max(8, _power_of_two(recipe.batch_size / by)) for by in (4, 16)})
        yield self.suspicion(
            f"Batches of {recipe.batch_size} out of {count(recipe.train.rows, 'row')} make"
            f" {count(recipe.updates_per_epoch, 'update')} an epoch and {recipe.updates:,} in all.",
            measured("updates in an epoch", recipe.updates_per_epoch, self.updates, "updates"),
            site="fit",
            tries=tuple(BatchSize(value=value, was=recipe.batch_size) for value in values),
        )


def _power_of_two(value: float) -> int:
    return 1 << round(math.log2(value))
