"""Which engine trains a recipe: the native one where it can, the Keras engine otherwise."""

from __future__ import annotations

from functools import cache

from unstuck.network.recipe import Recipe

from .keras_engine.engine import KerasEngine
from .native_engine.engine import NativeEngine
from .population import Engine


@cache
def engines(threads: int | None = None) -> tuple[Engine, ...]:
    """The engines in the order in which they are asked; made once, for their compiled programs."""
    return (NativeEngine(threads=threads), KerasEngine(threads=threads))


def engine_for(
    recipe: Recipe, *, like: str | None = None, threads: int | None = None
) -> tuple[Engine, str | None]:
    """The engine for a recipe, and why a faster one would not take it.

    Args:
        recipe: what is to be trained.
        like: the name of the engine that trained the control; it is preferred, so that control and
            treatment differ in nothing but the change.
        threads: most threads of an engine; all cores by default.
    """
    refused = None
    for engine in engines(threads):
        reason = engine.refuses(recipe)
        if reason is None and like in (None, engine.name):
            return engine, refused
        refused = refused or reason
    return engines(threads)[-1], refused
