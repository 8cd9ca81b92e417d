"""Weights and values in 32 bits."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from unstuck.network.layers import Layer
from unstuck.network.recipe import Recipe
from unstuck.script import Edit, Script

from . import _network as network
from . import _source as source
from ._layer_arguments import LayerArguments, Values

HALF = ("float16", "bfloat16", "mixed_float16", "mixed_bfloat16")
_POLICY = re.compile(
    rb"(?:set_dtype_policy|set_global_policy)\([ \t]*([\"'](?:" + "|".join(HALF).encode() + rb")[\"'])")


@dataclass(frozen=True, kw_only=True)
class Float32(LayerArguments):
    """`dtype="float32"` for layers that compute in 16 bits."""

    kind: ClassVar[str] = "other"
    cost: ClassVar[float] = 2
    nothing: ClassVar[str] = "No layer computes in 16 bits."
    what: ClassVar[str] = "computed in 32 bits"

    def arguments(self, layer: Layer) -> Values:
        """The type, where it is shorter."""
        return {"dtype": "float32"} if policy(layer) in HALF and layer.kind != "InputLayer" else {}

    def edit(self, script: Script, before: Recipe, after: Recipe) -> source.Edits | None:
        """The one statement that sets the policy of all layers; else each layer's argument."""
        names = self.concerned(before)
        calls = [source.layer_call(script, before, network.layer_of(before, name)) for name in names]
        if all(call is not None and call.argument("dtype") is not None for call in calls):
            return super().edit(script, before, after)
        found = list(_POLICY.finditer(script.data))
        if len(found) != 1 or self.layer is not None:
            return None
        quote = found[0][1][:1].decode()
        return (Edit(start=found[0].start(1), end=found[0].end(1),
                     replacement=f"{quote}float32{quote}"),)


def policy(layer: Layer) -> str:
    """The name of a layer's type or policy of types, such as "mixed_float16"."""
    given = layer.config.get("dtype")
    if isinstance(given, Mapping):
        given = given.get("config", {}).get("name")
    return given if isinstance(given, str) else getattr(given, "name", "float32")
