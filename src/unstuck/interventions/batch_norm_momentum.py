"""Running statistics of batch normalisation that follow more, or less, quickly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from unstuck.network.layers import Layer

from ._layer_arguments import LayerArguments, Values


@dataclass(frozen=True, kw_only=True)
class BatchNormMomentum(LayerArguments):
    """BatchNormalization's momentum is `value` everywhere."""

    kind: ClassVar[str] = "normalization"
    cost: ClassVar[float] = 1
    nothing: ClassVar[str] = "No BatchNormalization has another momentum."

    value: float

    @property
    def label(self) -> str:
        """What is done."""
        change = f"batch normalisation's momentum → {self.value:.4g}"
        return change if self.layer is None else f"{self.layer}: {change}"

    def arguments(self, layer: Layer) -> Values:
        """The momentum, where it is another."""
        other = layer.kind == "BatchNormalization" and layer.config["momentum"] != self.value
        return {"momentum": self.value} if other else {}
