"""Larger, or smaller, batches."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from unstuck.network.recipe import Recipe
from unstuck.script import Script

from . import Intervention
from ._batched import given_whole
from ._source import Edits, method_call, set_value, site_call


@dataclass(frozen=True, kw_only=True)
class BatchSize(Intervention):
    """Batches of `value` rows; there `was` another number of rows in each."""

    kind: ClassVar[str] = "batch_size"
    cost: ClassVar[float] = 1

    value: int
    was: int

    @classmethod
    def of(cls, recipe: Recipe, value: int) -> BatchSize:
        """This change to a recipe."""
        return cls(value=value, was=recipe.batch_size)

    @property
    def label(self) -> str:
        """What is done."""
        return f"batch size {self.was} → {self.value}"

    def reason(self, before: Recipe) -> str:
        """How many updates an epoch had."""
        return f"batches: {self.was:,} rows each were {before.updates_per_epoch:,} to an epoch"

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe with batches of this size."""
        return replace(recipe, batch_size=self.value)

    def edit(self, script: Script, before: Recipe, after: Recipe) -> Edits | None:
        """The argument of `fit` or of a data set's `batch`, or the number assigned to its name.

        Where batches come ready-made, `fit` is given the arrays in their place.
        """
        batched = site_call(script, before, "batch")
        if batched is not None:
            return set_value(batched, "batch_size", str(after.batch_size), position=0)
        call = method_call(script, before, "fit")
        if before.taped:
            return given_whole(script, before, after)
        if call is None:
            return None
        return set_value(call, "batch_size", str(after.batch_size), position=2)
