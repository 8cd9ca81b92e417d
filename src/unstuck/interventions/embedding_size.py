"""A row in the table of an embedding for every number that comes in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from unstuck.network.layers import Layer

from ._layer_arguments import LayerArguments, Values


@dataclass(frozen=True, kw_only=True)
class EmbeddingSize(LayerArguments):
    """`input_dim` is `value` for an embedding that had fewer rows."""

    kind: ClassVar[str] = "capacity"
    cost: ClassVar[float] = 1
    nothing: ClassVar[str] = "No embedding has fewer rows."

    value: int

    @property
    def label(self) -> str:
        """What is done."""
        change = f"embedding of {self.value:,} numbers"
        return change if self.layer is None else f"{self.layer}: {change}"

    def arguments(self, layer: Layer) -> Values:
        """The rows, where there are fewer."""
        fewer = layer.kind == "Embedding" and layer.config["input_dim"] < self.value
        return {"input_dim": self.value} if fewer else {}
