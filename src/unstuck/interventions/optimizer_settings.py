"""The optimizer at Keras's settings, its learning rate as it is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import keras

from unstuck.base.errors import NotSupported
from unstuck.network.optimizer import Optimizer
from unstuck.network.recipe import Recipe
from unstuck.script import Script

from . import Intervention
from ._optimizer import optimizer_edits
from ._source import Edits

SETTINGS = ("beta_1", "beta_2", "epsilon", "rho", "momentum", "amsgrad", "centered",
            "initial_accumulator_value", "learning_rate_power")
"""What shapes the steps of Keras's optimizers beside the learning rate and clipping."""


@dataclass(frozen=True, kw_only=True)
class OptimizerSettings(Intervention):
    """Momenta, epsilon and their like at Keras's defaults."""

    kind: ClassVar[str] = "optimizer"
    cost: ClassVar[float] = 2

    @property
    def label(self) -> str:
        """What is done."""
        return "optimizer's settings → Keras's defaults"

    @property
    def site(self) -> str:
        """The part it changes."""
        return "compile"

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe with these settings."""
        changed = odd_settings(recipe.optimizer)
        if not changed:
            raise NotSupported("The optimizer has Keras's settings already.")
        return replace(recipe, optimizer=replace(
            recipe.optimizer, config={**recipe.optimizer.config, **changed}))

    def edit(self, script: Script, before: Recipe, after: Recipe) -> Edits | None:
        """The optimizer, written as it is after the repair."""
        return optimizer_edits(script, before, after)


def odd_settings(optimizer: Optimizer) -> dict[str, float | bool]:
    """The settings that are not Keras's defaults, with the default of each."""
    if getattr(keras.optimizers, optimizer.kind, None) is not optimizer.cls:
        return {}
    usual = Optimizer.named(optimizer.kind).config
    return {name: usual[name] for name in SETTINGS
            if name in usual and optimizer.config.get(name) != usual[name]}
