"""PyTorch's recurrent layers with rows on the first axis and steps on the second."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from unstuck.network.layers import Layer

from ._layer_arguments import LayerArguments, Values


@dataclass(frozen=True, kw_only=True)
class BatchFirst(LayerArguments):
    """`batch_first=True` for layers that read the rows of a batch as steps."""

    kind: ClassVar[str] = "architecture"
    cost: ClassVar[float] = 1
    nothing: ClassVar[str] = "No layer reads rows as steps."
    what: ClassVar[str] = "batch_first=True"

    def reason(self, before: object) -> str:
        """How it was."""
        return "the rows of a batch were read as steps of one sequence"

    def arguments(self, layer: Layer) -> Values:
        """Rows stay where they are."""
        return {"batch_first": True} if layer.config.get("batch_first") is False else {}
