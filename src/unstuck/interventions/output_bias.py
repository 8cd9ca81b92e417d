"""The output's bias where the targets are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from unstuck.base.errors import NotSupported
from unstuck.network.recipe import Recipe
from unstuck.script import Script

from . import _network as network
from . import _source as source
from ._one_layer import OneLayer


@dataclass(frozen=True, kw_only=True)
class OutputBias(OneLayer):
    """The bias of `layer`, the output, starts at `value` (in all its units)."""

    kind: ClassVar[str] = "initializer"
    cost: ClassVar[float] = 2

    value: float

    @property
    def label(self) -> str:
        """What is done."""
        return f"{self.layer}: bias starts at {self.value:.4g}"

    @property
    def conflicts(self) -> frozenset[str]:
        """The slot it sets."""
        return frozenset({f"{self.site}.bias"})

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe with this bias."""
        if not network.layer_of(recipe, self.layer).config.get("use_bias"):
            raise NotSupported(f"{self.layer!r} has no bias.")
        constant = {"class_name": "Constant", "config": {"value": source.tidy(self.value)}}
        return recipe.with_layer(self.layer, bias_initializer=constant)

    def edit(self, script: Script, before: Recipe, after: Recipe) -> source.Edits | None:
        """The argument `bias_initializer`."""
        layer = network.layer_of(before, self.layer)
        call = source.layer_call(script, before, layer)
        if call is None:
            return None
        name, imports = source.keras_name(script, call, "initializers.Constant")
        code = f"{name}({source.number(self.value)})"
        edits = source.set_layer_argument(script, before, layer, "bias_initializer", code)
        return None if edits is None else (*imports, *edits)
