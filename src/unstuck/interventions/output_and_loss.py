"""The output activation and the loss, set together: each alone may be nonsense."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from unstuck.network.recipe import Recipe
from unstuck.network.torch_numbers import SPELLING
from unstuck.script import Script

from . import Intervention
from ._activation import activation_edits, with_activation
from ._loss import loss_edits, with_loss
from ._network import layer_of, output_activation
from ._one_layer import OneLayer
from ._source import Edits
from .activation import Activation


@dataclass(frozen=True, kw_only=True)
class OutputAndLoss(OneLayer):
    """The `activation` of the output `layer` and the `loss` that goes with it."""

    kind: ClassVar[str] = "loss"
    cost: ClassVar[float] = 3

    activation: str
    loss: str
    from_logits: bool = False

    @classmethod
    def of(
        cls, recipe: Recipe, activation: str, loss: str, *, from_logits: bool = False
    ) -> Intervention:
        """This change to a recipe with one output; only the activation where that is its loss already.

        Raises:
            NotSupported: there are several outputs.
        """
        if recipe.written_for == SPELLING and activation == "softmax" and "categorical" in loss:
            activation, from_logits = "linear", True  # torch has this loss of logits alone
        layer = output_activation(recipe).name
        if with_loss(recipe, loss, from_logits=from_logits).loss_config == recipe.loss_config:
            return Activation.of(recipe, layer, activation)
        return cls(layer=layer, activation=activation, loss=loss, from_logits=from_logits)

    @property
    def label(self) -> str:
        """What is done."""
        logits = " from logits" if self.from_logits else ""
        return f"{self.activation} output with {self.loss}{logits}"

    @property
    def touches(self) -> frozenset[str]:
        """The loss and the activation."""
        return frozenset({"loss", "activation"})

    @property
    def conflicts(self) -> frozenset[str]:
        """The loss and the layer's activation."""
        return frozenset({"compile.loss", f"layer:{self.layer}.activation"})

    def reason(self, before: Recipe) -> str:
        """Which they were."""
        was = layer_of(before, self.layer).activation
        made_for = "; softmax is for rows that sum to 1" if self.activation == "softmax" else ""
        return f"output and loss: were {was} and {before.loss_name}{made_for}"

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe with both."""
        recipe = with_loss(recipe, self.loss, from_logits=self.from_logits)
        return with_activation(recipe, self.layer, self.activation)

    def edit(self, script: Script, before: Recipe, after: Recipe) -> Edits | None:
        """The layer's argument and that of `compile`."""
        activation = activation_edits(script, before, after, self.layer, self.activation)
        loss = loss_edits(script, before, after)
        return None if activation is None or loss is None else (*activation, *loss)
