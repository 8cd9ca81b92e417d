"""As many outputs as the targets need, with the activation and loss that belong to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from unstuck.base.errors import NotSupported
from unstuck.network.recipe import Recipe
from unstuck.script import Script

from . import _network as network
from . import _source as source
from ._activation import activation_edits, with_activation
from ._loss import loss_edits, with_loss
from ._one_layer import OneLayer


@dataclass(frozen=True, kw_only=True)
class OutputUnits(OneLayer):
    """`units` outputs with this `activation` and `loss`.

    `layer` makes the outputs; `acts` is the layer with their activation, most often the same.
    """

    kind: ClassVar[str] = "target_encoding"
    cost: ClassVar[float] = 4

    acts: str
    units: int
    activation: str
    loss: str

    @classmethod
    def of(cls, recipe: Recipe, units: int, activation: str, loss: str) -> OutputUnits:
        """This change to a recipe with one output.

        Raises:
            NotSupported: there are several outputs, or their layer has no units.
        """
        outputs = network.output_layers(recipe)
        if len(outputs) != 1 or network.width_argument(outputs[0]) is None:
            raise NotSupported(f"There are {len(outputs)} layers that make outputs, not one.")
        acts = network.output_activation(recipe).name
        return cls(layer=outputs[0].name, acts=acts, units=units, activation=activation, loss=loss)

    @property
    def label(self) -> str:
        """What is done."""
        return f"{self.units} {self.activation} outputs with {self.loss}"

    @property
    def touches(self) -> frozenset[str]:
        """What the outputs stand for, their activation and their loss."""
        return frozenset({"target_encoding", "loss", "activation"})

    @property
    def conflicts(self) -> frozenset[str]:
        """The loss, the output's width and its activation."""
        return frozenset({"compile.loss", f"layer:{self.acts}.activation", f"{self.site}.capacity"})

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe with all three."""
        argument = network.width_argument(network.layer_of(recipe, self.layer))
        if argument is None:
            raise NotSupported(f"{self.layer!r} has no units.")
        recipe = with_loss(recipe, self.loss, from_logits=False)
        recipe = recipe.with_layer(self.layer, **{argument: self.units})
        return with_activation(recipe, self.acts, self.activation)

    def edit(self, script: Script, before: Recipe, after: Recipe) -> source.Edits | None:
        """The layer's arguments and that of `compile`."""
        layer = network.layer_of(before, self.layer)
        argument = network.width_argument(layer)
        units = None if argument is None else source.set_layer_argument(
            script, before, layer, argument, str(self.units))
        activation = activation_edits(script, before, after, self.acts, self.activation)
        loss = loss_edits(script, before, after)
        if units is None or activation is None or loss is None:
            return None
        return (*units, *activation, *loss)
