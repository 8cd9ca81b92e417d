"""F27: terminals of every width and kind: nothing is cut off in the middle, nothing falls over."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import struct
import sys
import termios
from typing import Any

import pytest

from faults.helpers import in_terminal
from results_examples import TWO_BITS
from unstuck.diagnosis import saved
from unstuck.doors.terminal_progress import TerminalProgress

ODD: dict[str, tuple[int, dict[str, str | None]]] = {
    "of no width": (0, {"TERM": "xterm"}), "of one column": (1, {"TERM": "xterm"}),
    "of 39 columns": (39, {"TERM": "xterm"}), "of 5,000 columns": (5000, {"TERM": "xterm"}),
    "dumb": (80, {"TERM": "dumb"}), "without a kind": (80, {"TERM": None}),
    "of an empty kind": (80, {"TERM": ""}), "of an unknown kind": (80, {"TERM": "no-such-terminal"}),
    "without colours": (80, {"TERM": "xterm", "NO_COLOR": "1"}),
    "with COLUMNS that is no number": (80, {"TERM": "xterm", "COLUMNS": "wide"}),
    "with COLUMNS of 10^30": (80, {"TERM": "xterm", "COLUMNS": "1" + "0" * 30}),
}
PLAIN = ("dumb", "without colours")


def environ(changes: dict[str, str | None]) -> dict[str, str]:
    given = {**os.environ, **changes}
    for name in ("CI", "NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        given.setdefault(name, None)
        given[name] = changes.get(name)
    return {name: value for name, value in given.items() if value is not None}


@pytest.mark.parametrize("name", ODD)
def test_a_report_in_an_odd_terminal(name, tmp_path, fault):
    saved.write(tmp_path / "a.unstuck", TWO_BITS, {})
    columns, changes = ODD[name]
    status, shown = in_terminal([sys.executable, "-m", "unstuck", "report", "a.unstuck"], tmp_path,
                                environ(changes), columns=columns)
    assert status == 0, shown
    assert ("\x1b[" in shown) is (name not in PLAIN)
    lines = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown).splitlines()
    assert max(map(len, lines)) <= 104  # a column for what is wider than its cell
    assert "trainings of your script" in " ".join(" ".join(lines).split())
    fault("F27", 1, "a terminal of no width, of thousands of columns, dumb or of no kind: a report")


def read(master: int) -> str:
    """All that a terminal has got by now."""
    got = b""
    with contextlib.suppress(BlockingIOError):
        while data := os.read(master, 4096):
            got += data
    return got.decode(errors="replace")


@pytest.mark.parametrize("name", ODD)
def test_progress_in_an_odd_terminal(name):
    columns, changes = ODD[name]
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    os.set_blocking(master, False)
    shown = ""
    clock: Any = iter(range(10_000)).__next__
    with os.fdopen(slave, "w", encoding="utf-8") as stream:
        progress = TerminalProgress(stream, environ(changes), clock=lambda: float(clock()))
        for number in range(3):
            progress.stage("trying a change whose name is long: " + "x" * 200, 10)
            progress.advance(number, "yours 0 %, best of 3: 100 %")
            progress.budget(1e9)
            progress.note("a note")
            shown += read(master)
        progress.close()
        stream.flush()
        shown += read(master)
    os.close(master)
    live = changes.get("TERM") != "dumb"
    assert shown.count("a note") == 3
    assert ("trying a change" in shown) is ("\x1b[" in shown) is live
    assert shown.count("\x1b[?25l") == shown.count("\x1b[?25h")
