"""Layers that were frozen, trained."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from unstuck.network.layers import Layer
from unstuck.network.recipe import Recipe
from unstuck.script import Edit, Script

from . import _network as network
from . import _source as source
from ._layer_arguments import LayerArguments, Values

_STATEMENT = re.compile(rb"\.trainable[ \t]*=[ \t]*(False)\b")


@dataclass(frozen=True, kw_only=True)
class Unfreeze(LayerArguments):
    """`trainable=True` for a layer that was frozen; for all of them if `layer` is `None`."""

    kind: ClassVar[str] = "architecture"
    cost: ClassVar[float] = 2
    nothing: ClassVar[str] = "No layer is frozen."
    what: ClassVar[str] = "trained, not frozen"

    def arguments(self, layer: Layer) -> Values:
        """Trainable, where it or something within is not: it, and all within."""
        return _thawed(layer.config) if layer.parameters and _is_frozen(layer.config) else {}

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


def _thawed(config: Mapping[str, Any]) -> dict[str, Any]:
    """What is to change in a configuration for it, and all within, to be trained."""
    inner = [{**one, "config": {**one["config"], **_thawed(one["config"])}} for one in _within(config)]
    return {"trainable": True, **({"layers": inner} if inner else {})}


def _is_frozen(config: Mapping[str, Any]) -> bool:
    return config.get("trainable", True) is False or any(
        _is_frozen(one["config"]) for one in _within(config))


def _within(config: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The layers of a nested model, as its configuration has them."""
    layers = config.get("layers")
    return layers if isinstance(layers, list) else []
