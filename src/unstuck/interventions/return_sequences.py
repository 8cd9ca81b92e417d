"""What a recurrent layer puts out: its last state, or that of every step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from unstuck.base.errors import NotSupported
from unstuck.network.layers import Layer
from unstuck.network.recipe import Recipe

from . import _network as network
from ._layer_arguments import LayerArguments, Values

_TAKES_STATES = frozenset({"Dense", "Activation", "ReLU", "LeakyReLU", "Dropout",
                           "BatchNormalization", "LayerNormalization", "Flatten"})
"""Layers that take a row of numbers as well as a sequence of them."""


@dataclass(frozen=True, kw_only=True)
class LastStateOnly(LayerArguments):
    """`return_sequences=False`: one output for a sequence instead of one for each step."""

    kind: ClassVar[str] = "architecture"
    cost: ClassVar[float] = 2
    nothing: ClassVar[str] = "No recurrent layer returns sequences."
    what: ClassVar[str] = "returns the last state only"

    def concerned(self, recipe: Recipe) -> dict[str, Values]:
        """The last recurrent layers, where nothing behind them reads steps."""
        behind: set[str] = set()
        for layer in reversed(recipe.layers):
            if layer.kind not in _TAKES_STATES or any(
                    reader.name in behind for reader in network.readers(recipe, layer.name)):
                behind.add(layer.name)
        found = {name: values for name, values in super().concerned(recipe).items()
                 if not any(reader.name in behind for reader in network.readers(recipe, name))}
        if not found:
            raise NotSupported("What follows the recurrent layers reads sequences.")
        return found

    def arguments(self, layer: Layer) -> Values:
        """No sequences, where it returns them."""
        returns = layer.is_recurrent and layer.config.get("return_sequences")
        return {"return_sequences": False} if returns else {}
