"""Axes exchanged where a script cut its rows out of one array by a view."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from unstuck.base.errors import NotSupported
from unstuck.network.recipe import Recipe
from unstuck.script import Script

from . import Intervention
from ._source import Edits


@dataclass(frozen=True, kw_only=True)
class PermuteView(Intervention):
    """The rows that the array's axes make in the order `dims`, in the place of those of the view."""

    kind: ClassVar[str] = "other"
    cost: ClassVar[float] = 3

    dims: tuple[int, ...]

    @property
    def label(self) -> str:
        """What is done."""
        return f"rows: view → permute{self.dims}"

    @property
    def site(self) -> str:
        """The view."""
        return "view"

    @property
    def stage(self) -> int:
        """Before anything is worked out from the rows."""
        return 0

    @property
    def conflicts(self) -> frozenset[str]:
        """The view."""
        return frozenset({"view"})

    def reason(self, before: Recipe) -> str:
        """What a view does."""
        return "a view counts the numbers off anew: axes change places by permute"

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe with those rows."""
        viewed = recipe.viewed
        if viewed is None or viewed.dims != tuple(self.dims) or viewed in recipe.filled:
            raise NotSupported("The rows are no such view of an array.")
        return replace(recipe, filled=(viewed, *recipe.filled))

    def edit(self, script: Script, before: Recipe, after: Recipe) -> Edits | None:
        """Scripts for Keras make such views with numpy, which nobody notes."""
        return None
