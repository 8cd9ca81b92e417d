"""Weights drawn anew in place of those that were there before `fit`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from unstuck.base.errors import NotSupported
from unstuck.network.recipe import Recipe
from unstuck.script import Script

from . import Intervention
from ._source import Edits


@dataclass(frozen=True, kw_only=True)
class FreshWeights(Intervention):
    """Every trainable weight as its initialiser draws it, the optimizer at its beginning.

    It cannot be written: which line loaded or trained the weights, and what for, is not known.
    """

    kind: ClassVar[str] = "initializer"
    cost: ClassVar[float] = 3

    @property
    def label(self) -> str:
        """What is done."""
        return "weights drawn anew"

    @property
    def conflicts(self) -> frozenset[str]:
        """The slot it sets."""
        return frozenset({"fit.initial_weights"})

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe with nothing kept."""
        if not recipe.architecture.kept:
            raise NotSupported("All weights are drawn anew as it is.")
        return replace(
            recipe, architecture=replace(recipe.architecture, kept=frozenset()),
            optimizer=replace(recipe.optimizer, state=()))

    def edit(self, script: Script, before: Recipe, after: Recipe) -> Edits | None:
        """None: it is shown, not written."""
        return None
