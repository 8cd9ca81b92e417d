"""The axes of the input in the order in which Keras reads them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from unstuck.base.errors import NotSupported
from unstuck.network.layers import Insertion
from unstuck.network.recipe import Recipe
from unstuck.script import Script

from . import Intervention
from . import _network as network
from . import _source as source


@dataclass(frozen=True, kw_only=True)
class PermuteInput(Intervention):
    """A Permute behind the only input; `dims` counts the axes from 1, the batch left out."""

    kind: ClassVar[str] = "architecture"
    cost: ClassVar[float] = 5

    dims: tuple[int, ...]

    @property
    def label(self) -> str:
        """What is done."""
        return f"axes of the input permuted to {self.dims}"

    @property
    def stage(self) -> int:
        """Around the layers, before any scale."""
        return 1

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe with the layer behind its only input."""
        entry = network.only_input(recipe)
        if len(entry.output_shape) != len(self.dims) + 1:
            raise NotSupported(f"The input has the shape {entry.output_shape}.")
        new = Insertion(anchor=entry.name, where="after", kind="Permute",
                        config={"dims": self.dims})
        return recipe.with_inserted(new)

    def edit(self, script: Script, before: Recipe, after: Recipe) -> source.Edits | None:
        """The layer in front of the only one that reads the input."""
        entry = network.only_input(before)
        readers = network.readers(before, entry.name)
        if len(readers) != 1 or readers[0].inputs != (entry.name,):
            return None
        call = source.own_call(script, before, readers[0])
        if call is None or readers[0].name in after.architecture.removed:
            return None
        name, imports = source.keras_name(script, call, "layers.Permute")
        edits = source.insert_first(script, before, readers[0], f"{name}({self.dims})",
                                    taken_out=False)
        return None if edits is None else (*imports, *edits)
