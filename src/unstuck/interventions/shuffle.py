"""Rows in another order in every epoch."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from unstuck.base.errors import NotSupported
from unstuck.network.recipe import Recipe
from unstuck.script import Script

from . import Intervention
from ._source import Edits, method_call


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
        """The argument of `fit`."""
        call = method_call(script, before, "fit")
        if call is None or before.taped:  # the order is made where the batches are
            return None
        return call.set_argument("shuffle", "True", position=8)
