"""What is done about a stack as a whole."""

from __future__ import annotations

from contextlib import suppress

from unstuck.base.errors import NotSupported
from unstuck.network.recipe import Recipe
from unstuck.network.stacks import Stack

from . import Intervention
from .skip_connections import SkipConnections
from .stack_depth import StackDepth
from .stack_normalization import StackNormalization


def about_depth(recipe: Recipe, stack: Stack) -> tuple[Intervention, ...]:
    """Half of its blocks, normalisation between them, a way around each: as far as there is none."""
    found: list[Intervention] = [StackDepth.of(stack, len(stack.blocks) // 2)]
    for put_in in (StackNormalization, SkipConnections):
        with suppress(NotSupported):
            found.append(put_in.of(recipe, stack))
    return tuple(found)
