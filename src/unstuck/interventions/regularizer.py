"""No penalty on weights or activities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from unstuck.base.errors import NotSupported
from unstuck.network.layers import Layer
from unstuck.network.recipe import Recipe
from unstuck.script import Script

from . import Intervention
from . import _source as source


@dataclass(frozen=True, kw_only=True)
class NoRegularizers(Intervention):
    """Every regulariser of kernels, biases and activities off."""

    kind: ClassVar[str] = "regularization"
    cost: ClassVar[float] = 2

    @property
    def label(self) -> str:
        """What is done."""
        return "no regularisers"

    @property
    def stage(self) -> int:
        """Among the layers."""
        return 0

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe without them."""
        layers = [layer for layer in recipe.layers if _regularized(layer)]
        if not layers:
            raise NotSupported("No layer has a regulariser.")
        for layer in layers:
            if layer.kind == "ActivityRegularization":
                recipe = recipe.without_layer(layer.name)
            else:
                recipe = recipe.with_layer(layer.name, **dict.fromkeys(_regularized(layer)))
        return recipe

    def edit(self, script: Script, before: Recipe, after: Recipe) -> source.Edits | None:
        """The arguments and ActivityRegularization layers, gone."""
        edits: source.Edits = ()
        for layer in before.layers:
            if not _regularized(layer):
                continue
            if layer.kind == "ActivityRegularization":
                found = source.remove_layer(script, before, layer)
            else:
                call, _ = source.arguments_call(script, before, layer)
                names = _regularized(layer)
                found = None if call is None else source.drop_arguments(call, names, "None")
            if found is None:
                return None
            edits += found
        return edits


def _regularized(layer: Layer) -> tuple[str, ...]:
    """The arguments that put a penalty into the loss."""
    if layer.kind == "ActivityRegularization":
        return tuple(name for name in ("l1", "l2") if layer.config.get(name))
    return tuple(
        name for name, value in layer.config.items()
        if name.endswith("_regularizer") and value is not None
    )
