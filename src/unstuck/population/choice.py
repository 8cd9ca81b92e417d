"""Which engine trains a recipe: the native one where it can, else the program engine, else Keras's."""

from __future__ import annotations

from functools import cache

from unstuck.network.recipe import Recipe

from .keras_engine.engine import KerasEngine
from .native_engine.engine import NativeEngine
from .population import Engine, Left
from .program_engine.engine import ProgramEngine


def engines(threads: int | None = None, *, timed: bool = True) -> tuple[Engine, ...]:
    """The engines in the order in which they are asked; made once, for their compiled programs.

    Those not `timed` let no clock decide how they train.
    """
    return _native(threads), _program(threads, timed), _keras(threads, timed)


@cache
def _native(threads: int | None) -> Engine:
    return NativeEngine(threads=threads)


@cache
def _program(threads: int | None, timed: bool) -> Engine:
    return ProgramEngine(threads=threads, timed=timed)


@cache
def _keras(threads: int | None, timed: bool) -> Engine:
    return KerasEngine(threads=threads, timed=timed)


def engine_for(
    recipe: Recipe, *, like: str | None = None, apart_from: str | None = None,
    threads: int | None = None, timed: bool = True,
) -> tuple[Engine, str | None]:
    """The engine for a recipe, and why a faster one would not take it.

    Args:
        recipe: what is to be trained.
        like: the name of the engine that trained the control; it is preferred, so that control and
            treatment differ in nothing but the change.
        apart_from: the name of an engine that is not asked.
        threads: most threads of an engine; all cores by default.
        timed: let the clock choose between ways of training.
    """
    refused: list[str] = []
    asked = [one for one in engines(threads, timed=timed) if one.name != apart_from]
    for engine in sorted(asked, key=lambda one: one.name != (like or one.name)):
        reason = engine.refuses(recipe)
        if reason is None:
            break
        if not isinstance(reason, Left):
            refused.append(reason)
    else:
        engine = asked[-1]
    return engine, "; ".join(refused) or None
