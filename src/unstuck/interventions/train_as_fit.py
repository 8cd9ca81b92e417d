"""A loop of the user's own, in one thing trained as `fit` would."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

from unstuck.base.errors import NotSupported
from unstuck.network.loops import Loop
from unstuck.network.recipe import Recipe
from unstuck.script import Script

from . import Intervention
from ._source import Edits, set_value, site_call

What = Literal["training", "regularised", "untrained", "optimizer_for"]

_LABELS: Mapping[What, str] = {
    "training": "the forward pass with training=True",
    "regularised": "the penalties (model.losses) added to the loss",
    "untrained": "gradients for all trainable variables",
    "optimizer_for": "the optimizer made once, before the loop",
}


@dataclass(frozen=True, kw_only=True)
class TrainAsFit(Intervention):
    """What `fit` does by itself, and a loop has left out.

    Attributes:
        what: a field of `network.loops.Loop`, which is set to its default.
    """

    kind: ClassVar[str] = "other"
    cost: ClassVar[float] = 2

    what: What

    @property
    def label(self) -> str:
        """What is done."""
        return _LABELS[self.what]

    @property
    def site(self) -> str:
        """The part it changes."""
        return "forward" if self.what == "training" else "optimizer"

    @property
    def conflicts(self) -> frozenset[str]:
        """One property of the loop."""
        return frozenset({f"loop.{self.what}"})

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe with a loop that does it; with none, where nothing else is left out."""
        usual: Any = getattr(Loop(), self.what)
        if recipe.loop is None or getattr(recipe.loop, self.what) == usual:
            raise NotSupported("The loop does what fit does.")
        loop = replace(recipe.loop, **{self.what: usual})
        return replace(recipe, loop=None if loop == Loop() else loop)

    def edit(self, script: Script, before: Recipe, after: Recipe) -> Edits | None:
        """The argument `training`; the others hang on more than one place, and are only shown."""
        call = site_call(script, before, "forward") if self.what == "training" else None
        return None if call is None else set_value(call, "training", "True")


def left_out(loop: Loop) -> tuple[What, ...]:
    """What a loop does otherwise than `fit`."""
    usual = Loop()
    return tuple(what for what in _LABELS if getattr(loop, what) != getattr(usual, what))
