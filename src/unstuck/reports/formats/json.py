"""The JSON document: every other output is rendered from what it holds.

Its contract is `unstuck/result/schema.json`. Keys are sorted, text is ASCII, and numbers for which JSON
has no token are the strings "NaN", "Infinity" and "-Infinity". An entry of `not_tested` says what
it is by its key, `check` or `intervention`, and has the same name under `what` for readers that do
not care which.
"""

from __future__ import annotations

from typing import Any, ClassVar, Unpack

from unstuck.reports import Options, Report
from unstuck.result.documents import as_text, to_document
from unstuck.result.results import Result


class Json(Report):
    """The whole result; looks are of no account."""

    suffix: ClassVar[str] = ".json"
    for_people: ClassVar[bool] = False

    def render(self, result: Result, **options: Unpack[Options]) -> str:
        """The document, indented, with a newline at its end."""
        return as_text(document(result))


def document(result: Result) -> dict[str, Any]:
    """The result as JSON values."""
    made: dict[str, Any] = to_document(result)
    for entry in made["not_tested"]:
        entry[entry["kind"]] = entry["what"]
    return made
