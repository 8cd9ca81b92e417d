"""A page of text of a given width: cleaned, wrapped, coloured on request.

Everything that goes to the terminal passes `Page.text`, where strings of strangers lose their
control characters and signs that the encoding lacks are replaced, before any width is measured.
Nothing is ever read as markup.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from unstuck.base.characters import printable

from .words import NBSP

_ASCII = {
    "·": "|", "–": "-", "−": "-", "→": "->", "←": "<-", "×": "x", "≥": ">=", "≤": "<=", "…": "...",
    "├": "|", "┤": "|", "┼": "+", "─": "-", "│": "|", "┌": "+", "└": "+", "●": "O", "▶": ">",
    "✗": "x", "█": "#", "░": ".", "²": "^2", "’": "'", "“": '"', "”": '"',
}  # fmt: skip
_TRANSLATION = str.maketrans(_ASCII)
_LINE = str.maketrans({"\t": "    ", "\r": " ", "\n": " ", "\u2028": " ", "\u2029": " "})
SIGNS = "".join(_ASCII)
_SHORT_BRACKETS = re.compile(r"\[[^\[\]]{1,24}\]")  # "[0, 1]" stays on one line

Part = str | tuple[str, str]  # a string, or a string with its style
Line = Part | Text


def clean(text: str) -> str:
    """A string of unknown origin as one printable line; tabs become four spaces."""
    return printable(text.translate(_LINE))


def takes(encoding: str, text: str) -> bool:
    """True where an encoding has all characters of a text."""
    try:
        text.encode(encoding)
    except (UnicodeError, LookupError):
        return False
    return True


@dataclass(frozen=True, kw_only=True)
class Look:
    """How a report is to look; see `reports.Options`."""

    width: int = 80
    color: bool = False
    encoding: str = "utf-8"
    verbose: int = 0
    diff: bool = False
    data: bool = True
    saved: str | None = None

    @property
    def signs(self) -> bool:
        """True where our own signs (→, ×, box drawing, …) can be written."""
        return takes(self.encoding, SIGNS)

    @property
    def detailed(self) -> bool:
        """True where everything that was measured is to be told (-vv)."""
        return self.verbose > 1


class Page:
    """Lines, in the order in which they are added."""

    def __init__(self, look: Look) -> None:
        self.look = look
        self.width = look.width
        self._signs = look.signs
        self._lines: list[Text] = []

    def __len__(self) -> int:
        """How many lines it has so far."""
        return len(self._lines)

    def another(self) -> Page:
        """An empty page that looks alike."""
        return Page(self.look)

    def append(self, page: Page) -> None:
        """All lines of another page."""
        self._lines += page._lines

    def plain(self, text: str) -> str:
        """A string as this page can show it."""
        text = _SHORT_BRACKETS.sub(lambda m: m[0].replace(" ", NBSP), clean(text))
        if not self._signs:
            text = text.translate(_TRANSLATION)
        if takes(self.look.encoding, text):
            return text
        return "".join(
            c if c == NBSP or takes(self.look.encoding, c) else f"\\u{ord(c):04x}" for c in text
        )

    def cropped(self, text: str, room: int) -> str:
        """A string as this page can show it, in at most `room` columns."""
        text, sign = self.plain(text), self.plain("…")
        if cell_len(text) <= room:
            return text
        while text and cell_len(text) > room - len(sign):
            text = text[:-1]
        return text + sign

    def text(self, *parts: Line, style: str = "") -> Text:
        """One line of parts, each a string or a string with its style."""
        line = Text(style=style)
        for part in parts:
            if isinstance(part, Text):
                line.append_text(part)
            elif isinstance(part, tuple):
                line.append(self.plain(part[0]), part[1])
            else:
                line.append(self.plain(part))
        return line

    def blank(self) -> None:
        """An empty line, unless there is one already."""
        if self._lines and self._lines[-1].plain:
            self._lines.append(Text())

    def line(self, *parts: Line) -> None:
        """One line as it is, however long."""
        self._lines.append(self.text(*parts))

    def paragraph(
        self,
        *parts: Line,
        indent: int = 0,
        hang: int = 0,
        first: Line = "",
        separator: str = "",
    ) -> None:
        """Wrapped text, indented, by `hang` more from its second line on.

        `first` stands in the first line's indentation. With a `separator` the parts are items of a
        list, and no item is broken that fits a line.
        """
        room = max(self.width - indent - hang, 20)
        lines = self._flow(parts, separator, room) if separator else wrap(self.text(*parts), room)
        head = self.text(first)
        for number, line in enumerate(lines):
            margin = head if number == 0 else Text(" " * hang)
            gap = " " * max(indent + (hang if number else 0) - cell_len(margin.plain), 0)
            self._lines.append(Text.assemble(margin, gap, line))

    def _flow(self, items: Sequence[Line], separator: str, room: int) -> list[Text]:
        lines: list[Text] = []
        mark = self.plain(separator).rstrip()
        current: Text | None = None
        for number, item in enumerate(items):
            text = self.text(item, mark if number < len(items) - 1 else "")
            if current is not None:
                joined = Text.assemble(current, " ", text)
                if cell_len(joined.plain) <= room:
                    current = joined
                    continue
                lines.append(current)
            *full, current = wrap(text, room)
            lines += full
        return [*lines, *([current] if current is not None else [])]

    def sides(self, left: Line, right: Line) -> None:
        """One line with something at either end; two lines where they do not fit."""
        start, end = self.text(left), self.text(right)
        gap = self.width - cell_len(start.plain) - cell_len(end.plain)
        if gap < 2:
            self.paragraph(start)
            self.paragraph(end)
        else:
            self._lines.append(Text.assemble(start, " " * gap, end))

    def render(self) -> str:
        """The page, with ANSI codes where colour was asked for."""
        while self._lines and not self._lines[-1].plain:
            self._lines.pop()
        lines = []
        for line in self._lines:
            shown = line.copy()
            shown.rstrip()
            lines.append(shown)
        if not self.look.color:
            return "".join(line.plain.replace(NBSP, " ") + "\n" for line in lines)
        stream = io.StringIO()
        console = Console(
            file=stream, force_terminal=True, color_system="standard", no_color=False,
            legacy_windows=False, highlight=False, markup=False, emoji=False, _environ={},
        )  # fmt: skip
        for line in lines:
            console.print(line, soft_wrap=True)
        return stream.getvalue().replace(NBSP, " ")


def wrap(text: Text, width: int) -> list[Text]:
    """A text in lines of at most `width` columns, broken at spaces that may be broken."""
    plain, lines, start = text.plain, [], 0
    while start < len(plain):
        end = _fits(plain, start, width)
        if end < len(plain):
            space = plain.rfind(" ", start + 1, end + 1)
            end = space if space > start else end
        line = text[start:end]
        line.rstrip()
        lines.append(line)
        start = end
        while start < len(plain) and plain[start] == " ":
            start += 1
    return lines or [Text()]


def _fits(plain: str, start: int, width: int) -> int:
    """The end of the longest piece from `start` that is at most `width` columns wide."""
    used = 0
    for end in range(start, len(plain)):
        used += cell_len(plain[end])
        if used > width:
            return max(end, start + 1)
    return len(plain)
