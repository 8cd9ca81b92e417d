"""No dropout."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from unstuck.base.errors import NotSupported
from unstuck.network.layers import Layer
from unstuck.network.recipe import Recipe
from unstuck.script import Script

from . import Intervention
from . import _network as network
from . import _source as source

_LAYERS = ("Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "AlphaDropout",
           "GaussianDropout")
_ARGUMENTS = ("dropout", "recurrent_dropout")


@dataclass(frozen=True, kw_only=True)
class NoDropout(Intervention):
    """Dropout off in `layer`, everywhere if that is `None`: its layers gone, its arguments too.

    Noise layers stay: to remove noise may be what the network is for.
    """

    kind: ClassVar[str] = "regularization"
    cost: ClassVar[float] = 5

    layer: str | None = None

    @property
    def label(self) -> str:
        """What is done."""
        return "no dropout" if self.layer is None else f"{self.layer}: no dropout"

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
        """The slot it sets."""
        return frozenset({"dropout" if self.layer is None else f"{self.site}.{self.kind}"})

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe without it."""
        layers = self._layers(recipe)
        if not layers:
            raise NotSupported("There is no dropout to take out.")
        for layer in layers:
            if layer.kind not in _LAYERS:
                recipe = recipe.with_layer(layer.name, **dict.fromkeys(_on(layer), 0.0))
            elif recipe.architecture.is_graph:
                recipe = recipe.without_layer(layer.name)
            else:
                recipe = recipe.with_layer(layer.name, rate=0.0)
        return recipe

    def edit(self, script: Script, before: Recipe, after: Recipe) -> source.Edits | None:
        """The layers and arguments, gone; in a subclassed model a rate of 0."""
        edits: source.Edits = ()
        for layer in self._layers(before):
            if layer.kind not in _LAYERS:
                call, _ = source.arguments_call(script, before, layer)
                found = None if call is None else source.drop_arguments(call, _on(layer), "0.0")
            elif before.architecture.is_graph:
                found = source.remove_layer(script, before, layer)
            else:
                found = source.set_layer_argument(script, before, layer, "rate", "0.0")
            if found is None:
                return None
            edits += found
        return edits

    def _layers(self, recipe: Recipe) -> tuple[Layer, ...]:
        chosen = recipe.layers if self.layer is None else (network.layer_of(recipe, self.layer),)
        return tuple(layer for layer in chosen if _on(layer))


def _on(layer: Layer) -> tuple[str, ...]:
    """The arguments that make this layer drop something."""
    names = ("rate",) if layer.kind in _LAYERS else _ARGUMENTS
    return tuple(name for name in names if _positive(layer.config.get(name)))


def _positive(value: Any) -> bool:
    return isinstance(value, int | float) and value > 0
