"""`unstuck report`: a saved diagnosis, shown again."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Annotated

import typer

from unstuck.base.errors import UnstuckError
from unstuck.doors.exits import FAILED, WELL, say
from unstuck.doors.switches import (
    Colors,
    Diff,
    Force,
    Format,
    HtmlFile,
    JsonFile,
    NoData,
    Quiet,
    Saved,
    Verbose,
)

from .output import Detail, files_written, refuse_unwritable, show, show_report


def report(
    saved: Saved,
    format: Format = "text",
    json: JsonFile = None,
    html: HtmlFile = None,
    force: Force = False,
    no_data: NoData = False,
    open_page: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
    diff: Diff = False,
    quiet: Quiet = False,
    verbose: Verbose = 0,
    color: Colors = "auto",
) -> int:
    """Show a saved diagnosis again, or only write it into a file that is named; nothing is trained.

    Exits 0 if it can be read, and written where that was asked for.
    """
    from unstuck.reports.html_page.drawer import ahead

    if open_page and html is None:
        raise UnstuckError("--open shows the page that --html FILE writes: give both.")
    refuse_unwritable(json, html, force=force)
    files = [str(path) for path in (json, html) if path is not None]
    with nullcontext() if html is None else ahead():
        from unstuck.diagnosis.saved import doubted, read

        result, _ = read(saved)
        detail = Detail(verbose=-1 if quiet else verbose, diff=diff, data=not no_data,
                        saved=str(saved))
        with doubted(saved):
            if not files or format != "text":
                show_report(result, format, color, detail)
            done = files_written(result, json, html, detail, force=force)
    if files and format == "text" and done:
        show(f"{' and '.join(files)} {'are' if len(files) > 1 else 'is'} written.\n")
    if open_page and html is not None:
        import webbrowser

        if not webbrowser.open(html.resolve().as_uri()):
            say(f"unstuck: no browser was found; open {html} yourself.")
    return WELL if done else FAILED
