"""Another learning rate."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from unstuck.base.errors import NotSupported
from unstuck.network.recipe import Recipe
from unstuck.script import Script

from . import Intervention
from ._optimizer import optimizer_edits
from ._source import Edits, tidy

_USUAL = (0.001, 0.01)
"""The rates that Keras's optimizers have by default (keras.optimizers, 3.15)."""
_FAR = 1.1
"""Decimal logarithm of the ratio of two rates from which a nearer one is the smaller change."""


@dataclass(frozen=True, kw_only=True)
class LearningRate(Intervention):
    """A constant learning rate of `value`. `was` is the old one, `None` under a schedule."""

    kind: ClassVar[str] = "learning_rate"
    cost: ClassVar[float] = 1

    value: float
    was: float | None = None

    @classmethod
    def of(cls, recipe: Recipe, value: float) -> LearningRate:
        """This change to a recipe."""
        return cls(value=value, was=recipe.optimizer.learning_rate)

    @property
    def label(self) -> str:
        """What is done."""
        was = "schedule" if self.was is None else f"{self.was:.4g}"
        return f"learning rate {was} → {self.value:.4g}"

    @property
    def site(self) -> str:
        """The part it changes."""
        return "compile"

    @property
    def conflicts(self) -> frozenset[str]:
        """The slot it sets."""
        return frozenset({"optimizer.learning_rate"})

    @property
    def oddity(self) -> float:
        """A rate above 1, which no optimizer of Keras has by default; one far from the old one, too,
        unless it is one that they have."""
        usual = _USUAL[0] <= self.value <= _USUAL[1]
        far = (not usual and self.was is not None and min(self.value, self.was) > 0
               and abs(math.log10(self.value / self.was)) > _FAR)
        return 3.0 if self.value > 1 else 0.5 if far else 0.0

    def reason(self, before: Recipe) -> str:
        """What was wrong with the steps."""
        if self.was is None:
            return super().reason(before)
        return f"{'longer' if self.value > self.was else 'shorter'} steps: the rate was {self.was:.4g}"

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe with this rate, rounded to six digits."""
        if "learning_rate" not in recipe.optimizer.config:
            raise NotSupported(f"{recipe.optimizer.kind} has no learning rate of its own to set.")
        return recipe.with_optimizer(learning_rate=float(tidy(self.value)))

    def edit(self, script: Script, before: Recipe, after: Recipe) -> Edits | None:
        """The optimizer, written as it is after the repair."""
        return optimizer_edits(script, before, after)
