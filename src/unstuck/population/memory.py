"""Memory that ran out, in whatever process: the same replicas again, fewer of them side by side."""

from __future__ import annotations

from collections.abc import Callable

from unstuck.base.errors import UnstuckError
from unstuck.network.recipe import Recipe

from .population import Engine, Population


class OutOfMemory(UnstuckError):
    """Not even one replica at a time has room."""


def lighter(engine: Engine, recipe: Recipe, train: Callable[[], Population]) -> Population:
    """Train, with half as many replicas side by side as often as memory does not suffice.

    Raises:
        OutOfMemory: not even one replica at a time has room.
    """
    while True:
        try:
            return train()
        except Exception as error:
            if not is_memory(error):
                raise
        if not engine.halve(recipe):
            raise OutOfMemory("memory: not even one replica at a time has room")


def is_memory(error: Exception) -> bool:
    """True for memory that ran out, here or on the device."""
    return isinstance(error, MemoryError) or (
        type(error).__name__ in ("JaxRuntimeError", "XlaRuntimeError")
        and ("RESOURCE_EXHAUSTED" in str(error) or "ut of memory" in str(error)))
