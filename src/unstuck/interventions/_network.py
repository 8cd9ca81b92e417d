"""Questions about a network that several interventions ask: which layer is what.

All of them read `Recipe.layers` only. In a subclassed model the connections are not known, and the
last layer with a width is taken for the output.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import keras
import numpy as np
from numpy.typing import NDArray

from unstuck.base.errors import NotSupported
from unstuck.network.layers import Layer
from unstuck.network.recipe import Recipe

STANDALONE_ACTIVATIONS = frozenset({"Activation", "ReLU", "LeakyReLU", "ELU", "PReLU", "Softmax"})
"""Layers that are nothing but an activation."""

_WIDTHS = ("units", "filters")


def layer_of(recipe: Recipe, name: str) -> Layer:
    """The layer of that name.

    Raises:
        NotSupported: there is none.
    """
    for layer in recipe.layers:
        if layer.name == name:
            return layer
    known = ", ".join(layer.name for layer in recipe.layers)
    raise NotSupported(f"The network has no layer {name!r} at its top level; it has {known}.")


def require_graph(recipe: Recipe, purpose: str) -> None:
    """Raises NotSupported for a subclassed model, whose connections are Python code."""
    if not recipe.architecture.is_graph:
        raise NotSupported(f"{purpose} needs a functional or Sequential model.")


def width_argument(layer: Layer) -> str | None:
    """The argument that holds a layer's width, "units" or "filters"; `None` if it has none."""
    for name in _WIDTHS:
        if isinstance(layer.config.get(name), int):
            return name
    return None


def readers(recipe: Recipe, name: str) -> tuple[Layer, ...]:
    """The layers that read a layer's output."""
    return tuple(layer for layer in recipe.layers if name in layer.inputs)


def output_layers(recipe: Recipe) -> tuple[Layer, ...]:
    """The layers whose width is the width of an output, found by walking back from the outputs."""
    if not recipe.architecture.is_graph:
        wide = [layer for layer in recipe.layers if width_argument(layer)]
        return tuple(wide[-1:])
    return tuple(
        layer for layer in _back_from_outputs(recipe, stop=_has_width) if _has_width(layer)
    )


def output_activation(recipe: Recipe) -> Layer:
    """The layer that holds the activation of the only output.

    Raises:
        NotSupported: there are several, or none.
    """
    if recipe.architecture.is_graph:
        walked = _back_from_outputs(recipe, stop=lambda layer: layer.activation is not None)
        found = [layer for layer in walked if layer.activation is not None]
    else:
        found = [layer for layer in recipe.layers if layer.activation is not None][-1:]
    if len(found) != 1:
        raise NotSupported(f"There are {len(found)} layers with an output activation, not one.")
    return found[0]


def hidden_layers(recipe: Recipe) -> tuple[Layer, ...]:
    """The layers with a width that are not output layers, in order of computation."""
    last = {layer.name for layer in output_layers(recipe)}
    return tuple(
        layer for layer in recipe.layers if _has_width(layer) and layer.name not in last
    )


def only_input(recipe: Recipe) -> Layer:
    """The layer through which the only input enters.

    Raises:
        NotSupported: there are several, or the network is not a graph.
    """
    require_graph(recipe, "Putting a layer behind the input")
    entries = [layer for layer in recipe.layers if layer.kind == "InputLayer"]
    if len(entries) != 1 or recipe.several_inputs:
        raise NotSupported(f"The network has {len(entries)} inputs; only one can be scaled.")
    return entries[0]


def inputs(recipe: Recipe) -> tuple[tuple[Layer, NDArray[np.generic]], ...]:
    """The layers through which inputs enter, each with the rows handed to `fit`.

    Raises:
        NotSupported: the network is not a graph.
    """
    require_graph(recipe, "Putting a layer behind the inputs")
    names, x = recipe.architecture.input_names, recipe.scaled(recipe.x)
    by_name = isinstance(x, dict) and set(names) <= x.keys()
    arrays = [x[name] for name in names] if by_name else keras.tree.flatten(x)
    return tuple((layer_of(recipe, name), np.asarray(array))
                 for name, array in zip(names, arrays, strict=True))


def single_array(tree: object, what: str) -> NDArray[np.generic]:
    """The one array in a tree of them.

    Raises:
        NotSupported: there are several, or none.
    """
    flat = [array for array in keras.tree.flatten(tree) if array is not None]
    if len(flat) != 1:
        raise NotSupported(f"There are {len(flat)} arrays of {what}, not one.")
    return np.asarray(flat[0])


def _has_width(layer: Layer) -> bool:
    return width_argument(layer) is not None


def _back_from_outputs(recipe: Recipe, stop: Callable[[Layer], bool]) -> Iterator[Layer]:
    """Layers met on the way back from the outputs; not beyond those at which to stop."""
    by_name = {layer.name: layer for layer in recipe.layers}
    read = {name for layer in recipe.layers for name in layer.inputs}
    waiting = [name for name in by_name if name not in read]
    ends = recipe.architecture.output_names
    if {*ends} <= {*waiting}:  # others are read by operations that are no layers, such as slices
        waiting = list(dict.fromkeys(ends)) or waiting
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in seen or name not in by_name:
            continue
        seen.add(name)
        layer = by_name[name]
        yield layer
        nested = "layers" in layer.config
        if not stop(layer) and not nested:
            waiting.extend(layer.inputs)
