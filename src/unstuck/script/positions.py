r"""Places in a source: lines and columns as Python reports them, and byte offsets.

Python counts columns in bytes of the UTF-8 form of a line, whatever encoding the file has, and
starts a line only after ``\n``, ``\r\n`` or ``\r`` (`str.splitlines` knows more line ends than
Python does). Everything in this package is therefore an offset into the UTF-8 form of the text;
`Lines` is the one place that converts between offsets and lines with columns.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

_NEWLINE = re.compile(rb"\r\n|\r|\n")
_NEWLINE_IN_TEXT = re.compile(r"\r\n|\r|\n")
_BLANK = re.compile(rb"[ \t\f]*")
_REST_OF_LINE = re.compile(rb"[ \t\f]*(?:#[^\r\n]*)?(?=[\r\n]|\Z)")
_BLANK_AND_COMMENTS = re.compile(rb"(?:[ \t\f\r\n]|\\(?:\r\n|\r|\n)|#[^\r\n]*)*")


def split_lines(text: str) -> list[str]:
    """The lines of a text, as Python counts them, without their newlines."""
    return _NEWLINE_IN_TEXT.split(text)


@dataclass(frozen=True, order=True)
class Span:
    """A stretch of source as ``code.co_positions()`` gives it.

    Lines count from 1; columns count UTF-8 bytes from 0; the end is exclusive.
    """

    line: int
    column: int
    end_line: int
    end_column: int


class Lines:
    """The lines of a source in UTF-8, and what is blank in them."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self._starts = (0, *(match.end() for match in _NEWLINE.finditer(data)))
        first = _NEWLINE.search(data)
        self.newline = first.group().decode() if first else "\n"

    def offset(self, line: int, column: int) -> int | None:
        """The byte offset of a place, or None where the source has no such place."""
        if not 1 <= line <= len(self._starts) or column < 0:
            return None
        offset = self._starts[line - 1] + column
        return offset if offset <= self.end(self._starts[line - 1]) else None

    def offsets(self, span: Span) -> tuple[int, int] | None:
        """The byte offsets at which a span starts and ends; None where it is outside the source."""
        start = self.offset(span.line, span.column)
        end = self.offset(span.end_line, span.end_column)
        return None if start is None or end is None or end < start else (start, end)

    def span(self, start: int, end: int) -> Span:
        """The span between two byte offsets."""
        return Span(*self._place(start), *self._place(end))

    def start(self, offset: int) -> int:
        """Where the line that holds this offset starts."""
        return self._starts[bisect_right(self._starts, offset) - 1]

    def end(self, offset: int) -> int:
        """Where the line that holds this offset ends, before its newline."""
        newline = _NEWLINE.search(self.data, self.start(offset))
        return newline.start() if newline else len(self.data)

    def next(self, offset: int) -> int | None:
        """Where the line after this offset starts; None if no newline follows."""
        line = bisect_right(self._starts, offset)
        return self._starts[line] if line < len(self._starts) else None

    def line(self, number: int) -> bytes:
        """A line by its number from 1, without its newline; IndexError if there is none."""
        if not 1 <= number <= len(self._starts):
            raise IndexError(f"the source has no line {number}")
        start = self._starts[number - 1]
        return self.data[start : self.end(start)]

    def indentation(self, offset: int) -> str | None:
        """The blanks from the start of the line to this offset; None if anything else is there."""
        prefix = self.data[self.start(offset) : offset]
        return None if prefix.strip(b" \t\f") else prefix.decode()

    def continued(self, code: str, offset: int) -> str:
        """Code of several lines as it is put at this offset: indented as the line there."""
        line = self.data[self.start(offset) : offset]
        blank = line[: len(line) - len(line.lstrip(b" \t\f"))].decode()
        first, *others = split_lines(code)
        return self.newline.join([first, *(blank + other for other in others)])

    def rest(self, offset: int) -> int | None:
        """Where the line ends, if only blanks and a comment follow on it; None otherwise."""
        match = _REST_OF_LINE.match(self.data, offset)
        return match.end() if match else None

    def skip(self, offset: int, *, comments: bool = True) -> int:
        """The first offset from here that is not blank (nor comment, nor newline, if asked)."""
        match = (_BLANK_AND_COMMENTS if comments else _BLANK).match(self.data, offset)
        return match.end() if match else offset

    def _place(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1]
