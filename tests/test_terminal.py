"""Colours, width, and progress, on streams of all kinds."""

from __future__ import annotations

import io

import pytest

from unstuck.terminal import wants_color, width_of
from unstuck.terminal_progress import TerminalProgress


class Stream(io.StringIO):
    """A stream that is, or is not, a terminal."""

    def __init__(self, live: bool) -> None:
        super().__init__()
        self.live = live

    def isatty(self) -> bool:
        return self.live


@pytest.mark.parametrize(("mode", "live", "environ", "colored"), [
    ("auto", True, {}, True),
    ("auto", False, {}, False),
    ("auto", True, {"NO_COLOR": "1"}, False),
    ("auto", True, {"NO_COLOR": ""}, True),
    ("auto", False, {"FORCE_COLOR": "1"}, True),
    ("auto", True, {"FORCE_COLOR": "0"}, False),
    ("auto", False, {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    ("auto", True, {"TERM": "dumb"}, False),
    ("auto", True, {"CI": "true"}, False),
    ("always", False, {"NO_COLOR": "1"}, True),
    ("never", True, {"FORCE_COLOR": "1"}, False),
])  # fmt: skip
def test_colour(mode: str, live: bool, environ: dict[str, str], colored: bool) -> None:
    assert wants_color(mode, Stream(live), environ) is colored  # type: ignore[arg-type]


@pytest.mark.parametrize(("columns", "width"), [
    ("", 80), ("72", 72), ("200", 100), ("20", 60), ("wide", 80), ("0", 80),
])  # fmt: skip
def test_width(columns: str, width: int) -> None:
    assert width_of(Stream(False), {"COLUMNS": columns}) == width


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_plain_lines_every_ten_seconds() -> None:
    stream, clock = Stream(False), Clock()
    progress = TerminalProgress(stream, {}, clock=clock)
    progress.stage("population", 256)
    for second in range(25):
        clock.now = float(second)
        progress.budget(81 - second)
        progress.advance(second * 10, "19 % learn so far")
    progress.note("one line")
    progress.close()
    assert stream.getvalue().splitlines() == [
        "  population · 90/256 · 19 % learn so far · 1:11 left of budget",
        "  population · 190/256 · 19 % learn so far · 1:01 left of budget",
        "  one line",
    ]


def test_a_short_run_is_silent_where_nobody_watches() -> None:
    stream = Stream(False)
    progress = TerminalProgress(stream, {}, clock=Clock())
    progress.stage("population", 16)
    progress.advance(16)
    progress.close()
    assert stream.getvalue() == ""


def test_a_terminal_gets_a_line_that_goes_away() -> None:
    stream = Stream(True)
    progress = TerminalProgress(stream, {"COLUMNS": "100"}, clock=Clock())
    progress.stage("population [bold]x[/]\x1b[31m", 256)
    progress.budget(21)
    progress.advance(112, "19 % learn so far")
    live = stream.getvalue()
    assert "population [bold]x[/]" in live
    assert "112/256 · 19 % learn so far · 0:21 left of budget" in live
    assert "\x1b[31m" not in live
    progress.close()
    assert stream.getvalue().endswith("\x1b[2K")


def test_a_budget_in_trainings_has_no_clock() -> None:
    stream, clock = Stream(False), Clock()
    progress = TerminalProgress(stream, {}, clock=clock)
    progress.stage("population")
    clock.now = 11.0
    progress.budget(float("inf"))
    assert stream.getvalue() == "  population\n"
