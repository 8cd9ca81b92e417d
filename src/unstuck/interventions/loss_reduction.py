"""The mean over the batch instead of the sum."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import keras

from unstuck.base.errors import NotSupported
from unstuck.network.recipe import Recipe
from unstuck.script import Script

from . import Intervention
from . import _source as source


@dataclass(frozen=True, kw_only=True)
class MeanLoss(Intervention):
    """Keras's usual reduction, the mean over the batch, for a loss that was summed."""

    kind: ClassVar[str] = "loss"
    cost: ClassVar[float] = 1

    @property
    def label(self) -> str:
        """What is done."""
        return "loss averaged over the batch, not summed"

    @property
    def site(self) -> str:
        """The part it changes."""
        return "compile"

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe with the mean."""
        loss = recipe.loss
        if not isinstance(loss, keras.losses.Loss) or loss.reduction != "sum":
            raise NotSupported("The loss is not a sum over the batch.")
        config: dict[str, Any] = {**loss.get_config(), "reduction": "sum_over_batch_size"}
        try:
            return replace(recipe, loss=type(loss).from_config(config))
        except Exception as error:
            raise NotSupported(f"The loss cannot be made again: {error}") from error

    def edit(self, script: Script, before: Recipe, after: Recipe) -> source.Edits | None:
        """The argument `reduction`, gone."""
        call = source.site_call(script, before, "loss")
        if call is None or not source.constructs(
                script, call, f"keras.losses.{type(before.loss).__name__}"):
            return None
        if call.argument("reduction") is None:
            return None
        return call.remove_argument("reduction")
