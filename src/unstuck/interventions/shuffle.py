"""Rows in another order in every epoch."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from unstuck.base.errors import NotSupported
from unstuck.network.recipe import Recipe
from unstuck.script import Script

from . import Intervention
from ._batched import given_whole
from ._source import Edits, method_call, site_call


@dataclass(frozen=True, kw_only=True)
class Shuffle(Intervention):
    """`shuffle=True`, where the script trains on the rows in the order in which they lie."""

    kind: ClassVar[str] = "shuffle"
    cost: ClassVar[float] = 1

    @property
    def label(self) -> str:
        """What is done."""
        return "rows shuffled in every epoch"

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe with shuffling."""
        if recipe.shuffle:
            raise NotSupported("The rows are shuffled in every epoch already.")
        return replace(recipe, shuffle=True)

    def edit(self, script: Script, before: Recipe, after: Recipe) -> Edits | None:
        """The argument of `fit`, or of a data set ahead of its `batch`; arrays in place of batches."""
        batched = site_call(script, before, "batch")
        if batched is not None:  # the order is made where the batches are
            return batched.insert_method_before(f"shuffle({before.trained_rows})")
        call = method_call(script, before, "fit")
        if before.taped:
            return given_whole(script, before, after)
        if call is None:
            return None
        return call.set_argument("shuffle", "True", position=8)
