"""SARIF 2.1.0, so that editors and code scanning show causes at their lines, with the fix.

Each cause, contribution and fact is one `result`; its rule is the check, with its page. What has no
place of its own is reported at the `fit`. Fixes are alternatives; their edits are `replacements`,
placed by lines and columns (code points) where the source is known and by bytes otherwise.
Specification: OASIS, Static Analysis Results Interchange Format 2.1.0.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from typing import Any, ClassVar, Protocol, Unpack
from urllib.parse import quote

from unstuck.base.repository import place_in_repository
from unstuck.reports import Options, Report
from unstuck.reports.manual.pages import page_of
from unstuck.reports.parts.messages import Fix, Message, messages, summary
from unstuck.reports.parts.text_page import clean
from unstuck.result.documents import as_text, to_document
from unstuck.result.results import EditInfo, Location, Result, ScriptInfo, Tool

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LONGEST = 1024
"""Characters of a rule's description that code scanning shows."""
_FIGURES = ("verdict", "replicas", "successes", "success_rate", "control_rate", "difference",
            "ci95", "rescued", "broken", "p", "p_holm")  # fmt: skip


class Sarif(Report):
    """A log with one run; the verdict stands in the run's properties."""

    suffix: ClassVar[str] = ".sarif"

    def render(self, result: Result, **options: Unpack[Options]) -> str:
        """The log, indented, with a newline at its end."""
        return log([run(result, list(messages(result)), summary(result))])


class Told(Protocol):
    """What a log is about: a diagnosis, or a checkup."""

    @property
    def tool(self) -> Tool:
        """Versions."""

    @property
    def script(self) -> ScriptInfo:
        """The script."""

    @property
    def source(self) -> str | None:
        """Its text, where that is known."""

    @property
    def outcome(self) -> str:
        """The whole in one word; "ERROR" where it could not be done."""


def log(runs: Sequence[dict[str, Any]]) -> str:
    """The log of these runs, indented, with a newline at its end."""
    return as_text({"$schema": _SCHEMA, "version": "2.1.0", "runs": list(runs)})


def run(about: Told, found: Sequence[Message], verdict: str) -> dict[str, Any]:
    """What was found in one script."""
    rules = {message.name: message for message in reversed(found)}
    names = list(dict.fromkeys(message.name for message in found))
    made: dict[str, Any] = {
        "tool": {"driver": {
            "name": "unstuck",
            "version": about.tool.unstuck,
            "semanticVersion": about.tool.unstuck,
            "rules": [_rule(rules[name]) for name in names],
        }},
        "columnKind": "unicodeCodePoints",
        "invocations": [{
            "executionSuccessful": about.outcome != "ERROR",
            "arguments": list(about.script.argv),
        }],
        "results": [_result(about, message, names.index(message.name)) for message in found],
        "properties": {"outcome": about.outcome, "verdict": clean(verdict)},
    }  # fmt: skip
    uri = _uri(about)
    if uri is not None:
        artifact: dict[str, Any] = {"location": {"uri": uri}, "sourceLanguage": "python"}
        if about.script.sha256:
            artifact["hashes"] = {"sha-256": about.script.sha256}
        made["artifacts"] = [artifact]
    return made


def _rule(message: Message) -> dict[str, Any]:
    """A rule: a check with its page, or a kind of change that no check has asked for."""
    rule: dict[str, Any] = {
        "id": message.name, "defaultConfiguration": {"level": message.level},
    }  # fmt: skip
    page = page_of(message.check or "")
    if message.rule:
        rule["shortDescription"] = rule["fullDescription"] = {"text": message.rule}
        return rule
    if page is None:
        words = message.name.replace("-", " ")
        rule["shortDescription"] = {"text": f"A change of kind “{words}” changes what is learned"}
        rule["fullDescription"] = {"text": "No check has asked for it: it was tried besides, and"
                                   " the trials show its effect."}  # fmt: skip
        return rule
    why = " ".join(page.section("Why learning stops").split())
    rule["shortDescription"] = {"text": page.summary}
    rule["fullDescription"] = {"text": f"{page.summary}. {why}"[:_LONGEST]}
    rule["help"] = {"text": page.page, "markdown": page.page}
    rule["properties"] = {"tags": [page.family]}
    return rule


def _result(result: Told, message: Message, rule: int) -> dict[str, Any]:
    made: dict[str, Any] = {
        "ruleId": message.name,
        "ruleIndex": rule,
        "level": message.level,
        "message": {"text": clean(message.text)},
    }
    uri = _uri(result)
    if uri is not None:
        place: dict[str, Any] = {"artifactLocation": {"uri": uri}}
        if message.location is not None:
            place["region"] = _region(message.location)
        elif message.line is not None:
            place["region"] = {"startLine": message.line}
        made["locations"] = [{"physicalLocation": place}]
    if message.arm is not None:
        made["properties"] = {name: to_document(getattr(message.arm, name)) for name in _FIGURES}
    if uri is not None and message.fixes:
        made["fixes"] = [_fix(result, fix, uri) for fix in message.fixes]
    return made


def _uri(result: Told) -> str | None:
    """The script as a URI reference, from the root of its repository if it is in one."""
    path = result.script.path
    if path is None:
        return None
    pure = PurePath(place_in_repository(path))
    # A name that is no text, as file systems allow, is told escaped.
    place = "file://" if pure.is_absolute() else ""
    return place + quote(pure.as_posix(), errors="backslashreplace")


def _region(location: Location) -> dict[str, int]:
    return {
        "startLine": location.line, "startColumn": location.column,
        "endLine": location.end_line, "endColumn": location.end_column,
    }  # fmt: skip


def _fix(result: Told, fix: Fix, uri: str) -> dict[str, Any]:
    replacements = [
        {
            "deletedRegion": _edited(result.source, edit),
            "insertedContent": {"text": edit.replacement},
        }
        for edit in dict.fromkeys(fix.edits)
    ]
    change = {"artifactLocation": {"uri": uri}, "replacements": replacements}
    return {"description": {"text": clean(fix.text)}, "artifactChanges": [change]}


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
