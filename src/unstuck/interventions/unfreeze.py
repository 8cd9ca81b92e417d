"""Layers that were frozen, trained."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from unstuck.interventions import _network as network
from unstuck.interventions import _source as source
from unstuck.interventions._layer_arguments import LayerArguments, Values
from unstuck.recipe import Layer, Recipe
from unstuck.script import Edit, Script

_STATEMENT = re.compile(rb"\.trainable[ \t]*=[ \t]*(False)\b")


@dataclass(frozen=True, kw_only=True)
class Unfreeze(LayerArguments):
    """`trainable=True` for a layer that was frozen; for all of them if `layer` is `None`."""

    kind: ClassVar[str] = "architecture"
    cost: ClassVar[float] = 2
    nothing: ClassVar[str] = "No layer is frozen."
    what: ClassVar[str] = "trained, not frozen"

    def arguments(self, layer: Layer) -> Values:
        """Trainable, where it is not."""
        frozen = layer.parameters and layer.config.get("trainable", True) is False
        return {"trainable": True} if frozen else {}

    def edit(self, script: Script, before: Recipe, after: Recipe) -> source.Edits | None:
        """The argument, gone; or the one statement that froze layers, the other way round."""
        names = self.concerned(before)
        calls = [source.layer_call(script, before, network.layer_of(before, name))
                 for name in names]
        if all(call is not None and call.argument("trainable") is not None for call in calls):
            return super().edit(script, before, after)
        frozen = [layer.name for layer in before.layers
                  if Unfreeze().arguments(layer)]
        found = list(_STATEMENT.finditer(script.data))
        by_argument = any(call is not None and call.argument("trainable") is not None
                          for call in calls)
        if len(found) != 1 or len(frozen) != len(names) or by_argument:
            return None
        return (Edit(start=found[0].start(1), end=found[0].end(1), replacement="True"),)
