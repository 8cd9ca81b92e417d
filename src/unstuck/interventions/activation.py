"""Another activation for one layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from unstuck.network.recipe import Recipe
from unstuck.script import Script

from ._activation import activation_edits, reason_for, with_activation
from ._network import layer_of, readers
from ._one_layer import OneLayer
from ._source import Edits


@dataclass(frozen=True, kw_only=True)
class Activation(OneLayer):
    """The activation `value` for `layer`, which may be a layer of its own, such as `ReLU()`.

    `was` is the old one.
    """

    kind: ClassVar[str] = "activation"
    cost: ClassVar[float] = 2

    value: str
    was: str

    @classmethod
    def of(cls, recipe: Recipe, layer: str, value: str) -> Activation:
        """This change to a recipe."""
        return cls(layer=layer, value=value, was=layer_of(recipe, layer).activation or "linear")

    @property
    def label(self) -> str:
        """What is done."""
        return f"{self.layer}: {self.was} → {self.value}"

    def reason(self, before: Recipe) -> str:
        """What the old one puts out, where it does not reach everywhere."""
        return reason_for(self.was, self.value, is_last=not readers(before, self.layer))

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe with this activation."""
        return with_activation(recipe, self.layer, self.value)

    def edit(self, script: Script, before: Recipe, after: Recipe) -> Edits | None:
        """The layer's argument; or the activation's own layer, exchanged or gone."""
        return activation_edits(script, before, after, self.layer, self.value)
