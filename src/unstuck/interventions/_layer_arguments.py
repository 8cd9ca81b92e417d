"""Other arguments for one layer or for all that they concern; both faces of many a change."""

from __future__ import annotations

import inspect
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import keras

from unstuck.base.errors import NotSupported
from unstuck.network.layers import Layer
from unstuck.network.recipe import Recipe
from unstuck.script import Script

from . import Intervention
from . import _network as network
from . import _source as source

Value = bool | int | float | str | None
Values = Mapping[str, Value]


@dataclass(frozen=True, kw_only=True)
class LayerArguments(Intervention):
    """What `arguments` says for `layer`, or for every layer if that is `None`.

    An argument that gets Keras's default is taken out of the source, any other is written there.
    """

    nothing: ClassVar[str]
    """What the error says where no layer is concerned."""
    what: ClassVar[str]
    """What is done, in the label."""

    layer: str | None = None

    @abstractmethod
    def arguments(self, layer: Layer) -> Values:
        """What this layer's arguments become; empty where the change does not concern it."""

    @property
    def label(self) -> str:
        """What is done."""
        return self.what if self.layer is None else f"{self.layer}: {self.what}"

    @property
    def site(self) -> str:
        """The part it changes."""
        return "fit" if self.layer is None else f"layer:{self.layer}"

    @property
    def stage(self) -> int:
        """Among the layers."""
        return 0

    @property
    def conflicts(self) -> frozenset[str]:
        """The slot it sets, for one layer or for all."""
        slot = type(self).__module__.rpartition(".")[2]
        return frozenset({slot if self.layer is None else f"{self.site}.{slot}"})

    def concerned(self, recipe: Recipe) -> dict[str, Values]:
        """The layers that it changes, by name, with their new arguments.

        Raises:
            NotSupported: there are none, or no layer has that name.
        """
        layers = recipe.layers if self.layer is None else (network.layer_of(recipe, self.layer),)
        found = {layer.name: self.arguments(layer) for layer in layers}
        found = {name: values for name, values in found.items() if values}
        if not found:
            raise NotSupported(self.nothing)
        return found

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe with these arguments."""
        for name, values in self.concerned(recipe).items():
            recipe = recipe.with_layer(name, **values)
        return recipe

    def edit(self, script: Script, before: Recipe, after: Recipe) -> source.Edits | None:
        """The arguments at the calls that made the layers."""
        edits: source.Edits = ()
        for name, values in self.concerned(before).items():
            found = argument_edits(script, before, network.layer_of(before, name), values)
            if found is None:
                return None
            edits += found
        return edits


def argument_edits(
    script: Script, recipe: Recipe, layer: Layer, values: Values
) -> source.Edits | None:
    """What writes these arguments of a layer, those that are Keras's defaults by leaving them out."""
    call = source.layer_call(script, recipe, layer)
    if call is None:
        return None
    defaults = [name for name, value in values.items() if _is_default(layer, name, value)]
    if not call.node.args:  # several arguments cannot be put into empty parentheses one by one
        given = {name: _code(script, value) for name, value in values.items()
                 if name not in defaults}
        return call.replace(source.make(call.callee, given))
    edits: source.Edits = ()
    for name, value in values.items():
        place = source.position_of(layer.kind, name)
        if name in defaults and call.argument(name, place) is None and not call.has_hidden_arguments:
            continue
        # Neighbours cannot both be taken out; see `drop_arguments`.
        found = call.remove_argument(name, position=place) if defaults == [name] else None
        if found is None and isinstance(value, str):
            found = source.set_layer_word(script, recipe, layer, name, value)
        elif found is None:
            found = source.set_value(call, name, _code(script, value), position=place)
        if found is None:
            return None
        edits += found
    return edits


def _is_default(layer: Layer, name: str, value: Value) -> bool:
    if name == "trainable":
        return value is True
    parameters = inspect.signature(getattr(keras.layers, layer.kind).__init__).parameters
    return name in parameters and parameters[name].default == value


def _code(script: Script, value: Value) -> str:
    if isinstance(value, str):
        return source.quoted(script, value)
    return source.number(value) if isinstance(value, float) else repr(value)
