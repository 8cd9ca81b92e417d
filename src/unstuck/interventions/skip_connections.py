"""Skip connections over the blocks of a stack."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from unstuck.base.errors import NotSupported
from unstuck.network.layers import Insertion
from unstuck.network.recipe import Recipe
from unstuck.network.stacks import Stack, told
from unstuck.script import Call, Script

from . import Intervention
from . import _network as network
from . import _source as source


@dataclass(frozen=True, kw_only=True)
class SkipConnections(Intervention):
    """What each block of a stack reads, added to what it puts out; `blocks` are first and last layers.

    A block that puts out another shape than it reads stays as it is.
    """

    kind: ClassVar[str] = "architecture"
    cost: ClassVar[float] = 5

    blocks: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, recipe: Recipe, stack: Stack) -> SkipConnections:
        """This change to a recipe.

        Raises:
            NotSupported: its blocks join several inputs already.
        """
        if any(len(network.layer_of(recipe, name).inputs) > 1 for name in stack.blocks[0]):
            raise NotSupported("The blocks join several inputs already.")
        return cls(blocks=tuple((block[0], block[-1]) for block in stack.blocks))

    @property
    def label(self) -> str:
        """What is done."""
        return f"skip connections over {told((self.blocks[0][0], self.blocks[-1][1]))}"

    def reason(self, before: Recipe) -> str:
        """What they are for."""
        return f"skip connections: the way back through {len(self.blocks)} blocks was long"

    @property
    def site(self) -> str:
        """The first part it changes."""
        return f"layer:{self.blocks[0][0]}"

    @property
    def stage(self) -> int:
        """Among the layers."""
        return 0

    @property
    def conflicts(self) -> frozenset[str]:
        """What is added to each block."""
        return frozenset(f"layer:{first}.skip" for first, _ in self.blocks)

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe with an addition behind each block that is left and can have one."""
        network.require_graph(recipe, "A skip connection")
        added = False
        for first, last in self._fitting(recipe):
            recipe = recipe.with_inserted(Insertion(
                anchor=last, where="after", kind="Add", config={}, joins=first))
            added = True
        if not added:
            raise NotSupported("No block puts out the shape that it reads.")
        return recipe

    def _fitting(self, recipe: Recipe) -> list[tuple[str, str]]:
        by_name = {layer.name: layer for layer in recipe.layers}
        return [
            (first, last) for first, last in self.blocks
            if first in by_name and last in by_name
            and by_name[by_name[first].inputs[0]].output_shape == by_name[last].output_shape]

    def edit(self, script: Script, before: Recipe, after: Recipe) -> source.Edits | None:
        """A line before each block that keeps what it reads, and one behind it that adds it.

        Where one call makes blocks of which the first cannot have it, that line asks for the shape.
        """
        if source.reads_layers(script, taken_out=False):
            return None
        fitting = self._fitting(after)
        edits: source.Edits = ()
        kept: str | None = None
        for first, last in self.blocks:
            if last in after.architecture.removed:
                continue
            calls = [source.layer_call(script, before, network.layer_of(before, name))
                     for name in (first, last)]
            kept = kept or source.free_name(script, "skip")
            same = (first, last) in fitting
            shared = [self._made_beside(before, name) & {name for block in fitting for name in block}
                      for name in (first, last)]
            if not same and not any(shared):
                continue
            asks = any((one, other) not in fitting for one, other in self.blocks
                       if other not in after.architecture.removed
                       and self._site(before, other) == self._site(before, last))
            found = _joined(script, calls[0], calls[1], kept, asks=asks)
            if found is None:
                return None
            edits += found
        return tuple(dict.fromkeys(edits))

    @staticmethod
    def _site(recipe: Recipe, name: str) -> object:
        return recipe.sites.get(f"layer:{name}")

    def _made_beside(self, recipe: Recipe, name: str) -> set[str]:
        return {other for block in self.blocks for other in block
                if other != name and self._site(recipe, other) == self._site(recipe, name)}


def _joined(
    script: Script, first: Call | None, last: Call | None, kept: str, *, asks: bool
) -> source.Edits | None:
    """The lines around a block `x = First(…)(x) … x = Last(…)(x)`; `None` for other forms."""
    if first is None or last is None:
        return None
    reads, puts_out = first.applied_to, last.applied_as
    if reads is None or puts_out is None or first.in_loop_or_comprehension != (
            last.in_loop_or_comprehension):
        return None
    name, imports = source.keras_name(script, last, "layers.Add")
    added = f"{puts_out} = {name}()([{kept}, {puts_out}])"
    if asks:
        added = f"if {kept}.shape == {puts_out}.shape:\n    {added}"
    ahead = first.insert_statement_before(f"{kept} = {reads}")
    behind = last.insert_statement_after(added)
    return None if ahead is None or behind is None else (*imports, *ahead, *behind)
