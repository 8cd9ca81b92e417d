"""Another weight for the loss against the penalties and losses that layers add."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from unstuck.errors import NotSupported
from unstuck.interventions import Intervention
from unstuck.interventions import _source as source
from unstuck.recipe import Recipe
from unstuck.script import Script


@dataclass(frozen=True, kw_only=True)
class LossWeight(Intervention):
    """The loss of the only output times `value`; what layers add with `add_loss` stays as it is."""

    kind: ClassVar[str] = "loss"
    cost: ClassVar[float] = 2

    value: float

    @property
    def label(self) -> str:
        """What is done."""
        return f"weight of the loss → {source.number(self.value)}"

    @property
    def site(self) -> str:
        """The part it changes."""
        return "compile"

    @property
    def conflicts(self) -> frozenset[str]:
        """The slot it sets."""
        return frozenset({"compile.loss_weights"})

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe with this weight.

        Raises:
            NotSupported: there are several outputs.
        """
        if recipe.several_outputs:
            raise NotSupported("The network has several outputs; their weights are not changed.")
        return replace(recipe, loss_weights=[source.tidy(self.value)])

    def edit(self, script: Script, before: Recipe, after: Recipe) -> source.Edits | None:
        """The argument of `compile`."""
        call = source.method_call(script, before, "compile")
        if call is None:
            return None
        return call.set_argument("loss_weights", f"[{source.number(self.value)}]", position=2)
