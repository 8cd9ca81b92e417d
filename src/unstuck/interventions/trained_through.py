"""A layer that gradients do not reach, or that is made anew in every call, as any other layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from unstuck.base.errors import NotSupported
from unstuck.network.recipe import Recipe
from unstuck.script import Script

from . import _network as network
from ._one_layer import OneLayer
from ._source import Edits

FLAGS = ("cuts", "made_anew")
"""Arguments of layers of torch's that keep weights from being trained."""


@dataclass(frozen=True, kw_only=True)
class TrainedThrough(OneLayer):
    """`layer` without what keeps it, or what lies before it, from being trained."""

    kind: ClassVar[str] = "architecture"
    cost: ClassVar[float] = 2

    @property
    def label(self) -> str:
        """What is done."""
        return f"{self.layer}: trained through"

    def reason(self, before: Recipe) -> str:
        """What kept it."""
        if flag_of(network.layer_of(before, self.layer).config) == "made_anew":
            return "a layer that is made in forward is another one in every call"
        return "the graph was cut here: nothing before it was trained"

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe with it."""
        flag = flag_of(network.layer_of(recipe, self.layer).config)
        if flag is None:
            raise NotSupported(f"Nothing keeps {self.layer!r} from being trained.")
        return recipe.with_layer(self.layer, **{flag: False})

    def edit(self, script: Script, before: Recipe, after: Recipe) -> Edits | None:
        """Keras has no such layers."""
        return None


def flag_of(config: Mapping[str, object]) -> str | None:
    """The argument of a layer that keeps weights from being trained; `None`: nothing does."""
    return next((flag for flag in FLAGS if config.get(flag)), None)
