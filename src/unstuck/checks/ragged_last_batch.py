"""A last batch of a few rows that batch normalisation takes for the data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from unstuck.interventions.batch_norm_momentum import BatchNormMomentum
from unstuck.interventions.batch_size import BatchSize
from unstuck.network.recipe import Recipe

from . import Check, Family, Finding, Observation, measured
from . import _anatomy as anatomy
from ._words import count, percent


@dataclass(frozen=True)
class RaggedLastBatch(Check):
    """The rows are no whole number of batches, and the few left over spoil batch normalisation.

    ## What it sees
    Batch normalisation in a network that fails, where the last batch of each epoch has at most
    `rows` rows and weighs at least `weight` in the running statistics when the epoch ends.

    ## Why learning stops
    The variance of a batch of one row is 0, and its mean is that row. In training its output is
    then the same whatever the row; afterwards, the running statistics hold a share of 1 - momentum
    of it, and it came last. A momentum below Keras's 0.99 makes that share large: the network that
    is evaluated is scaled by the spread of one row.

    ## What it tries
    A batch size that leaves no rest, or a larger one; a momentum of 0.99.

    ## Example
        layers.BatchNormalization(momentum=0.1)
        model.fit(x, y, batch_size=32)    # 257 rows: the last batch has 1: sick
        model.fit(x, y, batch_size=43)    # the last batch has 42: cured

    ## When it is wrong
    With shuffled rows and a momentum of 0.99 the last batch weighs 1 %, and nothing is to be seen.

    ## References
    Ioffe and Szegedy 2015, Batch Normalization, arxiv.org/abs/1502.03167. Keras,
    BatchNormalization, argument momentum.
    """

    family: ClassVar[Family] = Family.BATCH

    # The variance of three rows is already within a factor of two of the truth more often than not.
    rows: int = 2
    weight: float = 0.05

    def look(self, seen: Observation) -> Iterator[Finding]:
        """The last batch, and what it weighs."""
        recipe = seen.recipe
        rest = recipe.train.rows % recipe.batch_size
        layers = anatomy.batch_norms(recipe)
        if not layers or not 0 < rest <= self.rows or recipe.train.rows < recipe.batch_size:
            return
        momentum = min(float(layer.config["momentum"]) for layer in layers)
        if 1.0 - momentum < self.weight:
            return
        yield self.suspicion(
            f"{recipe.train.rows:,} rows in batches of {recipe.batch_size} leave a last batch of"
            f" {count(rest, 'row')}; at a momentum of {momentum:g} it makes up"
            f" {percent(1.0 - momentum)} of the running statistics of"
            f" {anatomy.described(layers[0])} when an epoch ends.",
            measured("weight of the last batch", 1.0 - momentum, self.weight, "share"),
            site="fit",
            tries=(*even_batches(recipe), BatchNormMomentum(value=0.99)),
        )


def even_batches(recipe: Recipe) -> tuple[BatchSize, ...]:
    """The batch size nearest to the script's whose last batch is at least half full."""
    rows, size = recipe.train.rows, recipe.batch_size
    fit = [other for other in range(max(2, size // 2), min(2 * size, rows) + 1)
           if rows % other == 0 or rows % other >= other / 2]
    nearest = min(fit, key=lambda other: abs(other - size), default=size)
    return () if nearest == size else (BatchSize.of(recipe, nearest),)
