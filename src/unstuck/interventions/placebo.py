"""Nothing but another shuffle: what a change without any effect looks like."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from unstuck.network.recipe import Recipe
from unstuck.script import Edit, Script

from . import Intervention


@dataclass(frozen=True, kw_only=True)
class Placebo(Intervention):
    """The same training with its batches in another order."""

    kind: ClassVar[str] = "placebo"
    cost: ClassVar[float] = 0

    @property
    def label(self) -> str:
        """What is done."""
        return "placebo: another shuffle"

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe with another order of batches."""
        return replace(recipe, order_salt=recipe.order_salt + 1)

    def edit(self, script: Script, before: Recipe, after: Recipe) -> tuple[Edit, ...]:
        """Nothing to write."""
        return ()
