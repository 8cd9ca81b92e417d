"""Edits in the format that a file has already, where that is black's, which `ruff format` shares.

A file that neither of them would leave as it is keeps the edits as they are: its author's hand, and
not ours, decides on its lines.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from unstuck.base.errors import UnstuckError
from unstuck.base.reading import toml_of

from .edits import Edit
from .source import Script

if TYPE_CHECKING:
    import black

_LENGTHS = (88, 79, 100, 120)
"""Lengths of lines that are tried where no pyproject.toml says one: black's own, then others in use."""


def formatted(script: Script, edits: Iterable[Edit]) -> tuple[Edit, ...]:
    """Edits that come to the same code, laid out as the file's formatter would have it.

    Args:
        script: the source as it is.
        edits: what is to be done to it, which can be done.
    """
    given = tuple(edits)
    style = None if "\r" in script.text else _style(script.text, script.path)
    if style is None or not given:
        return given
    import black

    written = script.apply(given).text
    try:
        wanted = black.format_str(written, mode=style)
    except (black.parsing.InvalidInput, black.brackets.BracketMatchError):  # newer than black knows
        return given
    return given if wanted == written else tuple(_between(script.text, wanted))


@lru_cache(maxsize=4)
def _style(text: str, path: Path | None) -> black.Mode | None:
    """The style in which black leaves a text as it is; `None` where there is none."""
    import black

    said = _configured(path)
    for length in (said,) if said is not None else _LENGTHS:
        for quotes in (True, False):
            mode = black.Mode(line_length=length, string_normalization=quotes)
            try:
                if black.format_str(text, mode=mode) == text:
                    return mode
            except (black.parsing.InvalidInput, black.brackets.BracketMatchError):
                return None
    return None


def _configured(path: Path | None) -> int | None:
    """The length of lines that the nearest pyproject.toml asks black or ruff for."""
    for folder in () if path is None else path.absolute().parents:
        try:
            project = toml_of(folder / "pyproject.toml")
            for tool in ("black", "ruff"):
                length = project.get("tool", {}).get(tool, {}).get("line-length")
                if isinstance(length, int) and 0 < length < 1000:
                    return length
        except (UnstuckError, AttributeError):
            continue
    return None


def _between(text: str, wanted: str) -> Iterator[Edit]:
    """The edits of whole lines that make one text of another."""
    old, new = text.splitlines(keepends=True), wanted.splitlines(keepends=True)
    starts = [0]
    for line in old:
        starts.append(starts[-1] + len(line.encode()))
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for kind, first, last, begin, end in matcher.get_opcodes():
        if kind != "equal":
            yield Edit(start=starts[first], end=starts[last], replacement="".join(new[begin:end]))
