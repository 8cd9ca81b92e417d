"""Dropout behind the hidden layers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from unstuck.base.errors import NotSupported
from unstuck.network.layers import Insertion, Layer
from unstuck.network.recipe import Recipe
from unstuck.script import Script

from . import Intervention
from . import _network as network
from . import _source as source

WIDE = 16
"""Narrower layers have no unit to spare."""


@dataclass(frozen=True, kw_only=True)
class AddDropout(Intervention):
    """Dropout of `rate` behind each wide hidden dense layer that has none."""

    kind: ClassVar[str] = "regularization"
    cost: ClassVar[float] = 5

    rate: float = 0.3

    @property
    def label(self) -> str:
        """What is done."""
        return f"dropout of {self.rate:g} behind hidden layers"

    @property
    def stage(self) -> int:
        """Around the layers."""
        return 1

    @property
    def conflicts(self) -> frozenset[str]:
        """The slot it sets."""
        return frozenset({"dropout"})

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe with these layers."""
        layers = _wide(recipe)
        if not layers:
            raise NotSupported("There is no wide hidden layer without dropout.")
        for layer in layers:
            recipe = recipe.with_inserted(Insertion(
                anchor=layer.name, where="after", kind="Dropout", config={"rate": self.rate}))
        return recipe

    def edit(self, script: Script, before: Recipe, after: Recipe) -> source.Edits | None:
        """A layer behind each."""
        edits: source.Edits = ()
        for layer in _wide(before):
            call = source.layer_call(script, before, layer)
            if call is None or layer.name in after.architecture.removed:
                return None
            name, imports = source.keras_name(script, call, "layers.Dropout")
            found = source.insert_behind(script, before, layer, f"{name}({self.rate:g})")
            if found is None:
                return None
            edits += (*imports, *found)
        return edits


def _wide(recipe: Recipe) -> tuple[Layer, ...]:
    network.require_graph(recipe, "Putting dropout in")
    if any("Dropout" in layer.kind for layer in recipe.layers):
        return ()
    return tuple(layer for layer in network.hidden_layers(recipe)
                 if layer.kind == "Dense" and layer.config["units"] >= WIDE
                 and layer.activation not in (None, "linear"))
