"""Data between 0 and 1 for a network that is to give back what it gets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from unstuck.base.errors import NotSupported
from unstuck.goal.tasks import are_unlike
from unstuck.network.recipe import Recipe, Units
from unstuck.script import Script

from . import Intervention
from ._same_data import fit_of_named_data, same_data
from ._scales import round_top, shown
from ._source import Edits, number


@dataclass(frozen=True, kw_only=True)
class ScaleData(Intervention):
    """Inputs and targets, which are the same array, divided by the largest value, or a bit more."""

    kind: ClassVar[str] = "target_encoding"
    cost: ClassVar[float] = 4

    by: float

    @classmethod
    def of(cls, recipe: Recipe) -> ScaleData:
        """This change to a recipe.

        Raises:
            NotSupported: inputs and targets differ, are signed, lie between 0 and 1 already, or have
                columns of sizes of their own, of which the small ones would vanish.
        """
        x = same_data(recipe)
        top = float(x.max())
        if not (x.min() >= 0 and 1 < top < np.inf) or (x.ndim == 2 and are_unlike(x)):
            raise NotSupported("The data have no scale to take away.")
        return cls(by=round_top(top))

    @property
    def label(self) -> str:
        """What is done."""
        return f"data divided by {number(self.by).removesuffix('.0')}"

    @property
    def touches(self) -> frozenset[str]:
        """Inputs and targets."""
        return frozenset({"target_encoding", "input_scale"})

    @property
    def conflicts(self) -> frozenset[str]:
        """All that scales inputs or targets."""
        return frozenset({"fit.input_scale", "fit.target_encoding"})

    def reason(self, before: Recipe) -> str:
        """How large the data are."""
        return f"data went up to {shown(float(np.max(before.x)))}: brought to between 0 and 1"

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe on scaled data; what it is judged by stays in the user's units."""
        same_data(recipe)
        return replace(recipe, data_units=Units(mean=0.0, spread=self.by))

    def edit(self, script: Script, before: Recipe, after: Recipe) -> Edits | None:
        """One line before `fit`, where one name holds the data, and no other data are read later."""
        found = fit_of_named_data(script, before)
        if found is None:
            return None
        call, names = found
        line = "; ".join(f"{name} = {name} / {number(self.by).removesuffix('.0')}" for name in names)
        return call.insert_statement_before(line)
