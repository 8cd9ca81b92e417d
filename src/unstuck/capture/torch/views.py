"""Views that a script makes of its data, by which axes may have been meant to change places."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unstuck.network.data import Viewed
from unstuck.script import Span

from .ops import array

MOST, MOST_BYTES = 8, 64 << 20
NAMES = frozenset({"view", "reshape"})


@dataclass(frozen=True, kw_only=True, eq=False)
class View:
    """A view, the tensor that it was made of, the order of axes that gives its sizes, and its place."""

    of: Any
    made: Any
    dims: tuple[int, ...]
    span: Span | None


class Views:
    """Notes those that may have been meant otherwise.

    Args:
        here: tells the expression that the user's file is at.
    """

    def __init__(self, here: Callable[[], Span | None]) -> None:
        self._here = here
        self._made: list[View] = []

    def heard(self, given: Any, out: Any) -> None:
        """A view has been made outside of all modules."""
        dims = exchanged(tuple(given.shape), tuple(out.shape))
        small = given.numel() * given.element_size() <= MOST_BYTES
        if dims is not None and small and len(self._made) < MOST:
            self._made.append(View(of=given.detach(), made=out.detach(), dims=dims, span=self._here()))

    def behind(self, rows: NDArray[Any]) -> tuple[Viewed, Span | None] | None:
        """The view whose rows these are; `None` where they are of none."""
        for view in self._made:
            made = np.ascontiguousarray(array(view.made), rows.dtype)
            if made.shape[1:] != rows.shape[1:]:
                continue
            meant = np.ascontiguousarray(np.transpose(array(view.of), view.dims), rows.dtype)
            found = Viewed(dims=view.dims, as_viewed=made, as_meant=meant)
            try:
                found.of(rows)
            except LookupError:
                continue
            return found, view.span
        return None


def exchanged(before: tuple[int, ...], after: tuple[int, ...]) -> tuple[int, ...] | None:
    """The order of the axes of one shape that makes the other; `None` for none or several.

    Axes of one size keep their order, as height and width do where colours come to the front. The first
    axis of square tables, `(20, 20, 3)` as `(20, 3, 20)`, stays the first.
    """
    if before == after or sorted(before) != sorted(after):
        return None
    if [n for n in before if n != 1] == [n for n in after if n != 1]:
        return None
    left, order = list(range(len(before))), []
    for size in after:
        order.append(next(i for i in left if before[i] == size))
        left.remove(order[-1])
    return tuple(order)
