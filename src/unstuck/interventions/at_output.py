"""A change to one output of a network with several, as it is made where that output is the only one."""

from __future__ import annotations

from dataclasses import dataclass

from unstuck.base.errors import NotSupported
from unstuck.network import outputs
from unstuck.network.recipe import Recipe
from unstuck.script import Script

from . import Intervention
from ._source import Edits


@dataclass(frozen=True, kw_only=True)
class AtOutput(Intervention):
    """`change`, made to the output called `output`: to its layers, its loss, its targets' scale."""

    output: str
    change: Intervention

    @classmethod
    def of(cls, recipe: Recipe, output: str, change: Intervention) -> Intervention:
        """This change to a recipe; `change` itself where that needs no output, as for one layer."""
        try:
            change.apply(recipe)
        except NotSupported:
            return cls(output=output, change=change)
        return change

    @property
    def kind(self) -> str:  # type: ignore[override]
        """That of the change."""
        return self.change.kind

    @property
    def cost(self) -> float:  # type: ignore[override]
        """That of the change."""
        return self.change.cost

    @property
    def oddity(self) -> float:
        """That of the change."""
        return self.change.oddity

    @property
    def label(self) -> str:
        """What is done, and where."""
        return f"{self.output}: {self.change.label}"

    def reason(self, before: Recipe) -> str:
        """That of the change, and where."""
        return f"{self.output}: {self.change.reason(self._part(before)[1])}"

    @property
    def site(self) -> str:
        """The part it changes."""
        return self.change.site

    @property
    def stage(self) -> int:
        """That of the change."""
        return self.change.stage

    @property
    def touches(self) -> frozenset[str]:
        """Those of the change."""
        return self.change.touches

    @property
    def conflicts(self) -> frozenset[str]:
        """The slots of the change; what each output has of its own is a slot for each."""
        return frozenset(slot if slot.startswith("layer:") else f"{self.output}:{slot}"
                         for slot in self.change.conflicts)

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe with this output changed."""
        index, part = self._part(recipe)
        return outputs.carried_over(recipe, index, self.change.apply(part))

    def edit(self, script: Script, before: Recipe, after: Recipe) -> Edits | None:
        """What the change writes, the losses of the other outputs left as they are."""
        return self.change.edit(script, self._part(before)[1], self._part(after)[1])

    def _part(self, recipe: Recipe) -> tuple[int, Recipe]:
        names = outputs.names(recipe)
        if self.output not in names or not outputs.are_known(recipe):
            raise NotSupported(f"The network has no output called {self.output!r} beside others.")
        index = names.index(self.output)
        return index, outputs.alone(recipe, index)
