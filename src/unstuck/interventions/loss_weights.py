"""All outputs count alike."""

from __future__ import annotations

from dataclasses import dataclass, replace

from unstuck.base.errors import NotSupported
from unstuck.network.recipe import Recipe
from unstuck.script import Script

from ._loss import OfLossWeights
from ._source import Edits, drop_arguments, method_call


@dataclass(frozen=True, kw_only=True)
class NoLossWeights(OfLossWeights):
    """No `loss_weights`: the losses of the outputs are added as they are."""

    @property
    def label(self) -> str:
        """What is done."""
        return "losses of all outputs weighted alike"

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe without them."""
        if recipe.loss_weights is None:
            raise NotSupported("The losses have no weights.")
        return replace(recipe, loss_weights=None)

    def edit(self, script: Script, before: Recipe, after: Recipe) -> Edits | None:
        """The argument of `compile`, gone."""
        call = method_call(script, before, "compile")
        return None if call is None else drop_arguments(call, ("loss_weights",), "None")
