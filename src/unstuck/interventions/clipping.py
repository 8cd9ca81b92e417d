"""No gradient clipping."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from unstuck.base.errors import NotSupported
from unstuck.network.optimizer import CLIPS
from unstuck.network.recipe import Recipe
from unstuck.script import Script

from . import Intervention
from ._optimizer import optimizer_edits
from ._source import Edits


@dataclass(frozen=True, kw_only=True)
class NoClipping(Intervention):
    """Gradients as they are, of whatever size."""

    kind: ClassVar[str] = "clipping"
    cost: ClassVar[float] = 1

    @property
    def label(self) -> str:
        """What is done."""
        return "no gradient clipping"

    @property
    def site(self) -> str:
        """The part it changes."""
        return "compile"

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe with an optimizer that does not clip."""
        if not any(recipe.optimizer.config.get(name) for name in CLIPS):
            raise NotSupported("The optimizer does not clip gradients.")
        return recipe.with_optimizer(**dict.fromkeys(CLIPS))

    def edit(self, script: Script, before: Recipe, after: Recipe) -> Edits | None:
        """The optimizer, written as it is after the repair."""
        return optimizer_edits(script, before, after)
