"""Two labels, each in the place of the other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from unstuck.base.errors import NotSupported
from unstuck.network.recipe import Recipe
from unstuck.script import Script

from . import Intervention
from . import _network as network
from ._source import Edits, method_call, number, pair_of_names
from ._target_lines import targets_handed_over, targets_named


@dataclass(frozen=True, kw_only=True)
class SwapLabels(Intervention):
    """Targets of two values `low` and `high`, each where the other was: `low + high` less them."""

    kind: ClassVar[str] = "labels"
    cost: ClassVar[float] = 2

    low: float
    high: float

    @classmethod
    def of(cls, recipe: Recipe) -> SwapLabels:
        """This change to a recipe. Raises NotSupported where there are not two labels."""
        values = np.unique(network.single_array(recipe.y, "targets"))
        if len(values) != 2:
            raise NotSupported(f"The targets have {len(values)} values, not two.")
        return cls(low=float(values[0]), high=float(values[1]))

    @property
    def label(self) -> str:
        """What is done."""
        return f"labels swapped: {number(self._sum)} - y"

    @property
    def touches(self) -> frozenset[str]:
        """The labels and the loss, of which either may be the wrong way round."""
        return frozenset({"labels", "loss"})

    @property
    def conflicts(self) -> frozenset[str]:
        """What the labels mean."""
        return frozenset({"fit.labels"})

    def reason(self, before: Recipe) -> str:
        """What was wrong."""
        return "the terms of the loss are the other way round: labels swapped"

    @property
    def _sum(self) -> float | int:
        whole = self.low + self.high
        return int(whole) if whole == round(whole) else whole

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe with them swapped, on rows held back too."""
        if SwapLabels.of(recipe) != self:
            raise NotSupported("These are not the labels.")
        held = recipe.validation_data
        return replace(recipe, y=self._swapped(recipe.y), validation_data=None if held is None else (
            replace(held, y=self._swapped(held.y))))

    def _swapped(self, y: Any) -> Any:
        array = network.single_array(y, "targets")
        return (self._sum - array.astype(np.float64)).astype(
            np.int64 if array.dtype.kind in "bui" else array.dtype)

    def edit(self, script: Script, before: Recipe, after: Recipe) -> Edits | None:
        """The argument of `fit`, and the labels held back."""
        call = method_call(script, before, "fit")
        y = None if call is None else targets_named(call, before)
        if call is None or call.has_hidden_arguments or y is None or not y.isidentifier() or (
                "y" not in before.plain):
            return None
        return targets_handed_over(
            script, call, before, y, lambda code: f"{number(self._sum)} - {code}", _last_of_pair)


def _last_of_pair(code: str) -> tuple[str, str] | None:
    """The inputs and the name of the targets in "(inputs, targets)", inputs in whatever brackets."""
    known = pair_of_names(code)
    inner = code.strip().removeprefix("(").removesuffix(")").rpartition(",")
    named = inner[2].strip()
    return known or ((inner[0].strip(), named) if named.isidentifier() and inner[0] else None)
