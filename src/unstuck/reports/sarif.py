"""SARIF 2.1.0, so that editors and code scanning show causes at their lines, with the fix.

Each cause, contribution and fact is one `result`; its rule is the check's name. Edits are
`replacements`, their places given by lines and columns (code points) where the source is known and
by bytes otherwise. Specification: OASIS, Static Analysis Results Interchange Format 2.1.0.
"""

from __future__ import annotations

import json
from pathlib import PurePath
from typing import Any, ClassVar, Unpack
from urllib.parse import quote

from unstuck.results import Arm, EditInfo, Location, Result, to_document

from . import Options, Report
from ._messages import Message, messages, summary

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_FIGURES = ("verdict", "replicas", "successes", "success_rate", "control_rate", "difference",
            "ci95", "rescued", "broken", "p", "p_holm")  # fmt: skip


class Sarif(Report):
    """A log with one run; the verdict stands in the run's properties."""

    suffix: ClassVar[str] = ".sarif"

    def render(self, result: Result, **options: Unpack[Options]) -> str:
        """The log, indented, with a newline at its end."""
        found = list(messages(result))
        names = list(dict.fromkeys(message.name for message in found))
        run = {
            "tool": {"driver": {
                "name": "unstuck",
                "semanticVersion": result.tool.unstuck,
                "rules": [_rule(name, found) for name in names],
            }},
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": result.outcome != "ERROR",
                "arguments": list(result.script.argv),
            }],
            "results": [_result(result, message, names.index(message.name)) for message in found],
            "properties": {"outcome": result.outcome, "verdict": summary(result)},
        }  # fmt: skip
        log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
        return json.dumps(log, sort_keys=True, indent=2, allow_nan=False) + "\n"


def _rule(name: str, found: list[Message]) -> dict[str, Any]:
    first = next(message for message in found if message.name == name)
    title = first.arm.title if first.arm is not None else name.replace("-", " ")
    return {
        "id": name,
        "shortDescription": {"text": title},
        "help": {"text": f"unstuck explain {name}"},
    }


def _result(result: Result, message: Message, rule: int) -> dict[str, Any]:
    made: dict[str, Any] = {
        "ruleId": message.name,
        "ruleIndex": rule,
        "level": message.level,
        "message": {"text": message.text},
    }
    uri = _uri(result)
    if uri is not None and message.location is not None:
        place = {"artifactLocation": {"uri": uri}, "region": _region(message.location)}
        made["locations"] = [{"physicalLocation": place}]
    if message.arm is not None:
        made["properties"] = {name: to_document(getattr(message.arm, name)) for name in _FIGURES}
        if uri is not None and message.arm.edits:
            made["fixes"] = [_fix(result, message.arm, message.arm.edits, uri)]
    return made


def _uri(result: Result) -> str | None:
    """The script as a URI reference; relative unless the user gave a full path."""
    path = result.script.path
    if path is None:
        return None
    pure = PurePath(path)
    # A name that is no text, as file systems allow, is told escaped.
    place = "file://" if pure.is_absolute() else ""
    return place + quote(pure.as_posix(), errors="backslashreplace")


def _region(location: Location) -> dict[str, int]:
    return {
        "startLine": location.line, "startColumn": location.column,
        "endLine": location.end_line, "endColumn": location.end_column,
    }  # fmt: skip


def _fix(result: Result, arm: Arm, edits: tuple[EditInfo, ...], uri: str) -> dict[str, Any]:
    replacements = [
        {
            "deletedRegion": _edited(result.source, edit),
            "insertedContent": {"text": edit.replacement},
        }
        for edit in edits
    ]
    change = {"artifactLocation": {"uri": uri}, "replacements": replacements}
    return {"description": {"text": arm.intervention}, "artifactChanges": [change]}


def _edited(source: str | None, edit: EditInfo) -> dict[str, int]:
    """Where an edit is; columns count characters from 1."""
    data = (source or "").encode(errors="replace")
    if source is None or edit.end > len(data):
        return {"byteOffset": edit.start, "byteLength": edit.end - edit.start}
    (line, column), (end_line, end_column) = (_place(data, at) for at in (edit.start, edit.end))
    return {"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column}


def _place(data: bytes, offset: int) -> tuple[int, int]:
    before = data[:offset].decode(errors="replace").replace("\r\n", "\n").replace("\r", "\n")
    return before.count("\n") + 1, len(before) - before.rfind("\n")
