"""Data between 0 and 1 for a network that is to give back what it gets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from unstuck.base.errors import NotSupported
from unstuck.network.recipe import Recipe
from unstuck.script import Call, Script

from . import Intervention
from . import _network as network
from ._rows import read_later
from ._scales import round_top, shown
from ._source import Edits, method_call, number, pair_of_names


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
            NotSupported: inputs and targets differ, are signed, or lie between 0 and 1 already.
        """
        x = network.single_array(recipe.x, "inputs")
        y = network.single_array(recipe.y, "targets")
        if x.shape != y.shape or not np.issubdtype(x.dtype, np.number) or not np.array_equal(x, y):
            raise NotSupported("Only inputs that are the targets too are scaled together.")
        top = float(x.max())
        if not (x.min() >= 0 and 1 < top < np.inf):
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
        return replace(recipe, data_scale=recipe.data_scale * self.by)

    def edit(self, script: Script, before: Recipe, after: Recipe) -> Edits | None:
        """One line before `fit`, where one name holds the data, and no other data are read later."""
        call = method_call(script, before, "fit")
        if call is None or call.has_hidden_arguments or call.in_loop_or_comprehension:
            return None
        names = _names(call)
        if names is None:
            return None
        if set(read_later(script)) - set(names):
            return None
        line = "; ".join(f"{name} = {name} / {number(self.by).removesuffix('.0')}" for name in names)
        return call.insert_statement_before(line)


def _names(call: Call) -> list[str] | None:
    """The names that hold all data of a call of `fit`, inputs and targets under one name."""
    x, y = call.argument("x", 0), call.argument("y", 1)
    if x is None or y is None or x.code != y.code or not x.code.isidentifier():
        return None
    names = [x.code]
    held = call.argument("validation_data", 7)
    if held is not None and held.code != "None":
        pair = pair_of_names(held.code)
        if pair is None or pair[0] != pair[1]:
            return None
        names += [pair[0]] if pair[0] not in names else []
    return names
