"""Convolutions and pools that keep the size of the map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from unstuck.network.layers import Layer

from ._layer_arguments import LayerArguments, Values


@dataclass(frozen=True, kw_only=True)
class KeepSize(LayerArguments):
    """Steps of 1 and padding "same" for a convolution or pool; for all of them if it is `None`."""

    kind: ClassVar[str] = "architecture"
    cost: ClassVar[float] = 3
    nothing: ClassVar[str] = "No convolution or pool makes the map smaller."
    what: ClassVar[str] = "keeps the size of the map"

    def arguments(self, layer: Layer) -> Values:
        """Strides and padding, where they make the map smaller."""
        if "strides" not in layer.config or "padding" not in layer.config:
            return {}
        if "Transpose" in layer.kind or layer.config.get("dilation_rate") not in (None, 1, (1,),
                                                                                  (1, 1)):
            return {}
        values: dict[str, int | str] = {}
        if any(step != 1 for step in _numbers(layer.config["strides"])):
            values["strides"] = 1
        window = layer.config.get("kernel_size", layer.config.get("pool_size"))
        if layer.config["padding"] == "valid" and any(size != 1 for size in _numbers(window)):
            values["padding"] = "same"
        return values


def _numbers(value: object) -> tuple[object, ...]:
    return tuple(value) if isinstance(value, list | tuple) else (value,)
