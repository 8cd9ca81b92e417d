"""Callbacks in the native engine's terms: early stopping on a loss, and functions of the epoch."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unstuck.base.errors import NotSupported
from unstuck.network.callback_rules import EarlyStopping, LearningRateScheduler
from unstuck.network.recipe import Recipe

Floats = NDArray[np.float32]
LOSSES = ("loss", "val_loss")
MOST = 4
"""Rules of early stopping in one training."""


def check_rules(recipe: Recipe) -> None:
    """Refuse what the native engine does not do. Raises NotSupported."""
    for rule in recipe.rules.rules:
        if not isinstance(rule, EarlyStopping | LearningRateScheduler):
            raise NotSupported(f"The native engine has no {rule.kind}")
        if rule.monitor is not None and rule.monitor not in LOSSES:
            raise NotSupported(f"The native engine does not compute {rule.monitor}, which"
                               f" {rule.kind} watches")
        if rule.monitor == "val_loss" and recipe.rules.validated != 1:
            raise NotSupported("The native engine validates after every epoch")
    if len(stopping(recipe)) > MOST:
        raise NotSupported(f"The native engine takes {MOST} rules of early stopping at most")


def stopping(recipe: Recipe) -> Floats:
    """Each rule of early stopping as the kernels take it, [rule, 8]; see `Stopping` in plan.hpp.

    One that watches a loss that is not there never does anything, and is left out.
    """
    first = recipe.rules.first_epoch
    rules = [rule for rule in recipe.rules.of(EarlyStopping)
             if rule.watched == "loss" or recipe.validation is not None]
    return np.array([
        [rule.watched == "val_loss", rule.mode == "max", rule.patience, rule.min_delta,
         np.nan if rule.baseline is None else rule.baseline, rule.restore_best_weights,
         rule.start_from_epoch, first] for rule in rules
    ], np.float32).reshape(-1, 8)


def epoch_rates(recipe: Recipe) -> Floats | None:
    """The learning rate of each epoch, where a function sets it. Raises NotSupported."""
    rate = recipe.optimizer.learning_rate
    if not recipe.rules.of(LearningRateScheduler) or rate is None:
        return None
    return recipe.rules.scheduled(recipe.epochs, rate)
