"""Lines of comment above what edits change, one for each reason."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import replace

import libcst as cst

from .edits import Edit
from .tree import Tree

LONGEST = 88
IN_SIGHT = 10
"""So many lines below a comment it need not be said again."""

_IMPORT = re.compile(r"\s*(?:import|from)\s[^\r\n]*\s*")


def remarked(
    tree: Tree, encoding: str, groups: Iterable[tuple[str, Sequence[Edit]]]
) -> tuple[Edit, ...]:
    """All edits of some groups, and above what a group changes a line of comment with its text.

    New lines have it above them, a changed statement above its first line where that is its alone;
    several texts stand one below the other. Imports and lines that go have none, nor has a place
    where the comment stands already, or is in sight.
    """
    given = [(text, tuple(edits)) for text, edits in groups]
    above: dict[Edit, dict[str, None]] = {}
    statements: dict[int, dict[str, None]] = {}
    for text, edits in given:
        said: list[int] = []
        for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
            place = _place(tree, edit)
            if place is None or not _is_writable(text, encoding):
                continue
            line = tree.lines.span(place, place).line
            if any(0 <= line - other < IN_SIGHT for other in said) or text in _comments(tree, place):
                continue
            said.append(line)
            if _is_lines(tree, edit):
                above.setdefault(edit, {})[text] = None
            else:
                statements.setdefault(place, {})[text] = None
    plain = dict.fromkeys(edit for _, edits in given for edit in edits)
    # What is put in at one place keeps its order: new lines stand before the statement's comment.
    return (
        *(_under(tree, edit, above[edit]) if edit in above else edit for edit in plain),
        *(Edit(start=place, end=place, replacement=_block(tree, _indent(tree, place), texts))
          for place, texts in statements.items()),
    )


def _is_lines(tree: Tree, edit: Edit) -> bool:
    """Whether an edit puts in lines of their own, and nothing else."""
    newline = tree.lines.newline
    at_end = edit.start == len(tree.data) and edit.replacement.startswith(newline)
    return edit.start == edit.end and (at_end or (
        edit.start == tree.lines.start(edit.start) and edit.replacement.endswith(newline)))


def _place(tree: Tree, edit: Edit) -> int | None:
    """Where the line starts above which a comment on an edit can stand."""
    if _IMPORT.fullmatch(edit.replacement):
        return None
    if _is_lines(tree, edit):
        return edit.start
    if not edit.replacement and tree.data[edit.end - 1 : edit.end] == b"\n" and (
            edit.start == tree.lines.start(edit.start)):
        return None
    for statement in tree.positions:
        if isinstance(statement, cst.For):  # its first line, not what it repeats
            start, end = tree.bare_extent(statement)[0], tree.bare_extent(statement.body)[0]
            if start <= edit.start <= edit.end < end:
                return tree.lines.start(start)
        if isinstance(statement, cst.SimpleStatementLine):
            start, end = tree.bare_extent(statement)
            if start <= edit.start <= edit.end <= end:
                alone = tree.own_lines(statement.body[0]) is not None
                return tree.lines.start(start) if alone else None
    return None


def _is_writable(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _comments(tree: Tree, place: int) -> list[str]:
    """The comments on the lines directly above a line, without their signs."""
    found: list[str] = []
    while place:
        place = tree.lines.start(place - 1)
        line = tree.data[place : tree.lines.end(place)].decode().strip()
        if not line.startswith("#"):
            break
        found.append(line.removeprefix("#").strip())
    return found


def _indent(tree: Tree, place: int) -> str:
    line = tree.data[place : tree.lines.end(place)]
    return line[: len(line) - len(line.lstrip(b" \t\f"))].decode()


def _under(tree: Tree, edit: Edit, texts: Iterable[str]) -> Edit:
    """New lines under their comments."""
    newline, new = tree.lines.newline, edit.replacement
    at_end = "" if new.endswith(newline) else newline
    lines = new.removeprefix(at_end)
    block = _block(tree, lines[: len(lines) - len(lines.lstrip(" \t\f"))], texts)
    return replace(edit, replacement=at_end + block + lines)


def _block(tree: Tree, indent: str, texts: Iterable[str]) -> str:
    room = max(LONGEST - len(indent) - 2, 20)
    return "".join(f"{indent}# {textwrap.shorten(text, room, placeholder=' ...')}{tree.lines.newline}"
                   for text in texts)
