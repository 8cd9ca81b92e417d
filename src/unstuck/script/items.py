"""Items between brackets, separated by commas: the arguments of a call, the elements of a list.

Where an item comes or goes, its comma, its line and the layout of its neighbours are seen to here.
"""

from __future__ import annotations

from dataclasses import dataclass

from .edits import Edit
from .positions import Lines


@dataclass(frozen=True, kw_only=True)
class Items:
    """Items by the byte offsets at which they start and end; `close`: of the closing bracket."""

    lines: Lines
    close: int
    items: tuple[tuple[int, int], ...]

    def comma(self, index: int) -> int | None:
        """Where the comma after an item is; None if it has none."""
        place = self.lines.skip(self.items[index][1])
        return place if self.lines.data[place : place + 1] == b"," else None

    def append(self, code: str) -> tuple[Edit, ...]:
        """A new item at the end."""
        if self.items:
            return self.insert_after(len(self.items) - 1, code)
        return (Edit(start=self.close, end=self.close, replacement=code),)

    def insert_before(self, index: int, code: str) -> tuple[Edit, ...]:
        """A new item before one, on a line of its own if that one starts a line."""
        start = self.items[index][0]
        indent = self.lines.indentation(start)
        gap = " " if indent is None else self.lines.newline + indent
        return (Edit(start=start, end=start, replacement=f"{code},{gap}"),)

    def insert_after(self, index: int, code: str) -> tuple[Edit, ...]:
        """A new item after one, on a line of its own if that one has a line of its own.

        A comma after the last item is kept as a comma after the new last item.
        """
        start, end = self.items[index]
        comma = self.comma(index)
        after = end if comma is None else comma + 1
        indent, rest = self.lines.indentation(start), self.lines.rest(after)
        gap = " " if indent is None else self.lines.newline + indent
        if comma is None and (indent is None or rest is None or rest == end):
            return (Edit(start=end, end=end, replacement=f",{gap}{code}"),)
        if comma is None and rest is not None:
            return (
                Edit(start=end, end=end, replacement=","),
                Edit(start=rest, end=rest, replacement=gap + code),
            )
        if indent is None or rest is None:
            return (Edit(start=after, end=after, replacement=f" {code},"),)
        return (Edit(start=rest, end=rest, replacement=f"{gap}{code},"),)

    def remove(self, index: int, *, comma_needed: bool = False) -> tuple[Edit, ...]:
        """One item less, with its comma, and with its lines if it has them to itself.

        `comma_needed`: what stays must keep a comma (a tuple of one).
        """
        start, end = self.items[index]
        comma, last = self.comma(index), index == len(self.items) - 1
        after = end if comma is None else comma + 1
        starts_line = self.lines.indentation(start) is not None
        before = self.comma(index - 1) if index else None
        rest = self.lines.rest(after)
        if starts_line and rest is not None:
            following = self.lines.next(rest)
            gone = _deleted(self.lines.start(start), self.close if following is None else following)
            if last and comma is None and before is not None and not comma_needed:
                return (_deleted(before, before + 1), gone)
            return self._with_comma(index, comma_needed, gone)
        if not last:
            if before is not None and not starts_line:
                return self._with_comma(index, comma_needed, _deleted(before + 1, after))
            following = self.lines.skip(after, comments=False)
            stop = following if following == self.items[index + 1][0] else after
            return self._with_comma(index, comma_needed, _deleted(start, stop))
        if before is None:
            return (_deleted(start, after),)
        previous = self.items[index - 1][1]
        commented = b"#" in self.lines.data[previous:start]
        if comma_needed:
            return (_deleted(start if commented else before + 1, after),)
        if not commented:
            return (_deleted(previous, end),)
        if comma is not None:
            return (_deleted(start, after),)
        return (_deleted(before, before + 1), _deleted(start, end))

    def _with_comma(self, index: int, needed: bool, gone: Edit) -> tuple[Edit, ...]:
        """The deletion, and a comma for the item that follows if it lacks one and needs it."""
        if not needed or index + 1 == len(self.items) or self.comma(index + 1) is not None:
            return (gone,)
        end = self.items[index + 1][1]
        return (gone, Edit(start=end, end=end, replacement=","))


def _deleted(start: int, end: int) -> Edit:
    return Edit(start=start, end=end, replacement="")
