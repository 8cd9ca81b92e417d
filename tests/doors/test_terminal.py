"""Colours, width, and progress, on streams of all kinds."""

from __future__ import annotations

import io
import re

import pytest
from rich.cells import cell_len

from unstuck.doors.terminal import wants_color, width_of
from unstuck.doors.terminal_progress import HINT, TerminalProgress


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
        "  population · 90/256 · 19 % learn so far · at most 1:11 more",
        "  population · 190/256 · 19 % learn so far · at most 1:01 more",
        "  one line",
    ]


def test_a_short_run_is_silent_where_nobody_watches() -> None:
    stream = Stream(False)
    progress = TerminalProgress(stream, {}, clock=Clock())
    progress.stage("population", 16)
    progress.advance(16)
    progress.close()
    assert stream.getvalue() == ""


def lines_of(stream: Stream) -> list[str]:
    """The live lines as they were drawn last, without their codes."""
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", stream.getvalue())
    return plain.replace("\r", "\n").rstrip("\n").split("\n")[-2:]


def watched(columns: int, text: str, **environ: str) -> Stream:
    """A terminal of that width on which a change is being tried."""
    stream, clock = Stream(True), Clock()
    progress = TerminalProgress(stream, {"COLUMNS": str(columns), **environ}, clock=clock)
    progress.stage(text, 64)
    clock.now = 1.0
    progress.budget(21)
    clock.now = 2.0
    progress.advance(112, "yours 19 %, best of 12: 92 %", 256)
    return stream


def test_a_terminal_gets_lines_that_go_away() -> None:
    stream, clock = Stream(True), Clock()
    progress = TerminalProgress(stream, {"COLUMNS": "100"}, clock=clock)
    progress.stage("population [bold]x[/]\x1b[31m", 256)
    progress.budget(21)
    clock.now = 1.0
    progress.advance(112, "19 % learn so far")
    first, second = lines_of(stream)
    assert first.startswith("  population [bold]x[/]") and first.endswith(HINT)
    assert second.endswith(" 112/256 · 19 % learn so far · at most 0:21 more")
    assert "\x1b[31m" not in stream.getvalue()
    progress.close()
    assert stream.getvalue().endswith("\x1b[2K")


@pytest.mark.parametrize("columns", [60, 80, 100])
@pytest.mark.parametrize("text", [
    "trying dense: relu → linear", "trying " + "dense: relu → linear and 漢字, " * 9,
])  # fmt: skip
def test_what_is_known_is_whole_at_every_width(columns: int, text: str) -> None:
    first, second = lines_of(watched(columns, text))
    assert max(cell_len(first), cell_len(second)) <= columns
    assert "112/256 · yours 19 %, best of 12: 92 % · " in second
    assert second.endswith("0:21 more")
    assert ("at most" in second) == (columns >= 80)
    assert first.endswith("…") == (len(text) > 90)
    assert first.startswith("  trying dense: relu")
    assert (HINT in first) == (len(text) < 90)


def test_live_lines_without_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    plain = watched(80, "trying", NO_COLOR="1").getvalue()
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]", plain)
    assert re.search(r"\x1b\[[0-9;]*3[0-9]", watched(80, "trying").getvalue())


def test_live_lines_are_not_drawn_more_often_than_is_seen() -> None:
    stream, clock = Stream(True), Clock()
    progress = TerminalProgress(stream, {}, clock=clock)
    progress.stage("population", 1000)
    for done in range(1000):
        clock.now += 0.001
        progress.advance(done, "19 % learn so far")
    progress.stage("trying relu → tanh", 64)
    assert "0/64 · 19 % learn so far" in lines_of(stream)[1], "what is known stays"
    assert 10 < stream.getvalue().count("/1000") < 25


def test_a_budget_in_trainings_has_no_clock() -> None:
    stream, clock = Stream(False), Clock()
    progress = TerminalProgress(stream, {}, clock=clock)
    progress.stage("population")
    clock.now = 11.0
    progress.budget(float("inf"))
    assert stream.getvalue() == "  population\n"
