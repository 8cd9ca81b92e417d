"""A dense layer behind a recurrent one that was the output itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from unstuck.base.errors import NotSupported
from unstuck.network.layers import Insertion, Layer
from unstuck.network.recipe import Recipe
from unstuck.script import Script

from . import _network as network
from . import _source as source
from ._one_layer import OneLayer


@dataclass(frozen=True, kw_only=True)
class DenseOutput(OneLayer):
    """The recurrent output `layer` with `units` of its own, and as many dense outputs behind as it had.

    The new outputs have this `activation`; the recurrent layer keeps its own.
    """

    kind: ClassVar[str] = "architecture"
    cost: ClassVar[float] = 5

    units: int
    activation: str = "linear"

    @classmethod
    def of(cls, recipe: Recipe, *, at_least: int, activation: str = "linear") -> DenseOutput:
        """This change to a recipe, the recurrent layer with so many units at least.

        Raises:
            NotSupported: the only output is no recurrent layer.
        """
        layer = recurrent_output(recipe)
        if layer is None:
            raise NotSupported("The only output is no recurrent layer.")
        units = max(at_least, int(layer.config["units"]))
        return cls(layer=layer.name, units=units, activation=activation)

    @property
    def label(self) -> str:
        """What is done."""
        squashed = "" if self.activation == "linear" else f" {self.activation}"
        return f"{self.layer}: {self.units} units with a dense{squashed} output behind"

    @property
    def conflicts(self) -> frozenset[str]:
        """Everything about the output: its layer, and what is put behind it."""
        slots = (f"{self.site}.{kind}" for kind in ("activation", "capacity", "architecture"))
        return frozenset({*slots, "fit.target_encoding"})

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe with both layers."""
        network.require_graph(recipe, "Putting a layer behind the output")
        layer = recurrent_output(recipe)
        if layer is None or layer.name != self.layer:
            raise NotSupported(f"{self.layer!r} is not the network's recurrent output.")
        wider = recipe.with_layer(layer.name, units=self.units)
        return wider.with_inserted(Insertion(
            anchor=layer.name, where="after", kind="Dense",
            config={"units": layer.config["units"], "activation": self.activation}))

    def edit(self, script: Script, before: Recipe, after: Recipe) -> source.Edits | None:
        """The recurrent layer's width, and the layer behind it."""
        layer = network.layer_of(before, self.layer)
        call = source.own_call(script, before, layer)
        if call is None:
            return None
        name, imports = source.keras_name(script, call, "layers.Dense")
        squashed = "" if self.activation == "linear" else (
            f", activation={source.quoted(script, self.activation)}")
        wider = source.set_layer_argument(script, before, layer, "units", str(self.units))
        put = source.insert_behind(
            script, before, layer, f"{name}({layer.config['units']}{squashed})")
        return None if wider is None or put is None else (*imports, *wider, *put)


def recurrent_output(recipe: Recipe) -> Layer | None:
    """The recurrent layer, not wrapped, that the only output comes straight from; `None` if none."""
    outputs = network.output_layers(recipe)
    if not recipe.architecture.is_graph or len(outputs) != 1:
        return None
    layer = outputs[0]
    last = layer.is_recurrent and layer.wrapped is None and not network.readers(recipe, layer.name)
    return layer if last else None
