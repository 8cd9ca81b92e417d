"""More room in all hidden layers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby
from operator import itemgetter
from typing import ClassVar

from unstuck.base.errors import NotSupported
from unstuck.network.recipe import Recipe
from unstuck.network.stacks import LEAST_BLOCKS, Stack, told
from unstuck.script import Script

from . import Intervention
from ._network import hidden_layers, layer_of
from ._source import Edits
from ._width import width_edits, width_of, with_width


@dataclass(frozen=True, kw_only=True)
class Widths(Intervention):
    """A width for each of several layers: `widths` pairs their names with numbers of units."""

    kind: ClassVar[str] = "capacity"
    cost: ClassVar[float] = 4

    widths: tuple[tuple[str, int], ...]

    @classmethod
    def of(cls, recipe: Recipe, *, at_least: int = 1, factor: float = 1) -> Widths:
        """This change to a recipe: `factor` times the width, `at_least` so many units."""
        wanted = {
            layer.name: max(at_least, round(factor * width_of(layer)))
            for layer in hidden_layers(recipe)
        }
        return cls(widths=tuple(
            (layer.name, wanted[layer.name])
            for layer in hidden_layers(recipe)
            if wanted[layer.name] != width_of(layer)
        ))

    @classmethod
    def within(cls, recipe: Recipe, stack: Stack, *, factor: int) -> Widths:
        """This change to all layers of a stack that have a width; the same for those that are alike."""
        inside = set(stack.layers)
        return cls(widths=tuple((layer.name, factor * width_of(layer))
                                for layer in hidden_layers(recipe) if layer.name in inside))

    @property
    def label(self) -> str:
        """What is done."""
        runs = [(units, [name for name, _ in run])
                for units, run in groupby(self.widths, key=itemgetter(1))]
        return "widths: " + ", ".join(
            f"{told(names)} → {units}" if len(names) >= LEAST_BLOCKS else
            ", ".join(f"{name} → {units}" for name in names) for units, names in runs)

    def reason(self, before: Recipe) -> str:
        """How wide they were, where all become wider or narrower."""
        were = {name: width_of(layer_of(before, name)) for name, _ in self.widths}
        wider = {units > were[name] for name, units in self.widths}
        if len(wider) != 1:
            return super().reason(before)
        least, most = min(were.values()), max(were.values())
        span = f"{least:,}" if least == most else f"{least:,} to {most:,}"
        return f"width: {span} were too {'few' if wider.pop() else 'many'}"

    @property
    def site(self) -> str:
        """The first part it changes."""
        return f"layer:{self.widths[0][0]}" if self.widths else "fit"

    @property
    def stage(self) -> int:
        """Among the layers."""
        return 0

    @property
    def conflicts(self) -> frozenset[str]:
        """The width of each layer."""
        return frozenset(f"layer:{name}.{self.kind}" for name, _ in self.widths)

    def sparing(self, layers: frozenset[str]) -> Widths:
        """The others of its layers."""
        return replace(self, widths=tuple(pair for pair in self.widths if pair[0] not in layers))

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe with these widths; whether the layers fit, only building it tells."""
        if not self.widths:
            raise NotSupported("Every hidden layer has this width already, or there is none.")
        for name, units in self.widths:
            recipe = with_width(recipe, name, units)
        return recipe

    def edit(self, script: Script, before: Recipe, after: Recipe) -> Edits | None:
        """Each layer's argument, or the number assigned to its name."""
        edits: Edits = ()
        for name, _ in self.widths:
            found = width_edits(script, before, after, name)
            if found is None:
                return None
            edits += found
        return edits
