"""Steps after every row or two."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from unstuck.interventions.batch_size import BatchSize

from . import Check, Family, Finding, Observation, measured
from . import _tries as tries
from ._words import count, number


@dataclass(frozen=True)
class SmallBatch(Check):
    """A batch of one row or a few gives a gradient that is mostly that of these rows.

    ## What it sees
    Batches of at most `rows` rows, in a network that fails and has at least `updates` updates.

    ## Why learning stops
    The gradient of a batch is an estimate of that of all rows, with an error that falls with the
    root of its size. At one row the error is most of it: each step undoes a part of the last, and
    at rates that suit larger batches the weights are thrown about.

    ## What it tries
    Batches of 32 at the same epochs; a tenth of the learning rate.

    ## Example
        model.fit(x, y, batch_size=1)     # sick, at a rate of 0.1
        model.fit(x, y, batch_size=32)    # cured

    ## When it is wrong
    At a rate low enough, small batches learn well, only slowly, and their noise may even help to
    generalise. Whether it is the batch or the rate, the two trials tell apart.

    ## References
    Goyal et al. 2017, Accurate, Large Minibatch SGD, arxiv.org/abs/1706.02677, for the rate that
    goes with a batch.
    """

    family: ClassVar[Family] = Family.BATCH
    of_the_end: ClassVar[bool] = True

    rows: int = 2
    # With fewer, the number of updates is the likelier cause.
    updates: int = 500

    def look(self, seen: Observation) -> Iterator[Finding]:
        """The batch."""
        recipe = seen.recipe
        if recipe.batch_size > self.rows or recipe.updates < self.updates or (
                recipe.train.rows < 32):
            return
        rate = recipe.optimizer.learning_rate
        at = "" if rate is None else f" at a learning rate of {number(rate)}"
        yield self.suspicion(
            f"Each of the {recipe.updates:,} updates is made after"
            f" {count(recipe.batch_size, 'row')} of {recipe.train.rows:,}{at}.",
            measured("rows in a batch", recipe.batch_size, self.rows, "rows"), site="fit",
            tries=(BatchSize(value=32, was=recipe.batch_size), *tries.rates(recipe, 0.1)),
        )
