"""Another weight for the loss against the penalties and losses that layers add."""

from __future__ import annotations

from dataclasses import dataclass, replace

from unstuck.base.errors import NotSupported
from unstuck.network.recipe import Recipe
from unstuck.script import Script

from . import _source as source
from ._loss import OfLossWeights, weights_edits


@dataclass(frozen=True, kw_only=True)
class LossWeight(OfLossWeights):
    """The loss of the only output times `value`; what layers add with `add_loss` stays as it is."""

    value: float

    @property
    def label(self) -> str:
        """What is done."""
        return f"weight of the loss → {source.number(self.value)}"

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
        return weights_edits(script, before, after)
