"""Permute in the place of a Reshape that should have exchanged axes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from unstuck.base.errors import NotSupported
from unstuck.network.layers import Insertion, Layer
from unstuck.network.recipe import Recipe
from unstuck.script import Script

from . import KINDS
from . import _network as network
from . import _source as source
from ._one_layer import OneLayer


@dataclass(frozen=True, kw_only=True)
class PermuteInstead(OneLayer):
    """`layer`, a Reshape to the same sizes in another order, becomes the Permute to that order."""

    kind: ClassVar[str] = "architecture"
    cost: ClassVar[float] = 3

    @property
    def label(self) -> str:
        """What is done."""
        return f"{self.layer}: Reshape → Permute"

    @property
    def conflicts(self) -> frozenset[str]:
        """Everything about this layer."""
        return frozenset(f"layer:{self.layer}.{kind}" for kind in KINDS)

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe with the other layer."""
        layer = network.layer_of(recipe, self.layer)
        dims = dims_of(recipe, layer)
        if dims is None:
            raise NotSupported(f"{layer.kind} {layer.name!r} does not exchange axes.")
        network.require_graph(recipe, "Exchanging a layer")
        if len(network.readers(recipe, layer.inputs[0])) != 1:
            raise NotSupported(f"What {layer.name!r} reads is read by other layers too.")
        new = Insertion(anchor=layer.inputs[0], where="after", kind="Permute",
                        config={"dims": dims})
        return recipe.without_layer(self.layer).with_inserted(new)

    def edit(self, script: Script, before: Recipe, after: Recipe) -> source.Edits | None:
        """Another call in the place of the layer's."""
        layer = network.layer_of(before, self.layer)
        call, dims = source.layer_call(script, before, layer), dims_of(before, layer)
        if call is None or dims is None or any(call.argument(s) for s in source.INPUT_SHAPES):
            return None
        name, imports = source.keras_name(script, call, "layers.Permute")
        return (*imports, *call.replace(f"{name}({dims})"))


def dims_of(recipe: Recipe, layer: Layer) -> tuple[int, ...] | None:
    """The Permute that makes the shape that a Reshape makes; `None` where there is none, or several.

    Reshape keeps the values in their order in memory: exchanging axes by it mixes them.
    """
    if layer.kind != "Reshape" or len(layer.inputs) != 1:
        return None
    before = network.layer_of(recipe, layer.inputs[0]).output_shape[1:]
    after = layer.output_shape[1:]
    if before == after or len(set(before)) != len(before) or sorted(map(str, before)) != sorted(
            map(str, after)) or sum(size != 1 for size in before) < 2:
        return None
    if [size for size in before if size != 1] == [size for size in after if size != 1]:
        return None  # only axes of size 1 move, which mixes nothing
    return tuple(before.index(size) + 1 for size in after)
