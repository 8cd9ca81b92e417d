"""`unstuck explain` and `unstuck checks`: the manual, a page or its list."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from unstuck.base.errors import UnstuckError
from unstuck.doors.exits import WELL, say
from unstuck.doors.switches import Colors

from .output import looks, show


def explain(
    name: Annotated[str | None, typer.Argument(help="A check's name.", show_default=False)] = None,
    html: Annotated[
        Path | None,
        typer.Option("--html", help="Write all pages, to be browsed, into DIR.", metavar="DIR"),
    ] = None,
    meanings: Annotated[
        bool, typer.Option("--words", help="What the words of the reports mean.")
    ] = False,
    color: Colors = "auto",
) -> int:
    """Show the manual page of a check, or what words mean, or write all pages for the web."""
    from unstuck.reports.manual.explain import explain as page
    from unstuck.reports.parts.glossary import glossary

    if name is None and html is None and not meanings:
        raise UnstuckError("Name a check (`unstuck checks` lists them), or give --words or --html DIR.")
    if meanings:
        show(glossary(**looks(color)))
    if name is not None:
        show(page(name, **looks(color)))
    if html is not None:
        from unstuck.reports.manual.site import write_html

        say(f"{write_html(html)} pages were written; begin with {html / 'index.html'}.")
    return WELL


def checks(color: Colors = "auto") -> int:
    """List all checks."""
    from unstuck.reports.manual.explain import listing

    show(listing(**looks(color)))
    return WELL
