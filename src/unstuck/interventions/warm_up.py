"""A learning rate that rises to its value first, and falls to nothing until the end."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import keras

from unstuck.base.errors import NotSupported
from unstuck.network.recipe import Recipe
from unstuck.script import Script

from . import Intervention
from ._optimizer import optimizer_edits
from ._source import Edits, tidy, two_digits

WARM_UP = 0.1
"""Share of the updates in which the rate rises, as usual for Transformers."""
LEAST_UPDATES = 10
"""In fewer nothing rises."""


@dataclass(frozen=True, kw_only=True)
class WarmUp(Intervention):
    """Keras's `CosineDecay` with a warm-up to `value` in a tenth of the updates."""

    kind: ClassVar[str] = "learning_rate"
    cost: ClassVar[float] = 2

    value: float

    @property
    def label(self) -> str:
        """What is done."""
        return f"learning rate warmed up to {self.value:.4g}, then down to 0"

    @property
    def site(self) -> str:
        """The part it changes."""
        return "compile"

    @property
    def stage(self) -> int:
        """Behind all that says how many updates there are."""
        return 3

    @property
    def conflicts(self) -> frozenset[str]:
        """The slots it sets."""
        return frozenset({"optimizer.learning_rate", "fit.schedule"})

    def reason(self, before: Recipe) -> str:
        """How it was."""
        was = before.optimizer.learning_rate
        return "short first steps" + ("" if was is None else f": the rate was {was:.4g} at once")

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe with this schedule, made for its number of updates.

        Raises:
            NotSupported: a callback sets the rate, the optimizer has none, or there are few updates.
        """
        if recipe.rules.sets_rate or "learning_rate" not in recipe.optimizer.config:
            raise NotSupported("A callback sets the learning rate, or the optimizer has none.")
        if recipe.updates < LEAST_UPDATES:
            raise NotSupported(f"In {recipe.updates} updates no rate rises and falls.")
        rising = int(two_digits(max(1, round(WARM_UP * recipe.updates))))
        schedule = keras.optimizers.schedules.CosineDecay(
            initial_learning_rate=0.0, decay_steps=int(two_digits(recipe.updates - rising)),
            warmup_target=float(tidy(self.value)), warmup_steps=rising)
        config = {**recipe.optimizer.config,
                  "learning_rate": keras.saving.serialize_keras_object(schedule)}
        return replace(recipe, optimizer=replace(
            recipe.optimizer, config=config, schedule=schedule))

    def edit(self, script: Script, before: Recipe, after: Recipe) -> Edits | None:
        """The optimizer, written as it is after the repair."""
        return optimizer_edits(script, before, after)
