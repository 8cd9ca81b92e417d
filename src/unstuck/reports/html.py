"""The page: one HTML file that opens from disk, asks nobody for anything, and prints well."""

from __future__ import annotations

from typing import ClassVar, Unpack

from unstuck.results import Result

from . import Options, Report


class Html(Report):
    """A pure rendering of the result; `data=False` leaves out every sample."""

    suffix: ClassVar[str] = ".html"

    def render(self, result: Result, **options: Unpack[Options]) -> str:
        """The whole page."""
        from ._html.page import page  # jinja2 and the charts, which only this format needs

        return page(result, data=options.get("data", True))


def fragment(result: Result) -> str:
    """The top of the page for a notebook: a `div` with styles of its own, and no script."""
    from ._html.page import top

    return top(result)
