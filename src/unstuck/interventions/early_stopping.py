"""More patience in early stopping, or no early stopping at all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from unstuck.base.errors import NotSupported
from unstuck.network.callback_rules import EarlyStopping
from unstuck.network.recipe import Recipe
from unstuck.script import Script

from . import Intervention
from ._callbacks import callback_edits
from ._source import Edits


@dataclass(frozen=True, kw_only=True)
class Patience(Intervention):
    """Early stopping after `value` epochs without improvement; with `None` it never stops."""

    kind: ClassVar[str] = "epochs"
    cost: ClassVar[float] = 1

    value: int | None = None
    was: int = 0

    @classmethod
    def of(cls, recipe: Recipe, value: int | None) -> Patience:
        """This change to a recipe."""
        known = [rule.patience for rule in recipe.rules.of(EarlyStopping)]
        return cls(value=value, was=min(known, default=0))

    @property
    def label(self) -> str:
        """What is done."""
        if self.value is None:
            return "no early stopping"
        return f"patience of early stopping {self.was} → {self.value}"

    @property
    def conflicts(self) -> frozenset[str]:
        """The slot it sets; the number of epochs is another one."""
        return frozenset({"fit.early_stopping"})

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe with that patience in every early stopping, or without any."""
        if not recipe.rules.of(EarlyStopping):
            raise NotSupported("Nothing stops this training early.")
        if self.value is None:
            return replace(recipe, rules=recipe.rules.without(EarlyStopping))
        rules = tuple(replace(rule, patience=self.value) if isinstance(rule, EarlyStopping) else rule
                      for rule in recipe.rules.rules)
        return replace(recipe, rules=replace(recipe.rules, rules=rules))

    def edit(self, script: Script, before: Recipe, after: Recipe) -> Edits | None:
        """The callback's argument, or the callback taken out of the list."""
        return callback_edits(script, before, after)
