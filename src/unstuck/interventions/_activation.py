"""The activation of one layer, in both faces; for the interventions that set one or many.

An activation is an argument (`Dense(4, activation="relu")`) or a layer of its own
(`Activation("relu")`, `ReLU()`), which is left out for "linear".
"""

from __future__ import annotations

from unstuck.base.errors import NotSupported
from unstuck.network.layers import Insertion
from unstuck.network.recipe import Recipe
from unstuck.script import Script

from . import _network as network
from . import _source as source

_WAS = {
    "relu": "relu puts out nothing below 0, and has no slope there",
    "sigmoid": "sigmoid puts out 0 to 1 only, and is flat near both",
    "tanh": "tanh puts out -1 to 1 only, and is flat near both",
    "softmax": "softmax puts out numbers above 0 that sum to 1",
}
_RANGES = {"sigmoid": "outputs between 0 and 1", "tanh": "outputs between -1 and 1",
           "softmax": "outputs that sum to 1", "relu": "no outputs below 0"}


def reason_for(was: str | None, value: str, *, is_last: bool) -> str:
    """What a comment says of another activation for a layer, the last one of a network or not."""
    if was in _WAS:
        return f"activation: {_WAS[was]}"
    if was != "linear":
        return f"activation: was {was}"
    if is_last:
        return f"activation: {_RANGES.get(value, 'was linear')}"
    return "activation: without one, two layers are one linear map"


def with_activation(recipe: Recipe, name: str, value: str) -> Recipe:
    """The recipe with another activation for one layer.

    Raises:
        NotSupported: the layer has no activation, or cannot be left out or exchanged.
    """
    layer = network.layer_of(recipe, name)
    graph = recipe.architecture.is_graph
    if layer.kind == "Activation" and (value != "linear" or not graph):
        return recipe.with_layer(name, activation=value)
    if layer.kind not in network.STANDALONE_ACTIVATIONS:
        if "activation" not in layer.config:
            raise NotSupported(f"{layer.kind} {name!r} has no activation to change.")
        return recipe.with_layer(name, activation=value)
    network.require_graph(recipe, f"Leaving out {layer.kind} {name!r}")
    without = recipe.without_layer(name)
    if value == "linear":
        return without
    before = layer.inputs[0]
    if len(network.readers(recipe, before)) != 1:
        raise NotSupported(f"What {layer.kind} {name!r} reads is read by other layers too.")
    return without.with_inserted(
        Insertion(anchor=before, where="after", kind="Activation", config={"activation": value})
    )


def activation_edits(
    script: Script, before: Recipe, after: Recipe, name: str, value: str
) -> source.Edits | None:
    """What writes the activation that `after` has; `value` if it is a layer of its own."""
    layer = network.layer_of(before, name)
    if layer.kind not in network.STANDALONE_ACTIVATIONS or name not in after.architecture.removed:
        word = network.layer_of(after, name).config["activation"]
        return source.set_layer_word(script, before, layer, "activation", word)
    if value == "linear":
        if any(new.anchor == layer.inputs[0] and new.kind == "Rescaling"
               for new in after.architecture.inserted):
            return ()  # what scales the targets is written in its place
        return source.remove_layer(script, before, layer)
    call = source.layer_call(script, before, layer)
    if call is None or any(call.argument(shape) for shape in source.INPUT_SHAPES):
        return None
    made, imports = source.keras_name(script, call, "layers.Activation")
    return (*imports, *call.replace(f"{made}({source.quoted(script, value)})"))
