"""What commands put out: data on standard output, and the files that were asked for."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypedDict

from unstuck import reports
from unstuck.base.atomic import WontReplace, checked, write_bytes
from unstuck.base.errors import UnstuckError
from unstuck.doors.exits import say
from unstuck.doors.terminal import Color, encoding_of, wants_color, width_of
from unstuck.result.results import Result


def show(text: str) -> None:
    """Data for standard output; what its encoding lacks is escaped."""
    encoding = encoding_of(sys.stdout)
    sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))


def looks(color: Color) -> dict[str, Any]:
    """What standard output can show, as everything that is rendered for it takes it."""
    return {
        "width": width_of(sys.stdout, os.environ),
        "color": wants_color(color, sys.stdout, os.environ),
        "encoding": encoding_of(sys.stdout),
    }


class Detail(TypedDict):
    """How much a report tells: how many words, whole diffs, rows of the data, where it is saved."""

    verbose: int
    diff: bool
    data: bool
    saved: str | None


def show_report(result: Result, format: str, color: Color, detail: Detail) -> None:
    """A result on standard output, in a format of `reports`."""
    show(reports.render(format, result, **detail, **looks(color)))


def refuse_unwritable(*paths: Path | None, force: bool) -> None:
    """Refuse files that cannot be written, before any work is done for them. Raises UnstuckError."""
    given = [path for path in paths if path is not None]
    for path in given:
        if str(path) == "-":
            raise UnstuckError("Files have a name here; - is none. --format json and --format sarif"
                               " print what they hold.")
        checked(path, force=force)
    if len({os.path.realpath(path) for path in given}) < len(given):
        raise UnstuckError("Two outputs would go into one file; give each its own.")


def files_written(
    result: Result, json: Path | None, html: Path | None, detail: Detail, *, force: bool
) -> bool:
    """Write a result into the files that were asked for; True where all are there."""
    def rendered(format: str) -> Callable[[Path], object]:
        return lambda path: write_text(
            path, reports.render(format, result, data=detail["data"]), force=force)

    return written(json, rendered("json")) & written(html, rendered("html"))


def write_text(path: Path, text: str, *, force: bool) -> None:
    """Write a text into a file. Raises OSError and WontReplace."""
    write_bytes(path, text.encode(), force=force)


def written(path: Path | None, write: Callable[[Path], object]) -> bool:
    """Write a file that was asked for; what cannot be written is said, and the report stands.

    False where it could not be written, True where it is or where none was asked for.
    """
    if path is None:
        return True
    try:
        write(path)
    except OSError as error:
        say(f"unstuck: {path} could not be written: {error.strerror or error}")
        return False
    except WontReplace as error:  # something came there in the meantime
        say(f"unstuck: {error}")
        return False
    except UnstuckError as error:
        say(f"unstuck: {path} could not be written: {error}")
        return False
    return True
