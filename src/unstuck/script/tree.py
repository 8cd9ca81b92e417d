"""A source parsed once: its syntax tree, with byte offsets, parents and scopes.

This is the only module that asks `libcst` for metadata; the others walk what is here.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property, lru_cache

import libcst as cst
from libcst.metadata import (
    ByteSpanPositionProvider,
    MetadataWrapper,
    ParentNodeProvider,
    Scope,
    ScopeProvider,
)

from .edits import Edit
from .positions import Lines, split_lines

_BINDS_LIKE_A_CALL = (
    cst.Attribute,
    cst.Call,
    cst.Dict,
    cst.DictComp,
    cst.FormattedString,
    cst.List,
    cst.ListComp,
    cst.Name,
    cst.Set,
    cst.SetComp,
    cst.SimpleString,
    cst.Subscript,
)


class Tree:
    """The syntax tree of a text, with the byte offsets of its nodes in the UTF-8 form."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.data = text.encode()
        self.lines = Lines(self.data)
        # The parser never uses one node twice, so the copy that guards against it can be saved.
        self._wrapper = MetadataWrapper(cst.parse_module(text), unsafe_skip_copy=True)
        self.module = self._wrapper.module
        self.positions = self._wrapper.resolve(ByteSpanPositionProvider)
        self._parents = self._wrapper.resolve(ParentNodeProvider)

    @cached_property
    def calls(self) -> dict[tuple[int, int], cst.Call]:
        """The calls of the source by their start and end, as Python reports them at run time.

        A method call whose method stands on a later line than the call's start is reported from
        the method's name on, with the name's length counted in characters. Calls inside f-strings
        are left out: before Python 3.12 no text can safely be put there.
        """
        calls: dict[tuple[int, int], cst.Call] = {}
        for node in self.positions:
            if not isinstance(node, cst.Call):
                continue
            if any(isinstance(outer, cst.FormattedString) for outer in self.ancestors(node)):
                continue
            start, end = self.bare_extent(node)
            calls[start, end] = node
            if isinstance(node.func, cst.Attribute):
                method = self.extent(node.func.attr)[1]
                if self.lines.start(start) != self.lines.start(method):
                    calls[method - len(node.func.attr.value), end] = node
        return calls

    @cached_property
    def scopes(self) -> dict[cst.CSTNode, Scope]:
        """The scope in which each node's names are looked up."""
        resolved = self._wrapper.resolve(ScopeProvider)
        return {node: scope for node, scope in resolved.items() if isinstance(scope, Scope)}

    def bare_extent(self, node: cst.CSTNode) -> tuple[int, int]:
        """Where a node starts and ends, without parentheses around it."""
        position = self.positions[node]
        return position.start, position.start + position.length

    def extent(self, node: cst.BaseExpression) -> tuple[int, int]:
        """Where an expression starts and ends, parentheses around it included."""
        start, end = self.bare_extent(node)
        if node.lpar:
            start = self.bare_extent(node.lpar[0])[0]
        if node.rpar:
            end = self.bare_extent(node.rpar[-1])[1]
        return start, end

    def source(self, node: cst.BaseExpression) -> str:
        """The text of an expression, parentheses around it included."""
        start, end = self.extent(node)
        return self.data[start:end].decode()

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        """The node that holds this one."""
        return self._parents.get(node)

    def ancestors(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """The nodes that hold this one, from the inside out."""
        outer = self.parent(node)
        while outer is not None:
            yield outer
            outer = self.parent(outer)

    def innermost(self, start: int, end: int) -> cst.CSTNode:
        """The smallest node with a scope that holds these bytes; the module if none does."""
        holding = (
            (position.length, node)
            for node, position in self.positions.items()
            if position.start <= start
            and end <= position.start + position.length
            and node in self.scopes
        )
        return min(holding, key=lambda pair: pair[0], default=(0, self.module))[1]

    def own_lines(self, node: cst.CSTNode) -> cst.SimpleStatementLine | None:
        """The simple statement that holds a node, if no other statement shares its lines."""
        for outer in self.ancestors(node):
            if isinstance(outer, cst.SimpleStatementLine):
                start, end = self.bare_extent(outer)
                alone = len(outer.body) == 1 and self._after(end) is not None
                return outer if alone and self.lines.indentation(start) is not None else None
            if isinstance(outer, (cst.SimpleStatementSuite, cst.BaseCompoundStatement)):
                return None
        return None

    def line_before(self, statement: cst.BaseStatement, code: str) -> Edit | None:
        """The insertion of statements on lines of their own before a statement's lines."""
        start = self.first_byte(statement)
        indent = self.lines.indentation(start)
        if indent is None:
            return None
        newline = self.lines.newline
        text = "".join(indent + line + newline for line in split_lines(code))
        place = self.lines.start(start)
        return Edit(start=place, end=place, replacement=text)

    def line_after(self, statement: cst.BaseStatement | cst.SimpleStatementLine, code: str) -> Edit:
        """The insertion of statements on lines of their own after a statement's lines."""
        start, end = self.bare_extent(statement)
        indent, newline = self.lines.indentation(start) or "", self.lines.newline
        lines = [indent + line for line in split_lines(code)]
        place = self.lines.next(end)
        if place is None:
            place = len(self.data)
            return Edit(start=place, end=place, replacement="".join(newline + x for x in lines))
        return Edit(start=place, end=place, replacement="".join(x + newline for x in lines))

    def delete_lines(self, statement: cst.SimpleStatementLine) -> Edit:
        """The deletion of a statement with its lines; `pass` takes its place if it is alone."""
        start, end = self.bare_extent(statement)
        block = self.parent(statement)
        if isinstance(block, cst.IndentedBlock) and len(block.body) == 1:
            return Edit(start=start, end=end, replacement="pass")
        following = self.lines.next(end)
        stop = len(self.data) if following is None else following
        return Edit(start=self.lines.start(start), end=stop, replacement="")

    def first_byte(self, statement: cst.CSTNode) -> int:
        """Where a statement starts, its decorators included."""
        start = self.bare_extent(statement)[0]
        decorators = getattr(statement, "decorators", ())
        return min((start, *(self.bare_extent(decorator)[0] for decorator in decorators)))

    def _after(self, end: int) -> int | None:
        """Where the line of a statement that ends here ends, if nothing else is on it."""
        place = self.lines.skip(end, comments=False)
        if self.data[place : place + 1] == b";":
            place += 1
        return self.lines.rest(place)


@lru_cache(maxsize=8)
def tree_of(text: str) -> Tree | None:
    """The tree of a text; None where `libcst` cannot follow (newer syntax, extreme nesting).

    It also loses form feeds at the start of a statement, and then all places after them are wrong
    (a lone CR that it loses at the very end moves nothing).
    """
    try:
        tree = Tree(text)
    except (cst.ParserSyntaxError, RecursionError):
        return None
    return tree if tree.module.code.rstrip("\r\n") == text.rstrip("\r\n") else None


def as_value(code: str) -> str:
    """Code for an expression as it may stand between commas, in parentheses if it needs them.

    Raises:
        ValueError: the code is not one expression.
    """
    node = _expression(code)
    needs = isinstance(node, (cst.GeneratorExp, cst.NamedExpr, cst.Tuple, cst.Yield))
    return f"({code})" if needs and not node.lpar else code


def as_operand(code: str) -> str:
    """Code for an expression as it may stand anywhere, in parentheses if it needs them.

    Raises:
        ValueError: the code is not one expression.
    """
    _expression(code)
    return code if is_operand(code) else f"({code})"


def is_operand(code: str) -> bool:
    """Whether code may stand anywhere as it is, even outside brackets and before a dot or call."""
    try:
        node = _expression(code)
    except ValueError:
        return False
    return bool(node.lpar) or isinstance(node, _BINDS_LIKE_A_CALL)


def _expression(code: str) -> cst.BaseExpression:
    try:
        return cst.parse_expression(code)
    except cst.ParserSyntaxError:
        raise ValueError(f"{code!r} is not a Python expression") from None
