"""The page: one HTML file that opens from disk, asks nobody for anything, and prints well."""

from __future__ import annotations

from typing import Any, ClassVar, Unpack

from unstuck.base.characters import printable
from unstuck.reports import Options, Report
from unstuck.reports.parts.own_names import in_own_words
from unstuck.result.documents import from_document, to_document
from unstuck.result.results import Result

_CODE = ("source", "replacement")
"""What is kept as it is, because places in it are counted; it is cleaned where it is shown."""


class Html(Report):
    """A pure rendering of the result; `data=False` leaves out every sample."""

    suffix: ClassVar[str] = ".html"

    def render(self, result: Result, **options: Unpack[Options]) -> str:
        """The whole page."""
        from unstuck.reports.html_page.page import (
            page,  # jinja2 and the charts, which only this format needs
        )

        return page(_writable(result), data=options.get("data", True))


def fragment(result: Result) -> str:
    """The top of the page for a notebook: a `div` with styles of its own, and no script."""
    from unstuck.reports.html_page.page import top

    return top(_writable(in_own_words(result)))


def _writable(result: Result) -> Result:
    """The same in characters that can be shown; drawing one that XML lacks ends the process."""
    def clean(value: Any) -> Any:
        if isinstance(value, str):
            return printable(value, keep="\t\n\r")
        if isinstance(value, dict):
            return {clean(key): entry.encode(errors="replace").decode()
                    if key in _CODE and isinstance(entry, str) else clean(entry)
                    for key, entry in value.items()}
        return [clean(entry) for entry in value] if isinstance(value, list | tuple) else value

    cleaned: Result = from_document(clean(to_document(result)))
    return cleaned
