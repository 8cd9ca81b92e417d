"""Progress on standard error: a live line on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as Bars
from rich.text import Text

from unstuck.progress import Progress
from unstuck.reports._page import Look, Page, clean
from unstuck.terminal import Color, encoding_of, is_live, wants_color, width_of

EVERY = 10.0
"""Seconds between two plain lines."""


class TerminalProgress(Progress):
    """Draws the stages of a diagnosis.

    Args:
        stream: where to; standard error.
        environ: environment variables, for colours and width.
        color: whether the live line may be coloured.
        clock: seconds that only go forward.
    """

    def __init__(
        self,
        stream: TextIO,
        environ: Mapping[str, str],
        *,
        color: Color = "auto",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stream, self._clock = stream, clock
        self._text, self._total, self._done = "", 0, 0
        self._said, self._left = "", ""
        self._printed = clock()
        self._page = Page(Look(encoding=encoding_of(stream)))
        self._bars: Bars | None = None
        if is_live(stream, environ):
            console = Console(
                file=stream, width=width_of(stream, environ), highlight=False, markup=False,
                emoji=False, no_color=not wants_color(color, stream, environ),
            )  # fmt: skip
            self._bars = Bars(
                TextColumn("  {task.description}", markup=False),
                BarColumn(bar_width=16),
                TextColumn("{task.fields[said]}", markup=False),
                console=console, transient=True, auto_refresh=False,
            )  # fmt: skip
            self._task = self._bars.add_task("", total=None, said="")

    def stage(self, text: str, total: int | None = None) -> None:
        """A new step begins."""
        self._text, self._total, self._done, self._said = clean(text), total or 0, 0, ""
        if self._bars is not None:
            self._bars.start()
            self._bars.reset(self._task, total=total, description=self._text)
        self._tell()

    def advance(self, done: int, note: str = "") -> None:
        """So much of the step is done; `note` says what is known so far."""
        self._done, self._said = done, clean(note)
        self._tell()

    def budget(self, seconds_left: float) -> None:
        """So many seconds are left of the budget."""
        if seconds_left < 1e7:  # a budget in trainings has no seconds
            minutes, seconds = divmod(max(round(seconds_left), 0), 60)
            self._left = f"{minutes}:{seconds:02} left of budget"
        self._tell()

    def note(self, text: str) -> None:
        """One line that stays."""
        line = self._plain(clean(text))
        if self._bars is not None:
            self._bars.console.print(Text(f"  {line}"))
        else:
            self._write(line)

    def close(self) -> None:
        """The live line goes away."""
        if self._bars is not None:
            self._bars.stop()

    def _tell(self) -> None:
        if self._bars is not None:
            self._bars.update(self._task, completed=self._done, said=self._plain(self._status()))
            self._bars.refresh()
        elif self._clock() - self._printed >= EVERY:
            self._printed = self._clock()
            self._write(self._plain(" · ".join(filter(None, (self._text, self._status())))))

    def _status(self) -> str:
        counted = f"{self._done}/{self._total}" if self._total else ""
        hint = "Ctrl-C keeps what is known" if self._bars is not None and self._left else ""
        return " · ".join(filter(None, (counted, self._said, self._left, hint)))

    def _plain(self, text: str) -> str:
        return self._page.plain(text)

    def _write(self, line: str) -> None:
        self._stream.write(f"  {line}\n")
        self._stream.flush()
