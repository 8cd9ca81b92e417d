"""All rows count alike."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from unstuck.base.errors import NotSupported
from unstuck.network.recipe import Recipe
from unstuck.script import Script

from . import Intervention
from ._source import Edits, drop_arguments, method_call


@dataclass(frozen=True, kw_only=True)
class NoRowWeights(Intervention):
    """Neither `sample_weight` nor `class_weight`."""

    kind: ClassVar[str] = "labels"
    cost: ClassVar[float] = 2

    @property
    def label(self) -> str:
        """What is done."""
        return "all rows weighted alike"

    @property
    def conflicts(self) -> frozenset[str]:
        """The weights of rows."""
        return frozenset({"fit.weights"})

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe without weights."""
        if recipe.sample_weight is None and recipe.class_weight is None:
            raise NotSupported("The rows have no weights.")
        return replace(recipe, sample_weight=None, class_weight=None)

    def edit(self, script: Script, before: Recipe, after: Recipe) -> Edits | None:
        """The argument of `fit`, gone."""
        call = method_call(script, before, "fit")
        return None if call is None else drop_arguments(
            call, ("sample_weight", "class_weight"), "None")
