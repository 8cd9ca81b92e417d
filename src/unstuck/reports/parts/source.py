"""The user's source in a report: the marked place, and what edits make of it."""

from __future__ import annotations

import re
from pathlib import PurePath

from rich.cells import cell_len

from unstuck.result.results import Arm, EditInfo, FindingInfo, Location, Result, ScriptInfo

from .text_page import Page, clean

_NEWLINE = re.compile(r"\r\n|\r|\n")


def script_name(result: Result) -> str:
    """The script of a result."""
    return name_of(result.script)


def name_of(script: ScriptInfo) -> str:
    """A script as the user named it; its bare name where that was a full path."""
    path = script.path
    if path is None:
        return "your script"
    return PurePath(path).name if PurePath(path).is_absolute() else path


def place(result: Result, location: Location) -> str:
    """A place as editors understand it: "train.py:10:11"."""
    return f"{script_name(result)}:{location.line}:{location.column}"


def line_of(item: Arm | FindingInfo) -> int | None:
    """The line of a change or a finding."""
    return None if item.location is None else item.location.line


def excerpt(page: Page, result: Result, location: Location, indent: int = 2) -> None:
    """The located line with a line of carets under the place."""
    margin, bar = " " * indent, ("│", "dim")
    page.line(margin, ("┌─ ", "dim"), (place(result, location), "dim"))
    line = _NEWLINE.split(location.source)[0]
    start = min(location.column - 1, len(line))
    same = location.end_line == location.line
    end = max(location.end_column - 1 if same else len(line.rstrip()), start)
    before, marked = clean(line[:start]), clean(line[start:end])
    stripped = before.lstrip(" ")
    after = clean(line[end:]).rstrip()
    room = page.width - indent - 4
    if cell_len(stripped) + cell_len(marked) > room:
        stripped = "…" + stripped[-max(room // 3, 1) :] if len(stripped) > room // 3 else stripped
    shown, width = page.plain(stripped), cell_len(page.plain(stripped))
    rest = page.cropped(marked + after, max(room - width, 8))
    carets = max(min(cell_len(page.plain(marked)), cell_len(rest)), 1)
    page.line(margin, bar, "  ", shown, rest)
    page.line(margin, bar, "  ", " " * width, ("^" * carets, "bold red"), _to_line(location))


def _to_line(location: Location) -> str:
    more = location.end_line - location.line
    return f" to line {location.end_line}" if more else ""


def fix_of(result: Result, arm: Arm) -> list[str] | None:
    """The lines that a change makes, or its name where it only takes some out; `None`: by hand."""
    return None if arm.edits is None else _edited_lines(result, arm.edits) or [arm.intervention]


def _edited_lines(result: Result, edits: tuple[EditInfo, ...]) -> list[str]:
    """The lines as the edits make them, without indentation and comments; none where the source is
    unknown."""
    if result.source is None:
        return []
    data = result.source.encode(errors="replace")
    if any(edit.end > len(data) for edit in edits):
        return []
    found: dict[str, None] = {}
    for edit in edits:
        start = data.rfind(b"\n", 0, edit.start) + 1
        stop = data.find(b"\n", edit.end)
        stop = len(data) if stop < 0 else stop
        # Whole lines put before or behind a line, or taken out, leave it as it is.
        whole = edit.replacement.endswith("\n") or not edit.replacement
        if edit.start == start and whole and data[edit.end - 1 : edit.end] in (b"\n", b""):
            stop = edit.end
        elif edit.start == edit.end == stop and edit.replacement.startswith(("\r", "\n")):
            start = edit.start
        # Those put in at one place keep their order.
        inside = sorted((e for e in dict.fromkeys(edits) if start <= e.start and e.end <= stop),
                        key=lambda e: (e.start, e.end))  # fmt: skip
        pieces, done = [], start
        for other in inside:
            pieces += [data[done : other.start], other.replacement.encode(errors="replace")]
            done = max(done, other.end)
        text = b"".join([*pieces, data[done:stop]]).decode(errors="replace")
        found.update(dict.fromkeys(line.strip() for line in _NEWLINE.split(text) if line.strip()))
    return [line for line in found if not line.startswith("#")]
