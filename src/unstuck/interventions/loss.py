"""Another loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from unstuck.network.recipe import Recipe
from unstuck.script import Script

from . import Intervention
from ._loss import loss_edits, with_loss
from ._source import Edits


@dataclass(frozen=True, kw_only=True)
class Loss(Intervention):
    """The loss called `value`, such as "mean_squared_error"; `from_logits` for cross-entropies."""

    kind: ClassVar[str] = "loss"
    cost: ClassVar[float] = 3

    value: str
    from_logits: bool = False

    @property
    def label(self) -> str:
        """What is done."""
        return f"loss → {self.value}" + (" from logits" if self.from_logits else "")

    @property
    def site(self) -> str:
        """The part it changes."""
        return "compile"

    def reason(self, before: Recipe) -> str:
        """Which it was."""
        return f"loss: was {before.loss_name}"

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe with this loss."""
        return with_loss(recipe, self.value, from_logits=self.from_logits)

    def edit(self, script: Script, before: Recipe, after: Recipe) -> Edits | None:
        """The argument of `compile`."""
        return loss_edits(script, before, after)
