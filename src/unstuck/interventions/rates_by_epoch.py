"""A scheduler that makes its steps once in an epoch, not with every batch."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from unstuck.base.errors import NotSupported
from unstuck.network.recipe import Recipe
from unstuck.script import Script

from . import Intervention
from ._source import Edits


@dataclass(frozen=True, kw_only=True)
class RatesByEpoch(Intervention):
    """The rates of PyTorch's scheduler, each for a whole epoch.

    What it gave the first batches, the first epochs get.
    """

    kind: ClassVar[str] = "learning_rate"
    cost: ClassVar[float] = 1

    @property
    def label(self) -> str:
        """What is done."""
        return "scheduler.step() once an epoch"

    def reason(self, before: Recipe) -> str:
        """How it was."""
        return "the scheduler made a step with every batch"

    @property
    def site(self) -> str:
        """The part it changes."""
        return "optimizer"

    @property
    def conflicts(self) -> frozenset[str]:
        """The schedule."""
        return frozenset({"fit.schedule", "optimizer.learning_rate"})

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe with it.

        Raises:
            NotSupported: there is no scheduler of PyTorch's that makes a step with every batch.
        """
        own, each = recipe.optimizer, recipe.updates_per_epoch
        if own.rates_for != 1 or each == 1:
            raise NotSupported("No scheduler makes a step with every batch.")
        return replace(recipe, optimizer=own.with_rates_for(each, first=recipe.epochs))

    def edit(self, script: Script, before: Recipe, after: Recipe) -> Edits | None:
        """Keras's schedules count updates; only PyTorch's have a step of their own."""
        return None
