"""What a `compile` of the user's own was given, so that a fresh model can be compiled alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras

from . import adapter


@dataclass(frozen=True)
class Slot:
    """Stands for the optimizer of that number."""

    index: int


@dataclass(frozen=True, kw_only=True, eq=False)
class OwnCompile:
    """The arguments of a `compile` of the user's own, positional and by name.

    Optimizers are left out of them (`Slot`): each training has its own.
    """

    positional: tuple[Any, ...]
    named: Mapping[str, Any]

    @classmethod
    def of(cls, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[OwnCompile, list[Any]]:
        """The arguments, and the optimizers among them in order."""
        optimizers: list[Any] = []

        def without(value: Any) -> Any:
            if isinstance(value, str | keras.optimizers.Optimizer):
                made = _optimizer_named(value) if isinstance(value, str) else value
                if made is not None:
                    optimizers.append(made)
                    return Slot(len(optimizers) - 1)
            return value

        def one(name: str, value: Any) -> Any:
            # A string is an optimizer only where it is called one: losses and metrics are strings, too.
            return without(value) if not isinstance(value, str) or "optim" in name else value

        made = cls(positional=tuple(one("optimizer" if i == 0 else "", v) for i, v in enumerate(args)),
                   named={name: one(name, value) for name, value in kwargs.items()})
        return made, optimizers

    def in_order(self, numbers: Sequence[int]) -> OwnCompile:
        """The same for optimizers in another order: first the one of `numbers[0]`, and so on."""
        places = {number: place for place, number in enumerate(numbers)}

        def moved(value: Any) -> Any:
            return Slot(places[value.index]) if isinstance(value, Slot) else value

        return OwnCompile(positional=tuple(map(moved, self.positional)),
                          named={name: moved(value) for name, value in self.named.items()})

    def given(self, optimizers: Sequence[Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments for a fresh model, with fresh metrics."""
        def filled(value: Any) -> Any:
            if isinstance(value, Slot):
                return optimizers[value.index]
            return adapter.fresh_metrics(value)

        return (tuple(map(filled, self.positional)),
                {name: filled(value) for name, value in self.named.items()})


def _optimizer_named(name: str) -> Any:
    try:
        return keras.optimizers.get(name)
    except ValueError:
        return None
