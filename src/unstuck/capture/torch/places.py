"""Where in the user's file something is called from."""

from __future__ import annotations

import sys
import weakref
from types import FrameType
from typing import Any

from unstuck.script import Span

from ..calls import span_of


class Places:
    """The calls of one file that made things, and from which functions are called.

    Args:
        filename: the name that the script's code was compiled under.
    """

    def __init__(self, filename: str) -> None:
        self.filename = filename
        self._made: dict[int, tuple[weakref.ref[Any], Span]] = {}

    def frame(self) -> FrameType | None:
        """The innermost frame of the user's file on the stack."""
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and frame.f_code.co_filename != self.filename:
            frame = frame.f_back
        return frame

    def frames(self) -> list[FrameType]:
        """All frames of the user's file on the stack, the innermost first."""
        found, frame = [], self.frame()
        while frame is not None:
            if frame.f_code.co_filename == self.filename:
                found.append(frame)
            frame = frame.f_back
        return found

    def here(self) -> Span | None:
        """The expression that the user's file is at."""
        frame = self.frame()
        return None if frame is None else span_of(frame)

    def note(self, thing: Any) -> None:
        """Note that the user's file is making a thing."""
        span = self.here()
        if span is not None:
            self._made[id(thing)] = weakref.ref(thing), span

    def of(self, thing: Any) -> Span | None:
        """Where a thing was made."""
        kept = self._made.get(id(thing))
        return kept[1] if kept is not None and kept[0]() is thing else None
