"""Another optimizer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import keras

from unstuck.base.errors import NotSupported
from unstuck.network.recipe import Recipe
from unstuck.script import Script

from . import Intervention
from ._optimizer import optimizer_edits
from ._source import Edits, tidy


@dataclass(frozen=True, kw_only=True)
class UseOptimizer(Intervention):
    """The optimizer of Keras called `name`, with Keras's defaults but for a `learning_rate`."""

    kind: ClassVar[str] = "optimizer"
    cost: ClassVar[float] = 3

    name: str = "Adam"
    learning_rate: float | None = None

    @property
    def label(self) -> str:
        """What is done."""
        rate = "" if self.learning_rate is None else f", learning rate {self.learning_rate:.4g}"
        return f"optimizer → {self.name}{rate}"

    @property
    def site(self) -> str:
        """The part it changes."""
        return "compile"

    @property
    def stage(self) -> int:
        """Before any change to the optimizer's arguments."""
        return 1

    @property
    def touches(self) -> frozenset[str]:
        """The optimizer, with the rate that is its own."""
        return frozenset({"optimizer", "learning_rate"})

    @property
    def conflicts(self) -> frozenset[str]:
        """The slots it sets."""
        rate = () if self.learning_rate is None else ("optimizer.learning_rate",)
        return frozenset({"optimizer.kind", *rate})

    def reason(self, before: Recipe) -> str:
        """Which it was."""
        own, rate = before.optimizer, before.optimizer.learning_rate
        if own.kind == self.name and rate is not None:
            return f"{own.kind}: the rate was {rate:.4g}"
        was = own.kind if rate is None else f"{own.kind} at {rate:.4g}"
        gain = "steps of about its rate in each weight; " if self.name == "Adam" else ""
        return f"optimizer: {gain}was {was}"

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe with this optimizer."""
        cls = getattr(keras.optimizers, self.name, None)
        if not isinstance(cls, type) or not issubclass(cls, keras.optimizers.Optimizer):
            raise NotSupported(f"Keras has no optimizer called {self.name!r}.")
        rate = {} if self.learning_rate is None else {"learning_rate": tidy(self.learning_rate)}
        return replace(recipe, optimizer=recipe.optimizer.instead(self.name, **rate))

    def edit(self, script: Script, before: Recipe, after: Recipe) -> Edits | None:
        """The optimizer, written as it is after the repair."""
        return optimizer_edits(script, before, after)
