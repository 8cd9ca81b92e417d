"""No constraint on weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from unstuck.network.layers import Layer

from ._layer_arguments import LayerArguments, Values


@dataclass(frozen=True, kw_only=True)
class NoConstraints(LayerArguments):
    """Weights that may take any value; those of all layers if `layer` is `None`."""

    kind: ClassVar[str] = "regularization"
    cost: ClassVar[float] = 2
    nothing: ClassVar[str] = "No layer has a constraint on its weights."
    what: ClassVar[str] = "no constraint on weights"

    def arguments(self, layer: Layer) -> Values:
        """The constraints that are set, off."""
        return {name: None for name, value in layer.config.items()
                if name.endswith("_constraint") and value is not None}
