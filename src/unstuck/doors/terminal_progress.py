"""Progress on standard error: two live lines on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TextIO

from rich.cells import cell_len, set_cell_size
from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from unstuck.base.progress import Progress
from unstuck.reports.parts.text_page import Look, Page, clean

from .terminal import Color, encoding_of, is_live, wants_color, width_of

EVERY = 10.0
"""Seconds between two plain lines."""
OFTEN = 0.05
"""Seconds between two drawings of the live lines."""
HINT = "Ctrl-C keeps what is known"
AT_MOST = "at most "
"""Stands before the time that is left, since a search may end sooner; not in a narrow window."""
_ROOMY = 80  # columns from which nothing is left out


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
        self._printed = self._drawn = clock()
        self._page = Page(Look(encoding=encoding_of(stream)))
        self._live: Live | None = None
        self._width = width_of(stream, environ)
        if is_live(stream, environ):
            console = Console(
                file=stream, width=self._width, highlight=False, markup=False,
                emoji=False, no_color=not wants_color(color, stream, environ),
            )  # fmt: skip
            self._live = Live(console=console, transient=True, auto_refresh=False)

    def stage(self, text: str, total: int | None = None) -> None:
        """A new step begins."""
        super().stage(text, total)
        self._text, self._total, self._done = clean(text), total or 0, 0
        if self._live is not None:
            self._live.start()
        self._tell(now=True)

    def advance(self, done: int, note: str = "", total: int | None = None) -> None:
        """So much of the step is done; `note` says what is known so far."""
        self._done, self._said = done, clean(note)
        self._total = self._total if total is None else total
        self._tell(now=done == self._total)

    def budget(self, seconds_left: float) -> None:
        """So many seconds are left of the budget."""
        if seconds_left < 1e7:  # a budget in trainings has no seconds
            minutes, seconds = divmod(max(round(seconds_left), 0), 60)
            self._left = f"{AT_MOST}{minutes}:{seconds:02} more"
        self._tell()

    def note(self, text: str) -> None:
        """One line that stays."""
        line = self._plain(clean(text))
        if self._live is not None:
            self._live.console.print(Text(f"  {line}"))
        else:
            self._write(line)

    def close(self) -> None:
        """The live lines go away."""
        if self._live is not None:
            self._live.stop()

    def _tell(self, *, now: bool = False) -> None:
        clock = self._clock()
        if self._live is not None:
            if now or clock - self._drawn >= OFTEN:
                self._drawn = clock
                self._live.update(self._lines(), refresh=True)
        elif clock - self._printed >= EVERY:
            self._printed = clock
            parts = (self._text, self._counted(), self._said, self._left)
            self._write(self._plain(" · ".join(filter(None, parts))))

    def _lines(self) -> Group:
        """What is being tried; below it how far that is, what is known, and what is left."""
        room = self._width - 3
        text = self._plain(self._text)
        if cell_len(text) > room:
            text = set_cell_size(text, room - 1).rstrip() + self._plain("…")
        elif self._left and cell_len(text) + 4 + len(HINT) <= room:
            text += " " * (room - cell_len(text) - len(HINT)) + HINT
        first = Text(f"  {text}")
        if first.plain.endswith(HINT):
            first.stylize("dim", len(first.plain) - len(HINT))
        roomy = self._width >= _ROOMY
        left = self._left if roomy else self._left.removeprefix(AT_MOST)
        status = " · ".join(filter(None, (self._counted(), self._said, left)))
        row: list[Text | ProgressBar] = [Text("  ")]
        if self._total and roomy:
            row.append(ProgressBar(total=self._total, completed=self._done, width=16,
                                   complete_style="cyan", finished_style="cyan"))
            status = "  " + status
        grid = Table.grid()
        grid.add_row(*row, Text(self._plain(status), no_wrap=True, overflow="ellipsis"))
        return Group(first, grid)

    def _counted(self) -> str:
        return f"{self._done}/{self._total}" if self._total else ""

    def _plain(self, text: str) -> str:
        return self._page.plain(text)

    def _write(self, line: str) -> None:
        self._stream.write(f"  {line}\n")
        self._stream.flush()
