"""Another activation for all hidden layers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from unstuck.base.errors import NotSupported
from unstuck.network.layers import Layer
from unstuck.network.recipe import Recipe
from unstuck.network.stacks import Stack, told
from unstuck.script import Script

from . import Intervention
from . import _network as network
from ._activation import activation_edits, reason_for, with_activation
from ._source import Edits
from .activation import Activation


@dataclass(frozen=True, kw_only=True)
class HiddenActivations(Intervention):
    """The activation `value` for each of `layers`, which `of`, `recurrent` or `within` finds.

    `which` says what they are; "" where they are told by their names.
    """

    kind: ClassVar[str] = "activation"
    cost: ClassVar[float] = 3

    value: str
    layers: tuple[str, ...]
    which: str = "hidden"

    @classmethod
    def of(cls, recipe: Recipe, value: str, *, linear_too: bool = False) -> HiddenActivations:
        """This change to a recipe: every hidden layer whose activation is another one.

        Linear layers are left alone, unless `linear_too`: often it is on purpose that they are.
        Recurrent layers and softmax, which have their activations for a reason, always are.
        """
        try:
            last = network.output_activation(recipe).name
        except NotSupported:
            last = ""
        outputs = {last, *(layer.name for layer in network.output_layers(recipe))}
        return cls(value=value, layers=tuple(
            layer.name
            for layer in recipe.layers
            if layer.name not in outputs
            and layer.activation not in (None, value, "softmax")
            and not layer.is_recurrent
            and (layer.activation != "linear" or (linear_too and not _followed(recipe, layer)))
        ))

    @classmethod
    def recurrent(cls, recipe: Recipe, value: str = "tanh") -> HiddenActivations:
        """This change to a recipe: every recurrent layer whose activation is another one."""
        return cls(value=value, which="recurrent", layers=tuple(
            layer.name for layer in recipe.layers
            if layer.is_recurrent and layer.activation not in (None, value)))

    @classmethod
    def within(cls, recipe: Recipe, stack: Stack, value: str) -> HiddenActivations:
        """This change to those of a stack's layers that have another activation, linear ones left."""
        inside = set(stack.layers)
        every = cls.of(recipe, value)
        return cls(value=value, which="",
                   layers=tuple(name for name in every.layers if name in inside))

    @classmethod
    def made_by_one_call(cls, recipe: Recipe, change: Activation) -> HiddenActivations | Activation:
        """A layer's change, made to all that the same call makes with its activation: a loop's layers
        can be written together only. The change itself where there are no others.
        """
        span = recipe.sites.get(f"layer:{change.layer}")
        alike = tuple(layer.name for layer in recipe.layers if layer.activation == change.was
                      and span is not None and recipe.sites.get(f"layer:{layer.name}") == span)
        return change if len(alike) < 2 else cls(value=change.value, layers=alike, which="")

    @property
    def label(self) -> str:
        """What is done."""
        which = self.which or (told(self.layers) if self.layers else "hidden")
        return f"{which} activations → {self.value}"

    def reason(self, before: Recipe) -> str:
        """What the old one does, where all had the same."""
        had = {network.layer_of(before, name).activation for name in self.layers}
        if len(had) != 1:
            return super().reason(before)
        return reason_for(had.pop(), self.value, is_last=False)

    @property
    def site(self) -> str:
        """The first part it changes."""
        return f"layer:{self.layers[0]}" if self.layers else "fit"

    @property
    def stage(self) -> int:
        """Among the layers."""
        return 0

    @property
    def conflicts(self) -> frozenset[str]:
        """The activation of each layer."""
        return frozenset(f"layer:{name}.activation" for name in self.layers)

    def sparing(self, layers: frozenset[str]) -> HiddenActivations:
        """The others of its layers."""
        return replace(self, layers=tuple(name for name in self.layers if name not in layers))

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe with these activations."""
        if not self.layers:
            raise NotSupported("There is no hidden layer with another activation.")
        for name in self.layers:
            recipe = with_activation(recipe, name, self.value)
        return recipe

    def edit(self, script: Script, before: Recipe, after: Recipe) -> Edits | None:
        """Each layer's argument, or its own activation layer."""
        edits: Edits = ()
        for name in self.layers:
            found = activation_edits(script, before, after, name, self.value)
            if found is None:
                return None
            edits += found
        return edits


def _followed(recipe: Recipe, layer: Layer) -> bool:
    """True where the layer's activation comes later, as a layer of its own or after a norm."""
    return any(
        reader.kind in network.STANDALONE_ACTIVATIONS or reader.kind.endswith("Normalization")
        for reader in network.readers(recipe, layer.name)
    )
