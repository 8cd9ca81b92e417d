"""What a stream can show: colours, width, encoding. The environment is an argument."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Literal, TextIO

Color = Literal["auto", "always", "never"]

NARROWEST, WIDEST, FALLBACK = 60, 100, 80  # columns


def wants_color(mode: Color, stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Whether to colour what goes to a stream.

    `always` and `never` decide alone. Otherwise NO_COLOR, if set to anything, forbids
    (no-color.org), FORCE_COLOR demands unless it is "0", and a terminal that is not dumb gets them.
    """
    if mode != "auto":
        return mode == "always"
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR"):
        return environ["FORCE_COLOR"] != "0"
    return is_live(stream, environ)


def is_live(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """True for a terminal that can redraw and colour: neither a file nor dumb nor in CI."""
    if environ.get("TERM") == "dumb" or environ.get("CI"):
        return False
    return stream.isatty()


def width_of(stream: TextIO, environ: Mapping[str, str]) -> int:
    """Columns to write: COLUMNS, else the terminal's, else 80; from 60 to 100."""
    columns = environ.get("COLUMNS", "")
    width = int(columns) if columns.isdecimal() else 0
    if not width:
        try:
            width = os.get_terminal_size(stream.fileno()).columns
        except (OSError, ValueError, AttributeError):
            width = FALLBACK
    return min(max(width or FALLBACK, NARROWEST), WIDEST)


def encoding_of(stream: TextIO) -> str:
    """The stream's encoding; UTF-8 where it has none."""
    return getattr(stream, "encoding", None) or "utf-8"
