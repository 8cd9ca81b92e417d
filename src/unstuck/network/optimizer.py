"""An optimizer as plain values, of which a fresh one is made for every training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from unstuck.base.errors import NotSupported

from . import adapter
from .torch_numbers import is_torchs
from .torch_numbers import optimizers as torchs

CLIPS = ("clipnorm", "clipvalue", "global_clipnorm")
"""The optimizer's arguments that clip gradients."""


@dataclass(frozen=True, kw_only=True)
class Optimizer:
    """An optimizer as configured. `learning_rate` may be a schedule's configuration.

    `schedule` is the schedule itself, which may be of a class that only the user's program knows.
    `state` holds its variables' values where it goes on from an earlier training.
    """

    cls: Any
    config: Mapping[str, Any]
    schedule: Any = field(default=None, compare=False, repr=False)
    state: tuple[NDArray[Any], ...] = field(default=(), compare=False, repr=False)

    @classmethod
    def of(cls, optimizer: keras.optimizers.Optimizer) -> Optimizer:
        """The configuration of a live optimizer."""
        # Keras numbers names in a process ("adam_3"): two of one kind would be two trainings.
        config = adapter.optimizer_config(optimizer) | {"name": type(optimizer).__name__.lower()}
        rate = config.get("learning_rate")
        if isinstance(rate, int | float | np.floating):
            # The variable holds a float32; its shortest decimal form is what the user wrote.
            config["learning_rate"] = float(str(np.float32(rate)))
            return cls(cls=type(optimizer), config=config)
        return cls(cls=type(optimizer), config=config, schedule=adapter.schedule_of(optimizer))

    @classmethod
    def named(cls, kind: str, **config: Any) -> Optimizer:
        """A built-in optimizer by its class name, other arguments at Keras's defaults."""
        return cls.of(getattr(keras.optimizers, kind)(**config))

    def instead(self, kind: str, **config: Any) -> Optimizer:
        """Another one, by the formulas of the same package, other arguments at its defaults."""
        if is_torchs(self.cls) and hasattr(torchs, kind):
            return Optimizer.of(getattr(torchs, kind)(**config))
        return Optimizer.named(kind, **config)

    def with_config(self, **config: Any) -> Optimizer:
        """The same one with other arguments; a rate among them takes the place of a schedule."""
        schedule = None if "learning_rate" in config else self.schedule
        return replace(self, config={**self.config, **config}, schedule=schedule)

    def with_rates_for(self, every: int, *, first: int | None = None) -> Optimizer:
        """The same one under the rates of torch's scheduler, each for so many updates.

        Args:
            every: how many.
            first: keep so many of the rates.

        Raises:
            NotSupported: it has no such rates.
        """
        rate = self.config.get("learning_rate")
        if self.rates_for is None or not isinstance(rate, Mapping):
            raise NotSupported(f"{self.kind} has no rates of PyTorch's scheduler.")
        rates = {"rates": rate["config"]["rates"][:first], "every": every}
        return self.with_config(learning_rate={**rate, "config": rates})

    @property
    def rates_for(self) -> int | None:
        """For how many updates each rate of torch's scheduler is; `None` where there is none."""
        rate = self.config.get("learning_rate")
        own = isinstance(rate, Mapping) and rate.get("class_name") == torchs.Rates.__name__
        return int(rate["config"]["every"]) if own else None  # type: ignore[index]

    @property
    def kind(self) -> str:
        """Its class name, such as "Adam"."""
        return str(self.cls.__name__)

    @property
    def learning_rate(self) -> float | None:
        """The constant rate; `None` under a schedule."""
        rate = self.config.get("learning_rate")
        return float(rate) if isinstance(rate, int | float | np.floating) else None

    def build(self) -> keras.optimizers.Optimizer:
        """A fresh one."""
        config = dict(self.config)
        if self.learning_rate is None and self.schedule is not None:
            config["learning_rate"] = self.schedule
        built: keras.optimizers.Optimizer = self.cls.from_config(config)
        return built
