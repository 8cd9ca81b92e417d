"""Another initialiser for the kernels of all layers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from unstuck.base.errors import NotSupported
from unstuck.network.recipe import Recipe
from unstuck.script import Script

from . import Intervention
from ._initializer import initializer_edits, initializer_of, with_initializer
from ._source import Edits


@dataclass(frozen=True, kw_only=True)
class Initializers(Intervention):
    """The kernel initialiser `value` for each of `layers`, which `of` finds in a recipe."""

    kind: ClassVar[str] = "initializer"
    cost: ClassVar[float] = 3

    value: str
    layers: tuple[str, ...]

    @classmethod
    def of(cls, recipe: Recipe, value: str) -> Initializers:
        """This change to a recipe: every layer whose kernel is initialised otherwise."""
        return cls(value=value, layers=tuple(
            layer.name
            for layer in recipe.layers
            if "kernel_initializer" in layer.config and initializer_of(layer) != value
        ))

    @property
    def label(self) -> str:
        """What is done."""
        return f"all initialisers → {self.value}"

    def reason(self, before: Recipe) -> str:
        """What the new one does."""
        return f"weights: {self.value} keeps values at their size from layer to layer"

    @property
    def site(self) -> str:
        """The first part it changes."""
        return f"layer:{self.layers[0]}" if self.layers else "fit"

    @property
    def stage(self) -> int:
        """Among the layers."""
        return 0

    @property
    def conflicts(self) -> frozenset[str]:
        """The initialiser of each layer."""
        return frozenset(f"layer:{name}.{self.kind}" for name in self.layers)

    def sparing(self, layers: frozenset[str]) -> Initializers:
        """The others of its layers."""
        return replace(self, layers=tuple(name for name in self.layers if name not in layers))

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe with these initialisers."""
        if not self.layers:
            raise NotSupported(f"Every kernel is initialised by {self.value} already.")
        for name in self.layers:
            recipe = with_initializer(recipe, name, self.value)
        return recipe

    def edit(self, script: Script, before: Recipe, after: Recipe) -> Edits | None:
        """Each layer's argument."""
        edits: Edits = ()
        for name in self.layers:
            found = initializer_edits(script, before, after, name)
            if found is None:
                return None
            edits += found
        return edits
