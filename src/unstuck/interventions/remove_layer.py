"""One layer less."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from unstuck.base.errors import NotSupported
from unstuck.network.recipe import Recipe
from unstuck.script import Script

from . import KINDS
from . import _network as network
from . import _source as source
from ._one_layer import OneLayer


@dataclass(frozen=True, kw_only=True)
class RemoveLayer(OneLayer):
    """The network without `layer`; what followed it reads what it read."""

    kind: ClassVar[str] = "architecture"
    cost: ClassVar[float] = 5

    @property
    def label(self) -> str:
        """What is done."""
        return f"{self.layer} removed"

    @property
    def conflicts(self) -> frozenset[str]:
        """Everything about this layer."""
        return frozenset(f"layer:{self.layer}.{kind}" for kind in KINDS)

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe without it, where only the last axis of its output differs from its input."""
        network.require_graph(recipe, f"Leaving out {self.layer!r}")
        layer = network.layer_of(recipe, self.layer)
        if len(layer.inputs) != 1:
            raise NotSupported(f"{layer.kind} {layer.name!r} reads {len(layer.inputs)} layers.")
        if any(new.anchor == layer.name for new in recipe.architecture.inserted):
            raise NotSupported(f"Another change has put a layer beside {layer.name!r}.")
        if any(layer.name == output.name for output in network.output_layers(recipe)):
            raise NotSupported(f"{layer.name!r} is the output layer.")
        taken = network.layer_of(recipe, layer.inputs[0]).output_shape
        if taken[:-1] != layer.output_shape[:-1]:
            raise NotSupported(
                f"{layer.kind} {layer.name!r} makes shape {layer.output_shape} of {taken}; without"
                " it the next layer would not fit."
            )
        return recipe.without_layer(self.layer)

    def edit(self, script: Script, before: Recipe, after: Recipe) -> source.Edits | None:
        """The layer's element, line or call, gone."""
        layer = network.layer_of(before, self.layer)
        return source.remove_layer(script, before, layer)
