"""Fewer blocks in a stack."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from unstuck.base.errors import NotSupported
from unstuck.network.recipe import Recipe
from unstuck.network.stacks import Stack, told
from unstuck.script import Script

from . import Intervention
from . import _network as network
from . import _source as source


@dataclass(frozen=True, kw_only=True)
class StackDepth(Intervention):
    """A stack from `first` to `last` without its last blocks, whose layers are `gone`.

    It had `was` blocks and has `value`.
    """

    kind: ClassVar[str] = "architecture"
    cost: ClassVar[float] = 4

    first: str
    last: str
    gone: tuple[str, ...]
    value: int
    was: int

    @classmethod
    def of(cls, stack: Stack, value: int) -> StackDepth:
        """This change to a stack, to so many blocks."""
        gone = tuple(name for block in stack.blocks[value:] for name in block)
        return cls(first=stack.layers[0], last=stack.layers[-1], gone=gone, value=value,
                   was=len(stack.blocks))

    @property
    def label(self) -> str:
        """What is done."""
        return f"depth of {told((self.first, self.last))}: {self.was} → {self.value}"

    def reason(self, before: Recipe) -> str:
        """How deep it was."""
        return f"depth: were {self.was} blocks one after the other"

    @property
    def site(self) -> str:
        """The first part it changes."""
        return f"layer:{self.first}"

    @property
    def conflicts(self) -> frozenset[str]:
        """How deep the stack is, and whether the layers that go are there at all."""
        return frozenset(f"layer:{name}.{self.kind}" for name in (self.first, *self.gone))

    @property
    def counted_out(self) -> frozenset[str]:
        """The layers that go."""
        return frozenset(self.gone)

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe without these layers."""
        network.require_graph(recipe, "A stack of fewer blocks")
        known = {layer.name for layer in recipe.layers}
        if not {self.last, *self.gone} <= known or self.value < 1:
            raise NotSupported(f"The network has no stack from {self.first!r} to {self.last!r}.")
        for name in self.gone:
            recipe = recipe.without_layer(name)
        return recipe

    def edit(self, script: Script, before: Recipe, after: Recipe) -> source.Edits | None:
        """The `range` of the loop that makes the blocks; where there is none, each layer gone."""
        if source.reads_layers(script, taken_out=True):
            return None
        sites = before.sites
        made: dict[tuple[int, int] | None, source.Edits] = {}
        for name in self.gone:
            layer = network.layer_of(before, name)
            call = source.layer_call(script, before, layer)
            if call is None:
                return None
            here = sites[f"layer:{name}"]
            alike = [one.removeprefix("layer:") for one, span in sites.items() if span == here]
            if len(alike) == 1:
                found = source.remove_layer(script, before, layer)
            else:
                counted, left = call.counted_by, len(set(alike) - set(self.gone))
                found = None if counted is None or not left else source.set_range(
                    counted, was=len(alike), value=left)
            if found is None:
                return None
            made[None if len(alike) > 1 else (call.start, call.end)] = found
            if len(alike) > 1 and made[None] != found:
                return None
        return tuple(edit for edits in made.values() for edit in edits)
