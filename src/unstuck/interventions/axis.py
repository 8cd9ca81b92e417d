"""Softmax and normalisation within a row, not across the rows of a batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from unstuck.network.layers import Layer

from ._layer_arguments import LayerArguments, Values

KINDS = ("Softmax", "LayerNormalization", "UnitNormalization")


@dataclass(frozen=True, kw_only=True)
class LastAxis(LayerArguments):
    """`axis=-1` for a layer that worked along the axis of the batch."""

    kind: ClassVar[str] = "architecture"
    cost: ClassVar[float] = 1
    nothing: ClassVar[str] = "No layer works along the axis of the batch."
    what: ClassVar[str] = "along the last axis"

    def arguments(self, layer: Layer) -> Values:
        """The last axis instead of the first."""
        given = layer.config.get("axis")
        axes = list(given) if isinstance(given, list | tuple) else [given]
        return {"axis": -1} if layer.kind in KINDS and 0 in axes else {}
