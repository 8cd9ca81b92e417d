"""More, or fewer, units or filters in one layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from unstuck.network.recipe import Recipe
from unstuck.script import Script

from ._network import layer_of
from ._one_layer import OneLayer
from ._source import Edits
from ._width import width_edits, width_of, with_width


@dataclass(frozen=True, kw_only=True)
class Width(OneLayer):
    """`value` units, or filters, for the hidden `layer`; there `was` another number of them."""

    kind: ClassVar[str] = "capacity"
    cost: ClassVar[float] = 3

    value: int
    was: int

    @classmethod
    def of(cls, recipe: Recipe, layer: str, value: int) -> Width:
        """This change to a recipe."""
        return cls(layer=layer, value=value, was=width_of(layer_of(recipe, layer)))

    @property
    def label(self) -> str:
        """What is done."""
        return f"{self.layer}: width {self.was} → {self.value}"

    def reason(self, before: Recipe) -> str:
        """How wide it was."""
        return f"width: {self.was:,} were too {'few' if self.value > self.was else 'many'}"

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe with this width; whether the next layers fit, only building it tells."""
        return with_width(recipe, self.layer, self.value)

    def edit(self, script: Script, before: Recipe, after: Recipe) -> Edits | None:
        """The layer's argument, or the number assigned to its name."""
        return width_edits(script, before, after, self.layer)
