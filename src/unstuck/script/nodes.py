"""A script as Python's own parser sees it, and the edits that can be made at a node of it.

`tree` sees it as libcst does, with every blank; here a node is enough, as a place and as what is
written there.
"""

from __future__ import annotations

import ast
import warnings

from . import Call, Edit, Script, Span

Edits = tuple[Edit, ...]


def parsed(script: Script) -> ast.Module:
    """The syntax tree of a script; what Python warns of, it says when the script runs."""
    with warnings.catch_warnings(action="ignore"):
        return ast.parse(script.text)


class NodeEdits:
    """Edits of a script, each made at a node of its syntax tree."""

    def __init__(self, script: Script) -> None:
        self.script = script

    def extent(self, node: ast.AST) -> tuple[int, int]:
        """The byte offsets at which a node starts and ends."""
        span = Span(node.lineno, node.col_offset,  # type: ignore[attr-defined]
                    node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]
        found = self.script.lines.offsets(span)
        assert found is not None
        return found

    def replaced(self, node: ast.AST, code: str) -> Edits:
        """Other code in the place of a node."""
        start, end = self.extent(node)
        return (Edit(start=start, end=end, replacement=code),)

    def start_renamed(self, node: ast.AST, old: str, new: str) -> Edits:
        """Another name at the start of a node."""
        start, _ = self.extent(node)
        return (Edit(start=start, end=start + len(old.encode()), replacement=new),)

    def end_renamed(self, node: ast.AST, old: str, new: str) -> Edits:
        """Another name at the end of a node."""
        _, end = self.extent(node)
        return (Edit(start=end - len(old.encode()), end=end, replacement=new),)

    def line_gone(self, node: ast.AST) -> Edits | None:
        """A statement gone, with its line, if it has one of its own."""
        start, end = self.extent(node)
        lines = self.script.lines
        if lines.indentation(start) is None or lines.rest(end) != end:
            return None
        return (Edit(start=lines.start(start), end=lines.next(end) or end, replacement=""),)

    def string(self, node: ast.Constant, value: str) -> Edits:
        """Another text in a string, in the quotes that it has."""
        start, _ = self.extent(node)
        quote = self.script.lines.data[start : start + 1].decode()
        return self.replaced(node, f"{quote}{value}{quote}" if quote in "'\"" else repr(value))

    def module_renamed(self, node: ast.ImportFrom, today: str) -> Edits | None:
        """Another module in `from … import`; None where its name is not written in one piece."""
        start, end = self.extent(node)
        old = (node.module or "").encode()
        place = self.script.lines.data.find(old, start, end)
        if place < 0:
            return None
        return (Edit(start=place, end=place + len(old), replacement=today),)

    def call(self, node: ast.Call) -> Call | None:
        """The call with its arguments' places; None where no edit of it is safe."""
        return self.script.call(self.script.lines.span(*self.extent(node)))

    def argument_gone(self, node: ast.Call, name: str) -> Edits | None:
        """A call without the argument of that name; None where it cannot be taken out."""
        call = self.call(node)
        found: Edits | None = None if call is None else call.remove_argument(name)
        return found or None
