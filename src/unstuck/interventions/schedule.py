"""A constant learning rate in place of a schedule."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from unstuck.base.errors import NotSupported
from unstuck.network.callback_rules import LearningRateScheduler, ReduceLROnPlateau
from unstuck.network.recipe import Recipe
from unstuck.script import Script

from . import Intervention
from ._callbacks import callback_edits
from ._optimizer import optimizer_edits
from ._source import Edits, tidy

CALLBACKS = (LearningRateScheduler, ReduceLROnPlateau)


@dataclass(frozen=True, kw_only=True)
class ConstantRate(Intervention):
    """No schedule: the rate stays at `value`, or at the optimizer's own where that is `None`."""

    kind: ClassVar[str] = "learning_rate"
    cost: ClassVar[float] = 2

    value: float | None = None

    @classmethod
    def of(cls, recipe: Recipe) -> ConstantRate:
        """The highest rate of the recipe's schedule, for good."""
        peak, own = recipe.peak_rate, recipe.optimizer.learning_rate
        same = peak is None or (own is not None and tidy(peak) == tidy(own))
        return cls(value=None if same or peak is None else float(tidy(peak)))

    @property
    def label(self) -> str:
        """What is done."""
        return "no schedule" + (
            "" if self.value is None else f", learning rate {self.value:.4g}")

    @property
    def site(self) -> str:
        """The part it changes."""
        return "compile"

    @property
    def conflicts(self) -> frozenset[str]:
        """The slots it sets."""
        rate = () if self.value is None else ("optimizer.learning_rate",)
        return frozenset({"fit.schedule", *rate})

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe with a constant rate."""
        own = recipe.optimizer.learning_rate
        if own is not None and not recipe.rules.sets_rate:
            raise NotSupported("The learning rate is constant.")
        if own is None and self.value is None:
            raise NotSupported("The optimizer has no rate but its schedule.")
        recipe = replace(recipe, rules=recipe.rules.without(*CALLBACKS))
        return recipe if self.value is None else recipe.with_optimizer(learning_rate=self.value)

    def edit(self, script: Script, before: Recipe, after: Recipe) -> Edits | None:
        """The optimizer as it is after the repair, and the callbacks taken out."""
        callbacks = callback_edits(script, before, after)
        if self.value is None or callbacks is None:
            return callbacks
        optimizer = optimizer_edits(script, before, after)
        return None if optimizer is None else (*optimizer, *callbacks)
