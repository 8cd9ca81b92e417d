"""A call in a source: its arguments, and the edits that change them."""

from __future__ import annotations

import ast
import warnings
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from typing import Literal

import libcst as cst
from libcst import matchers

from . import layers, loops, names
from .edits import Edit
from .items import Items
from .positions import Span
from .spellings import ARGUMENTS, KERAS_1, kind_of, older_names
from .tree import Tree, as_operand, as_value

_BETWEEN_COMMAS = (
    cst.AnnAssign,
    cst.Arg,
    cst.Assign,
    cst.Element,
    cst.Expr,
    cst.Return,
)


@dataclass(frozen=True, kw_only=True)
class Argument:
    """The value of an argument, or of the name that stands for it, in the source.

    `start` and `end` are byte offsets into the UTF-8 form of the text. `is_literal`: the value
    is spelled out (a number, a string, `None`, a tuple of such, ...), not computed.
    """

    code: str
    span: Span
    start: int
    end: int
    keyword: bool
    is_literal: bool


@dataclass(frozen=True, kw_only=True, eq=False)
class Call:
    """A call expression in a script.

    Methods that return edits return `()` where nothing needs to change, and `None` where no edit
    is safe. Nothing is changed here: `Script.apply` does that.
    """

    span: Span
    callee: str
    tree: Tree = field(repr=False)
    node: cst.Call = field(repr=False)

    @property
    def start(self) -> int:
        """The byte offset at which the call starts."""
        return self.tree.bare_extent(self.node)[0]

    @property
    def end(self) -> int:
        """The byte offset after its closing parenthesis."""
        return self.tree.bare_extent(self.node)[1]

    @property
    def code(self) -> str:
        """Its text, without parentheses around it."""
        return self.tree.data[self.start : self.end].decode()

    def spelled(self, name: str, *, of: str = "") -> str:
        """An argument's name as this script spells its arguments: of another year, or of today.

        `of` is what takes the argument, if not this call.
        """
        callee = of or self.callee
        older = older_names(callee, name)
        written = {a.keyword.value for a in self.node.args if a.keyword is not None}
        known = _old_arguments(self.tree)
        if older and (
            written & ARGUMENTS[kind_of(callee)].keys()
            or (known & KERAS_1 and older[0] in {*KERAS_1, "lr"})
            or (older[0] == "lr" and "lr" in known)
        ):
            return older[0]
        return name

    @property
    def has_hidden_arguments(self) -> bool:
        """Whether `*args` or `**kwargs` may hold arguments that are not in sight."""
        return any(argument.star for argument in self.node.args)

    def argument(self, name: str, position: int | None = None) -> Argument | None:
        """The argument with this keyword, or one it had in another year, or else at this position.

        Positions count from 0.

        None if it is absent, or hidden in `*args` or `**kwargs` (see `has_hidden_arguments`).
        """
        index = self._index(name, position)
        if index is None:
            return None
        return self._argument(self.node.args[index].value, self.node.args[index].keyword)

    def set_argument(
        self, name: str, code: str, *, position: int | None = None
    ) -> tuple[Edit, ...] | None:
        """The edits that give an argument the value `code`: where it stands, or as a new keyword.

        None if the argument may be hidden.
        """
        code = self._placed(as_value(code))
        argument = self.argument(name, position)
        if argument is not None:
            return _replaced(argument, code)
        sole_generator = any(
            isinstance(argument.value, cst.GeneratorExp) and not argument.value.lpar
            for argument in self.node.args
        )
        if self.has_hidden_arguments or sole_generator:
            return None
        return self._items().append(f"{self.spelled(name)}{self._equal_sign()}{code}")

    def remove_argument(self, name: str, *, position: int | None = None) -> tuple[Edit, ...] | None:
        """The edits that take an argument away, with its comma; `()` if it is not there.

        None if it may be hidden, or if other positional arguments would move up.
        """
        index = self._index(name, position)
        if index is None:
            return None if self.has_hidden_arguments else ()
        if self.node.args[index].keyword is None and any(
            later.keyword is None and later.star != "**" for later in self.node.args[index + 1 :]
        ):
            return None
        return self._items().remove(index)

    def replace(self, code: str) -> tuple[Edit, ...]:
        """The edit that puts another expression in the place of the whole call."""
        parent = self.tree.parent(self.node)
        listed = isinstance(parent, _BETWEEN_COMMAS) and not getattr(parent, "star", "")
        code = as_value(code) if listed or self.node.lpar else as_operand(code)
        return (Edit(start=self.start, end=self.end, replacement=self._placed(code)),)

    def remove_layer(self) -> tuple[Edit, ...] | None:
        """The edits that take the layer that this call builds out of its network.

        `model.add(Dense(4))` goes with its lines; an element of a list or tuple goes with its
        comma; `Dense(4)(x)` becomes `x`, and `x = Dense(4)(x)` goes. None for other forms.
        """
        return layers.remove(self.tree, self.node)

    def insert_layer(
        self, code: str, *, where: Literal["before", "after"]
    ) -> tuple[Edit, ...] | None:
        """The edits that put the layer `code` beside the layer that this call builds.

        A `model.add` line, an element of the list, or `Dense(4)(code(x))` and `code(Dense(4)(x))`.
        None for other forms.
        """
        return layers.insert(self.tree, self.node, code, where=where)

    def insert_layer_where_read(self, code: str) -> tuple[Edit, ...] | None:
        """The edits that put the layer `code` behind this call, where its value is worked on.

        After `x = Input((8,))`, `block(x)` becomes `block(code(x))`, and `Model(x, ...)` stays.
        None unless the value's name is its alone, and one call but `Model` takes it.
        """
        return layers.insert_where_read(self.tree, self.node, code)

    def assigned_argument(
        self, name: str, position: int | None = None, *, called: bool = False
    ) -> Argument | None:
        """The literal that an argument's name stands for, where it is assigned.

        None unless the value is a bare name bound exactly once in the whole file, by a plain
        assignment of a number, string, truth value or `None`, which lies before this call and
        always runs if this call does. With `called`, it may be assigned what a call returns.
        """
        index = self._index(name, position)
        if index is None:
            return None
        value = self.node.args[index].value
        if not isinstance(value, cst.Name):
            return None
        definition = names.definition(self.tree, value)
        if definition is None or not (_is_scalar(self.tree.source(definition))
                                      or (called and isinstance(definition, cst.Call))):
            return None
        return self._argument(definition, None)

    def set_definition(
        self, name: str, code: str, position: int | None = None, *, shared: bool = False,
        called: bool = False,
    ) -> tuple[Edit, ...] | None:
        """The edits that change an argument where its name is assigned (see `assigned_argument`).

        None if there is no such assignment, or if the name is read elsewhere too and may not be
        (`shared` permits it).
        """
        argument = self.assigned_argument(name, position, called=called)
        index = self._index(name, position)
        if argument is None or index is None:
            return None
        if not shared and names.reads(self.tree, self.tree.source(self.node.args[index].value)) > 1:
            return None
        return _replaced(argument, self._placed(as_value(code)))

    def insert_statement_before(self, code: str) -> tuple[Edit, ...] | None:
        """The edit that puts statements on lines of their own before the one with this call.

        None where that statement shares its lines with another (`a; b`, `if x: fit()`), or where
        the call belongs to the header of a compound statement.
        """
        statement = self.tree.own_lines(self.node)
        edit = None if statement is None else self.tree.line_before(statement, code)
        return None if edit is None else (edit,)

    def insert_statement_after(self, code: str) -> tuple[Edit, ...] | None:
        """The same behind it."""
        statement = self.tree.own_lines(self.node)
        return None if statement is None else (self.tree.line_after(statement, code),)

    def replace_reading(self, name: str, code: str) -> tuple[Edit, ...] | None:
        """The edit that puts an expression in the place of a name that the arguments read.

        `None` unless they read it once.
        """
        found = [node for argument in self.node.args
                 for node in matchers.findall(argument.value, matchers.Name(name))
                 if not self._is_part_of_a_word(node)]
        if len(found) != 1 or not isinstance(found[0], cst.Name):
            return None
        start, end = self.tree.extent(found[0])
        alone = isinstance(self.tree.parent(found[0]), cst.Arg | cst.Element)
        return (Edit(start=start, end=end, replacement=self._placed(
            as_value(code) if alone else as_operand(code))),)

    def _is_part_of_a_word(self, node: cst.CSTNode) -> bool:
        """Whether a name is that of an attribute or of a keyword."""
        match self.tree.parent(node):
            case cst.Attribute(attr=part) | cst.Arg(keyword=part):
                return part is node
        return False

    def insert_method_before(self, code: str) -> tuple[Edit, ...] | None:
        """The edit that makes `a.b()` to `a.CODE.b()`; `None` for a call that is no method's."""
        match self.node.func:
            case cst.Attribute(value=value):
                end = self.tree.bare_extent(value)[1]
                return (Edit(start=end, end=end, replacement=f".{code}"),)
        return None

    @property
    def assigned_name(self) -> str | None:
        """The only name that a statement gives what this call makes; `None` for other statements."""
        match self.tree.parent(self.node):
            case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=name))]):
                return name
        return None

    @property
    def applied_to(self) -> str | None:
        """The name `x` of a layer that is called as `Layer(…)(x)` in a statement of its own.

        `None` for other forms.
        """
        outer = self._application()
        if outer is None or self.tree.own_lines(outer) is None:
            return None
        match outer.args:
            case [cst.Arg(value=cst.Name(value=name), keyword=None, star="")]:
                return name
        return None

    @property
    def applied_as(self) -> str | None:
        """The only name that a statement gives what `Layer(…)(…)` puts out; `None` for other forms."""
        outer = self._application()
        match None if outer is None else self.tree.parent(outer):
            case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=name))]):
                return name
        return None

    def _application(self) -> cst.Call | None:
        outer = self.tree.parent(self.node)
        return outer if isinstance(outer, cst.Call) and outer.func is self.node else None

    @property
    def counted_by(self) -> Call | None:
        """The `range(…)` that says how often the innermost loop or comprehension makes this call.

        A function around it is left where the source calls it once. `None` for other loops.
        """
        counted = loops.counted_by(self.tree, self.node)
        if counted is None:
            return None
        span = self.tree.lines.span(*self.tree.bare_extent(counted))
        return Call(span=span, callee=self.tree.source(counted.func), tree=self.tree, node=counted)

    @property
    def at_module_level(self) -> bool:
        """Whether the statement with this call stands by itself, outside of every block."""
        statement = self.tree.own_lines(self.node)
        return statement is not None and isinstance(self.tree.parent(statement), cst.Module)

    @property
    def in_function(self) -> bool:
        """Whether the call is in the body of a function or lambda: it may run often, or never."""
        return any(
            isinstance(outer, (cst.FunctionDef, cst.Lambda)) and outer.body is inner
            for inner, outer in pairwise(self._path())
        )

    @property
    def in_loop_or_comprehension(self) -> bool:
        """Whether a loop or comprehension around the call may run it more than once."""
        path = self._path()
        for depth, (inner, outer) in enumerate(pairwise(path)):
            if isinstance(outer, cst.For) and inner is outer.body:
                return True
            if isinstance(outer, cst.While) and inner is not outer.orelse:
                return True
            if isinstance(outer, cst.BaseComp):
                first_iterable = isinstance(inner, cst.CompFor) and path[depth - 1] is inner.iter
                if not first_iterable:
                    return True
        return False

    def _path(self) -> list[cst.CSTNode]:
        return [self.node, *self.tree.ancestors(self.node)]

    def _index(self, name: str, position: int | None) -> int | None:
        """Which argument it is; None if it is not in sight."""
        spellings = {name, *older_names(self.callee, name)}
        for index, argument in enumerate(self.node.args):
            if argument.keyword is not None and argument.keyword.value in spellings:
                return index
        if position is None or position >= len(self.node.args):
            return None
        in_sight = all(
            argument.keyword is None and not argument.star
            for argument in self.node.args[: position + 1]
        )
        return position if in_sight else None

    def _argument(self, value: cst.BaseExpression, keyword: cst.Name | None) -> Argument:
        start, end = self.tree.extent(value)
        code = self.tree.source(value)
        return Argument(
            code=code,
            span=self.tree.lines.span(start, end),
            start=start,
            end=end,
            keyword=keyword is not None,
            is_literal=_is_literal(code),
        )

    def _items(self) -> Items:
        return Items(
            lines=self.tree.lines,
            close=self.end - 1,
            items=tuple(self.tree.bare_extent(argument) for argument in self.node.args),
        )

    def _equal_sign(self) -> str:
        """`=` with the blanks that the call's last keyword has around it."""
        for argument in reversed(self.node.args):
            if argument.keyword is not None:
                after_name = self.tree.bare_extent(argument.keyword)[1]
                sign = self.tree.data[after_name : self.tree.extent(argument.value)[0]].decode()
                return sign if sign.strip(" ") == "=" else "="
        return "="

    def _placed(self, code: str) -> str:
        return self.tree.lines.continued(code, self.start)


@lru_cache(maxsize=8)
def _old_arguments(tree: Tree) -> frozenset[str]:
    """The arguments of other years that a source gives anywhere."""
    return frozenset(
        argument.keyword.value
        for node in tree.calls.values()
        for argument in node.args
        if argument.keyword is not None
        and argument.keyword.value in ARGUMENTS.get(kind_of(tree.source(node.func)), ())
    )


def _replaced(argument: Argument, code: str) -> tuple[Edit, ...]:
    if argument.code == code:
        return ()
    return (Edit(start=argument.start, end=argument.end, replacement=code),)


def _is_literal(code: str) -> bool:
    """Whether code spells a value out; containers of such values count too."""
    try:
        _literal(code)
    except (ValueError, SyntaxError):
        return False
    return True


def _is_scalar(code: str) -> bool:
    """Whether code spells out a number, a string, a truth value or `None`."""
    return _is_literal(code) and not isinstance(_literal(code), (tuple, list, dict, set))


def _literal(code: str) -> object:
    with warnings.catch_warnings(action="ignore"):  # of odd escapes in the user's strings
        return ast.literal_eval(f"(\n{code}\n)")
