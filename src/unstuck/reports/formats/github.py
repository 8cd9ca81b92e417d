"""Workflow commands of GitHub Actions: causes as annotations at their lines.

Reference: GitHub Docs, "Workflow commands for GitHub Actions".
"""

from __future__ import annotations

from typing import ClassVar, Unpack

from unstuck.base.characters import printable
from unstuck.base.repository import place_in_repository
from unstuck.reports import Options, Report
from unstuck.reports.parts.messages import messages, summary
from unstuck.reports.parts.text_page import clean
from unstuck.reports.parts.verdict import HEALTHY, has_cause
from unstuck.result.results import Location, Result

NEWLINE = "\n"
_COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}


class GitHub(Report):
    """One command a line; the verdict comes first, as a notice where nothing is wrong."""

    suffix: ClassVar[str] = ".txt"

    def render(self, result: Result, **options: Unpack[Options]) -> str:
        """The commands."""
        well = result.outcome in HEALTHY and not has_cause(result)
        level = "notice" if well else "error" if has_cause(result) else "warning"
        text = summary(result)
        if result.repairs and result.repairs[0].diff and has_cause(result):
            text += "\n" + "\n".join(map(clean, result.repairs[0].diff.splitlines()))
        lines = [_command(level, "unstuck", text, result.script.path, None, result.fit.line)]
        lines += [
            _command(_COMMANDS[message.level], message.name, clean(message.text),
                     result.script.path, message.location, message.line)
            for message in messages(result)
        ]  # fmt: skip
        return "".join(line + "\n" for line in lines)


def _command(
    level: str, title: str, text: str, path: str | None, location: Location | None, line: int | None
) -> str:
    """One command; a line without columns stands for what has no place of its own."""
    properties = {"title": clean(title)}
    if path is not None:
        properties["file"] = clean(place_in_repository(path))
    if path is not None and location is not None:
        properties |= {"line": str(location.line), "endLine": str(location.end_line)}
        if location.line == location.end_line:  # columns are not taken otherwise
            properties |= {"col": str(location.column), "endColumn": str(location.end_column)}
    elif path is not None and line is not None:
        properties["line"] = str(line)
    given = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{level} {given}::{_data(printable(text, keep=NEWLINE))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
