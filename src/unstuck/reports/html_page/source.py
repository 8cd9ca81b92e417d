"""The user's script on the page: faulty places marked, the repair as a diff, the repaired text."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise

from unstuck.reports.parts.source import script_name
from unstuck.reports.parts.text_page import clean
from unstuck.reports.parts.words import NBSP
from unstuck.result.results import Arm, EditInfo, Location, Repair, Result

_NEWLINE = re.compile(r"\r\n|\r|\n")
_CONTEXT = 3
_ALL_UP_TO = 60


@dataclass(frozen=True, kw_only=True)
class Piece:
    """Part of a line; `mark` is the verdict of what stands there, if anything does."""

    text: str
    mark: str = ""
    tip: str = ""


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of source or of a diff; `number` 0 stands for lines left out."""

    number: int
    pieces: tuple[Piece, ...]
    kind: str = ""


@dataclass(frozen=True, kw_only=True)
class _Mark:
    start: int
    end: int
    mark: str
    tip: str


def marked(result: Result) -> tuple[Line, ...]:
    """The script with the places of causes and the like underlined; of a long one only those."""
    if result.source is None:
        return ()
    lines = _NEWLINE.split(result.source)
    while lines and not lines[-1].strip():
        lines.pop()
    marks: dict[int, list[_Mark]] = {}
    for arm in _guilty(result):
        assert arm.location is not None
        _mark(marks, arm.location, lines, arm.verdict.replace(" ", "-"),
              f"{arm.verdict}: {arm.intervention}")  # fmt: skip
    for fact in result.facts:
        if fact.location is not None:
            _mark(marks, fact.location, lines, "fact", f"fact: {fact.check}")
    if result.fit.line is not None and 0 < result.fit.line <= len(lines):
        marks.setdefault(result.fit.line, [])
    shown = range(1, len(lines) + 1)
    near = {n for at in marks for n in range(at - _CONTEXT, at + _CONTEXT + 1)}
    kept = [n for n in shown if len(lines) <= _ALL_UP_TO or n in near]
    found, last = [], 0
    for number in kept:
        if number != last + 1:
            found.append(Line(number=0, pieces=()))
        found.append(Line(number=number, pieces=_pieces(lines[number - 1], marks.get(number, ())),
                          kind="fit" if number == result.fit.line else ""))  # fmt: skip
        last = number
    if last < len(lines):
        found.append(Line(number=0, pieces=()))
    return tuple(found)


def _guilty(result: Result) -> list[Arm]:
    kinds = ("cause", "needs company", "contributes")
    return [arm for kind in kinds for arm in result.by_verdict(kind)  # type: ignore[arg-type]
            if arm.location is not None]  # fmt: skip


def _mark(
    marks: dict[int, list[_Mark]], place: Location, lines: list[str], kind: str, tip: str
) -> None:
    if not 0 < place.line <= len(lines):
        return
    line = lines[place.line - 1]
    start = min(place.column - 1, len(line))
    end = min(place.end_column - 1, len(line)) if place.end_line == place.line else len(line)
    if end > start:
        marks.setdefault(place.line, []).append(_Mark(start=start, end=end, mark=kind, tip=tip))


def _pieces(line: str, marks: Iterable[_Mark]) -> tuple[Piece, ...]:
    """The line cut at every mark's ends; where marks overlap, the first given counts."""
    given = list(marks)
    cuts = sorted({0, len(line), *(m.start for m in given), *(m.end for m in given)})
    found = []
    for start, end in pairwise(cuts):
        over = [m for m in given if m.start <= start and end <= m.end]
        tips = dict.fromkeys(m.tip for m in over)
        found.append(Piece(text=clean(line[start:end]), mark=over[0].mark if over else "",
                           tip="; ".join(tips)))  # fmt: skip
    return tuple(found)


def diff_lines(repair: Repair) -> tuple[Line, ...]:
    """A repair's diff without its file names."""
    kinds = {"+": "new", "-": "old", "@": "hunk"}
    lines = repair.diff.splitlines()
    body = [line for line in lines if not line.startswith(("---", "+++"))]
    return tuple(Line(number=0, pieces=(Piece(text=clean(line)),), kind=kinds.get(line[:1], ""))
                 for line in body if not line.startswith("@@") or len(body) > 6)  # fmt: skip


def signed(lines: Iterable[str]) -> tuple[Line, ...]:
    """Lines that go and lines that come, each with its sign, from which no line is broken."""
    return tuple(Line(number=0, pieces=(Piece(text=clean(f"{line[0]}{NBSP}{line[1:]}")),),
                      kind="new" if line[0] == "+" else "old") for line in lines)


def marked_line(place: Location) -> Line:
    """The line of a place, without its indentation, the place in it marked."""
    line = _NEWLINE.split(place.source)[0]
    end = place.end_column - 1 if place.end_line == place.line else len(line)
    pieces = _pieces(line, [_Mark(start=min(place.column - 1, len(line)), end=min(end, len(line)),
                                  mark="cause", tip="")])
    first, *rest = pieces or (Piece(text=""),)
    return Line(number=place.line, pieces=(replace(first, text=first.text.lstrip()), *rest))


def repaired(result: Result, edits: tuple[EditInfo, ...] | None) -> str | None:
    """The script with the edits applied; `None` where it is not known."""
    if result.source is None or edits is None:
        return None
    data = result.source.encode()
    if any(edit.end > len(data) or edit.start > edit.end for edit in edits):
        return None
    pieces, done = [], 0
    for edit in sorted(dict.fromkeys(edits), key=lambda e: (e.start, e.end)):
        pieces += [data[done : edit.start], edit.replacement.encode()]
        done = edit.end
    return b"".join([*pieces, data[done:]]).decode(errors="replace")


def download(text: str) -> str:
    """A text as a link that saves it."""
    return "data:text/x-python;charset=utf-8;base64," + base64.b64encode(text.encode()).decode()


def repaired_name(result: Result) -> str:
    """The file name that `unstuck fix` would take."""
    name = script_name(result) if result.script.path is not None else "script.py"
    return f"{name.rsplit('/', 1)[-1].removesuffix('.py')}_unstuck.py"
