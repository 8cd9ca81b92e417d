"""The width of one layer, in both faces; for the interventions that set one or many."""

from __future__ import annotations

from unstuck.base.errors import NotSupported
from unstuck.network.layers import Layer
from unstuck.network.recipe import Recipe
from unstuck.script import Script

from . import _network as network
from . import _source as source


def width_of(layer: Layer) -> int:
    """How many units or filters a layer has.

    Raises:
        NotSupported: it has none.
    """
    argument = network.width_argument(layer)
    if argument is None:
        raise NotSupported(f"{layer.kind} {layer.name!r} has neither units nor filters.")
    return int(layer.config[argument])


def with_width(recipe: Recipe, name: str, value: int) -> Recipe:
    """The recipe with another width for one hidden layer.

    Raises:
        NotSupported: it has no width, or it is the output, whose width the targets decide.
    """
    layer = network.layer_of(recipe, name)
    argument = network.width_argument(layer)
    if argument is None:
        raise NotSupported(f"{layer.kind} {name!r} has neither units nor filters.")
    if any(name == output.name for output in network.output_layers(recipe)):
        raise NotSupported(f"The width of the output layer {name!r} is that of the targets.")
    return recipe.with_layer(name, **{argument: value})


def width_edits(script: Script, before: Recipe, after: Recipe, name: str) -> source.Edits | None:
    """What writes the width that `after` has."""
    layer = network.layer_of(before, name)
    argument = network.width_argument(layer)
    if argument is None:
        return None
    code = str(width_of(network.layer_of(after, name)))
    return source.set_layer_argument(script, before, layer, argument, code)
