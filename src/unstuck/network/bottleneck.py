"""The narrowest place that everything on its way from the input to the output has to pass."""

from __future__ import annotations

import math

from .layers import Layer


def bottlenecks(layers: tuple[Layer, ...]) -> tuple[str, ...]:
    """The names of the layers through which all paths lead and that put out the fewest numbers.

    Several where they are equally narrow, in the network's order; none where the sizes are not
    known, or no layer between the first and the last lies on every path.
    """
    read = {name for layer in layers for name in layer.inputs}
    ends = [layer.name for layer in layers if layer.name not in read]
    found = [(size, layer.name) for layer in layers
             if layer.inputs and layer.name in read and (size := _size(layer))
             and _is_passed_by_all(layers, layer.name, ends)]
    least = min(found, default=(0, ""))[0]
    return tuple(name for size, name in found if size == least)


def _size(layer: Layer) -> int:
    """How many numbers it puts out for one row; 0 where that is not known."""
    shape = layer.output_shape[1:]
    if not shape or any(size is None for size in shape):
        return 0
    return math.prod(size for size in shape if size is not None)


def _is_passed_by_all(layers: tuple[Layer, ...], cut: str, ends: list[str]) -> bool:
    """True where no end is reached from an input without the layer `cut`."""
    reached = {layer.name for layer in layers if not layer.inputs}
    for layer in layers:
        if layer.name != cut and reached & set(layer.inputs):
            reached.add(layer.name)
    return not reached & set(ends)
