"""Normalisation between the blocks of a stack."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from unstuck.base.errors import NotSupported
from unstuck.network.layers import Insertion
from unstuck.network.recipe import Recipe
from unstuck.network.stacks import Stack, told
from unstuck.script import Script

from . import Intervention
from . import _network as network
from . import _source as source


@dataclass(frozen=True, kw_only=True)
class StackNormalization(Intervention):
    """A BatchNormalization behind each block of a stack; `ends` are the blocks' last layers."""

    kind: ClassVar[str] = "normalization"
    cost: ClassVar[float] = 5

    first: str
    ends: tuple[str, ...]

    @classmethod
    def of(cls, recipe: Recipe, stack: Stack) -> StackNormalization:
        """This change to a recipe.

        Raises:
            NotSupported: its blocks have a normalisation already.
        """
        if any(network.layer_of(recipe, name).kind.endswith("Normalization")
               for name in stack.blocks[0]):
            raise NotSupported("The blocks have a normalisation already.")
        return cls(first=stack.layers[0], ends=tuple(block[-1] for block in stack.blocks))

    @property
    def label(self) -> str:
        """What is done."""
        return f"batch normalisation between {told((self.first, self.ends[-1]))}"

    def reason(self, before: Recipe) -> str:
        """What it keeps from happening."""
        return f"normalisation: {len(self.ends)} blocks let signals fade or grow on their way"

    @property
    def site(self) -> str:
        """The first part it changes."""
        return f"layer:{self.first}"

    @property
    def stage(self) -> int:
        """Among the layers."""
        return 0

    @property
    def conflicts(self) -> frozenset[str]:
        """The normalisation behind each block."""
        return frozenset(f"layer:{name}.{self.kind}" for name in self.ends)

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe with these layers, behind the blocks that are left."""
        network.require_graph(recipe, "Putting normalisation between layers")
        left = {layer.name for layer in recipe.layers}
        for name in self.ends:
            if name in left:
                recipe = recipe.with_inserted(Insertion(
                    anchor=name, where="after", kind="BatchNormalization", config={}))
        return recipe

    def edit(self, script: Script, before: Recipe, after: Recipe) -> source.Edits | None:
        """A layer behind each, as an argument of the next or on a line of its own."""
        edits: source.Edits = ()
        for name in self.ends:
            if name in after.architecture.removed:
                continue
            layer = network.layer_of(before, name)
            call = source.layer_call(script, before, layer)
            if call is None:
                return None
            made, imports = source.keras_name(script, call, "layers.BatchNormalization")
            found = source.insert_behind(script, before, layer, f"{made}()")
            if found is None:
                return None
            edits += (*imports, *found)
        return tuple(dict.fromkeys(edits))
