"""What several checks ask of a network: its head, what feeds it, how a layer is named in messages.

Everything is read from configurations and connections, never from names; the head of a model that is
written as a class from what it puts out. Where a layer of unknown effect lies in the way, the answer
is `None`.
"""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from unstuck.base.errors import NotSupported
from unstuck.base.remembered import once
from unstuck.interventions import _network as network
from unstuck.network import adapter
from unstuck.network.layers import Layer
from unstuck.network.recipe import Recipe

from ._words import count

INFINITY = math.inf

RANGES: dict[str, tuple[float, float]] = {
    "linear": (-INFINITY, INFINITY),
    "relu": (0.0, INFINITY),
    "relu6": (0.0, 6.0),
    "leaky_relu": (-INFINITY, INFINITY),
    "elu": (-1.0, INFINITY),
    "selu": (-1.7581, INFINITY),
    "celu": (-1.0, INFINITY),
    "gelu": (-0.1700, INFINITY),
    "silu": (-0.2785, INFINITY),
    "swish": (-0.2785, INFINITY),
    "mish": (-0.3089, INFINITY),
    "softplus": (0.0, INFINITY),
    "exponential": (0.0, INFINITY),
    "sigmoid": (0.0, 1.0),
    "hard_sigmoid": (0.0, 1.0),
    "softmax": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
    "hard_tanh": (-1.0, 1.0),
    "softsign": (-1.0, 1.0),
    "log_sigmoid": (-INFINITY, 0.0),
    "log_softmax": (-INFINITY, 0.0),
}
"""The closed range of each of Keras's activations, limits that are only approached included."""

RECTIFIERS = frozenset({"relu", "relu6"})
SQUASHING = frozenset({"sigmoid", "hard_sigmoid", "tanh", "hard_tanh", "softsign"})

# Layers that hand values on: moved, picked or masked, but not computed anew.
_HANDS_ON = frozenset({
    "Reshape", "Flatten", "Permute", "RepeatVector", "Identity", "Dropout", "SpatialDropout1D",
    "SpatialDropout2D", "SpatialDropout3D", "Cropping1D", "Cropping2D", "Cropping3D",
    "ActivityRegularization", "UpSampling1D", "UpSampling2D", "UpSampling3D",
})


@dataclass(frozen=True, kw_only=True)
class Head:
    """The end of a network with one output: the layer with its activation, and its last width."""

    layer: Layer
    activation: str
    units: int | None

    @property
    def range(self) -> tuple[float, float] | None:
        """What the output can be at all; `None` for an activation of the user's own."""
        if self.layer.kind == "ReLU" and _is_special_relu(self.layer):
            return None
        if self.activation == "elu" and self.layer.config.get("alpha", 1.0) != 1.0:
            return None
        return RANGES.get(self.activation)


def head(recipe: Recipe) -> Head | None:
    """The head; `None` where there are several outputs or the network does not show it."""
    if not recipe.architecture.is_graph:
        return once(recipe.architecture, f"head {recipe.signature}", lambda: _head_of_class(recipe))
    if len(recipe.architecture.output_shapes) != 1:
        return None
    try:
        layer = network.output_activation(recipe)
    except NotSupported:
        return None
    if layer.activation is None or not _reaches_output(recipe, layer):
        return None
    last = recipe.architecture.output_shapes[0][-1]
    return Head(layer=layer, activation=layer.activation,
                units=None if len(recipe.architecture.output_shapes[0]) < 2 else last)


def _head_of_class(recipe: Recipe) -> Head | None:
    """The head of a model that is written as a class: the last layer with an activation, where what it
    puts out for a row or two is what the model does.
    """
    seen: list[Any] = []
    with suppress(Exception), adapter.random_state_kept():  # the user's code may want other rows
        layer = network.output_activation(recipe)
        model = recipe.build().model
        own = next(one for one in adapter.flat_layers(model) if one.name == layer.name)
        rows = keras.tree.map_structure(lambda a: a[:2], recipe.scaled(recipe.x))
        with adapter.answering({id(own): own}, seen=seen):
            out = np.asarray(model(rows))
        if seen and layer.activation and np.array_equal(out, np.asarray(seen[-1])):
            return Head(layer=layer, activation=layer.activation,
                        units=None if out.ndim < 2 else out.shape[-1])
    return None


def feeding(recipe: Recipe, layer: Layer) -> Layer | None:
    """The layer whose values a layer reads, looked for through layers that only hand them on."""
    by_name = {found.name: found for found in recipe.layers}
    while len(layer.inputs) == 1 and layer.inputs[0] in by_name:
        layer = by_name[layer.inputs[0]]
        if layer.kind not in _HANDS_ON:
            return None if layer.kind == "InputLayer" else layer
    return None


def last_hidden(recipe: Recipe) -> Layer | None:
    """The layer right before the output layer, with the activation that acts there."""
    outputs = network.output_layers(recipe)
    if not recipe.architecture.is_graph or len(outputs) != 1:
        return None
    return feeding(recipe, outputs[0])


def width(layer: Layer) -> int | None:
    """A layer's units or filters; `None` where it has none."""
    argument = network.width_argument(layer)
    return None if argument is None else int(layer.config[argument])


def hidden(recipe: Recipe) -> tuple[Layer, ...]:
    """The layers with a width that are not the output's."""
    return network.hidden_layers(recipe)


def first_computing(recipe: Recipe, entry: str | None = None) -> tuple[Layer, ...]:
    """The layers that read the raw inputs, or the one that comes in through that layer."""
    if not recipe.architecture.is_graph:
        return recipe.layers[:1]
    entries = {layer.name for layer in recipe.layers
               if layer.kind == "InputLayer" and entry in (None, layer.name)}
    found: list[Layer] = []
    waiting = [layer for layer in recipe.layers if entries & set(layer.inputs)]
    for layer in waiting:
        if layer.kind in _HANDS_ON or layer.kind == "Masking":
            waiting.extend(network.readers(recipe, layer.name))
        else:
            found.append(layer)
    return tuple(found)


def described(layer: Layer) -> str:
    """A layer in a message: dense_1 (Dense, 2 units, relu)."""
    parts = [layer.kind]
    size = width(layer)
    if size is not None:
        parts.append(count(size, str(network.width_argument(layer)).removesuffix("s")))
    if layer.activation is not None and (layer.kind == "Activation" or size is not None):
        parts.append(str(layer.activation))
    return f"{layer.name} ({', '.join(parts)})"


def batch_norms(recipe: Recipe) -> list[Layer]:
    """The layers that normalise by the statistics of batches, those frozen left out."""
    return [layer for layer in recipe.layers if layer.kind == "BatchNormalization"
            and layer.config.get("trainable", True)]


def site(layer: Layer) -> str:
    """The key of a layer's place in the user's source."""
    return f"layer:{layer.name}"


def _is_special_relu(layer: Layer) -> bool:
    config = layer.config
    return bool(config.get("max_value") is not None or config.get("negative_slope")
                or config.get("threshold"))


def _reaches_output(recipe: Recipe, layer: Layer) -> bool:
    """True where only layers that hand values on stand between a layer and the output."""
    readers = network.readers(recipe, layer.name)
    while readers:
        if len(readers) != 1 or readers[0].kind not in _HANDS_ON:
            return False
        readers = network.readers(recipe, readers[0].name)
    return True
