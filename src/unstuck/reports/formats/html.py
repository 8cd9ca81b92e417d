"""The page: one HTML file that opens from disk, asks nobody for anything, and prints well."""

from __future__ import annotations

import re
from typing import Any, ClassVar, Unpack

from unstuck.reports import Options, Report
from unstuck.result.documents import from_document, to_document
from unstuck.result.results import Result

_NO_XML = re.compile("[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")
"""What is no character of XML 1.0 (section 2.2)."""


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

    return top(_writable(result))


def _writable(result: Result) -> Result:
    """The same in characters that XML has; drawing any other ends the process."""
    def clean(value: Any) -> Any:
        if isinstance(value, str):
            return _NO_XML.sub("\ufffd", value)
        if isinstance(value, dict):
            return {clean(key): clean(entry) for key, entry in value.items()}
        return [clean(entry) for entry in value] if isinstance(value, list | tuple) else value

    cleaned: Result = from_document(clean(to_document(result)))
    return cleaned
