"""More, or fewer, passes over the rows."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import ClassVar

from unstuck.network.recipe import Recipe
from unstuck.script import Script

from . import Intervention
from ._source import Edits, a_round_number, method_call, set_value, site_call


@dataclass(frozen=True, kw_only=True)
class Epochs(Intervention):
    """`value` epochs; there `was` another number of them."""

    kind: ClassVar[str] = "epochs"
    cost: ClassVar[float] = 1

    value: int
    was: int

    @classmethod
    def of(cls, recipe: Recipe, value: int) -> Epochs:
        """This change to a recipe."""
        return cls(value=value, was=recipe.epochs)

    @classmethod
    def enough(cls, recipe: Recipe, value: float, *, most: float = math.inf) -> Epochs:
        """So many epochs in a round number: a few more, or fewer where that would be above `most`.

        Where `fit` stands in a loop the number of its rounds is round.
        """
        each = recipe.epochs // recipe.rounds if recipe.rounds > 1 else 1
        wanted, most = value / each, most / each
        rounds = a_round_number(wanted, up=True)
        if rounds > most:
            rounds = a_round_number(min(wanted, most), up=False)
        return cls.of(recipe, each * rounds)

    @property
    def label(self) -> str:
        """What is done."""
        return f"epochs {self.was} → {self.value}"

    def reason(self, before: Recipe) -> str:
        """How many updates there were."""
        return f"epochs: {self.was:,} were {before.updates:,} updates of the weights"

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe with so many epochs."""
        return replace(recipe, epochs=self.value)

    def edit(self, script: Script, before: Recipe, after: Recipe) -> Edits | None:
        """The argument of `fit`, or the number assigned to its name; for a loop, its `range`."""
        if before.rounds > 1:
            return _more_rounds(script, before, after)
        call = method_call(script, before, "fit")
        if call is None:
            return None
        return set_value(call, "epochs", str(after.epochs), position=3)


def _more_rounds(script: Script, before: Recipe, after: Recipe) -> Edits | None:
    """The end of the `range` that a loop of `fit` runs through, for whole rounds only."""
    each, rest = divmod(before.epochs, before.rounds)
    call = site_call(script, before, "rounds")
    if call is None or rest or after.epochs % each:
        return None
    rounds, first = after.epochs // each, call.argument("start", 0)
    if call.argument("stop", 1) is None:
        return set_value(call, "stop", str(rounds), position=0)
    if first is None or not first.code.isdecimal():
        return None
    return set_value(call, "stop", str(int(first.code) + rounds), position=1)
