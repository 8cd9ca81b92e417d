"""Too few steps of the optimizer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from . import Check, Family, Finding, Observation, measured
from . import _tries as tries
from ._reach import reach
from ._words import count, number
from .learning_rate_too_low import last_quarter


@dataclass(frozen=True)
class FewUpdates(Check):
    """Training stops after so few updates that the weights cannot have got anywhere.

    ## What it sees
    The number of updates in all: batches in an epoch times epochs. Below `very_few`, or below
    `enough` while the loss still falls, it is suspicious in a network that fails. Where a bound on
    the optimizer's steps is known, it adds up how far any weight can have moved by the end; if that
    is less than the size of the weights as drawn, it is a fact that training cannot have changed
    much.

    ## Why learning stops
    An epoch is not a unit of learning: 4 rows make one update an epoch, 60,000 rows make 1,875. The
    first update of Adam moves a weight by exactly the learning rate, the next dozens by hardly
    more, whatever the loss; so 12 updates at 0.001 move no weight further than 0.0123.

    ## What it tries
    Ten times the epochs, or as many as make 3,000 updates, whichever is more; ten times the
    learning rate, where that is not above the optimizer's usual one already.

    ## Example
        model.fit(x, y, batch_size=8, epochs=12)      # x has 4 rows: 12 updates in all
        model.fit(x, y, batch_size=8, epochs=3000)    # 3,000 updates

    ## When it is wrong
    Networks trained before, and linear ones on scaled data, may need few updates.

    ## References
    Kingma and Ba 2015, Adam, section 2.1, arxiv.org/abs/1412.6980. The bound used here follows
    from Cauchy and Schwarz and holds for every gradient; see `_reach.py`.
    """

    family: ClassVar[Family] = Family.SCHEDULE
    of_the_end: ClassVar[bool] = True

    # Small dense networks under Adam at 0.001 need one to a few thousand updates from their draw.
    enough: int = 1000
    # With fewer than this it is suspicious even if the loss no longer falls.
    very_few: int = 300
    # Share of the loss's decline in the last quarter of the epochs; a settled curve has less.
    falling: float = 0.05
    # What the proposed number of epochs makes at least.
    proposed: int = 3000

    def look(self, seen: Observation) -> Iterator[Finding]:
        """The count, and what it bounds."""
        recipe = seen.recipe
        if recipe.updates >= self.enough or seen.shown(seen.control.diverged).share > 0.5:
            return
        if recipe.updates >= self.very_few and not self._still_falls(seen):
            return
        furthest = reach(recipe.optimizer, recipe.updates)
        size = typical_weight(seen)
        evidence = [measured("updates in all", recipe.updates, self.enough, "updates")]
        message = (
            f"{count(recipe.train.rows, 'row')} in batches of {recipe.batch_size} make"
            f" {count(recipe.updates_per_epoch, 'update')} an epoch, and {recipe.epochs} epochs"
            f" make {recipe.updates:,} in all"
        )
        proposals = (*tries.more_epochs(recipe, at_least=self.proposed),
                     *tries.higher_rate(recipe))
        if furthest is None or size is None or furthest >= size:
            yield self.suspicion(message + ".", *evidence, site="fit", tries=proposals)
            return
        evidence.append(measured("furthest that a weight can move", furthest, size))
        yield self.fact(
            f"{message}; under {recipe.optimizer.kind} at"
            f" {number(recipe.optimizer.learning_rate or 0)} no weight can move further than"
            f" {number(furthest)} in them, and weights as drawn are about {number(size)}.",
            *evidence, site="fit", tries=proposals,
        )

    def _still_falls(self, seen: Observation) -> bool:
        return seen.shown(last_quarter(seen.control.loss) >= self.falling).share >= 0.5


def typical_weight(seen: Observation) -> float | None:
    """Root mean square of the weights as drawn, over all layers; `None` without readings."""
    start = seen.readings("start")
    if start is None:
        return None
    numbers = {layer.name: layer.parameters for layer in seen.recipe.layers}
    counts = np.asarray([numbers.get(name, 0) for name in start.layers], dtype=np.float64)
    norms = start.weight_norm.astype(np.float64)
    known = np.isfinite(norms).all(axis=0) & (counts > 0)
    if not known.any():
        return None
    squares = (norms[:, known] ** 2).sum(axis=1) / counts[known].sum()
    return float(np.sqrt(np.median(squares)))
