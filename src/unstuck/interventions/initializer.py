"""Another initialiser for the kernel of one layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from unstuck.network.recipe import Recipe
from unstuck.script import Script

from ._initializer import initializer_edits, initializer_of, with_initializer
from ._network import layer_of
from ._one_layer import OneLayer
from ._source import Edits


@dataclass(frozen=True, kw_only=True)
class Initializer(OneLayer):
    """The kernel initialiser `value`, such as "he_normal", for `layer`; `was` is the old one.

    A constant bias goes back to zeros with it.
    """

    kind: ClassVar[str] = "initializer"
    cost: ClassVar[float] = 2

    value: str
    was: str

    @classmethod
    def of(cls, recipe: Recipe, layer: str, value: str) -> Initializer:
        """This change to a recipe."""
        return cls(layer=layer, value=value, was=initializer_of(layer_of(recipe, layer)))

    @property
    def label(self) -> str:
        """What is done."""
        return f"{self.layer}: initialiser {self.was} → {self.value}"

    def reason(self, before: Recipe) -> str:
        """Which it was, and what the new one does."""
        return f"weights: {self.value} keeps values at their size; was {self.was}"

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe with this initialiser."""
        return with_initializer(recipe, self.layer, self.value)

    def edit(self, script: Script, before: Recipe, after: Recipe) -> Edits | None:
        """The layer's argument."""
        return initializer_edits(script, before, after, self.layer)
