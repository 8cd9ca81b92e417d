"""Edits that take a layer out of a network, or put one in, by the three forms people write.

`model.add(Dense(4))` as a statement; `Dense(4)` as an element of a list or tuple; and
`Dense(4)(x)`. Only the form is looked at: whether the call builds a layer is for the caller to
know. Anything else gives None.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import libcst as cst

from .edits import Edit
from .items import Items
from .spellings import kind_of
from .tree import Tree, as_operand, as_value, is_operand


@dataclass(frozen=True, kw_only=True)
class _Added:
    """`model.add(layer)` as a statement on its own lines."""

    statement: cst.SimpleStatementLine
    callee: str


@dataclass(frozen=True, kw_only=True)
class _Listed:
    """An element of a list, or of a tuple in parentheses."""

    items: Items
    index: int
    is_tuple: bool


@dataclass(frozen=True, kw_only=True)
class _Applied:
    """`layer(value)`: the outer call and the value, which is its first argument."""

    outer: cst.Call
    value: cst.BaseExpression


def remove(tree: Tree, layer: cst.Call) -> tuple[Edit, ...] | None:
    """The edits that take a layer out; None where the form is not known."""
    match _form(tree, layer):
        case _Added(statement=statement):
            return (tree.delete_lines(statement),)
        case _Listed(items=items, index=index, is_tuple=is_tuple):
            one_left = is_tuple and len(items.items) == 2
            return items.remove(index, comma_needed=one_left)
        case _Applied(outer=outer, value=value):
            return _passed_through(tree, outer, value)
        case _:
            return None


def insert(
    tree: Tree, layer: cst.Call, code: str, *, where: Literal["before", "after"]
) -> tuple[Edit, ...] | None:
    """The edits that put the layer `code` beside a layer; None where the form is not known."""
    match _form(tree, layer):
        case _Added(statement=statement, callee=callee):
            line = f"{callee}({as_value(code)})"
            if where == "after":
                return (tree.line_after(statement, line),)
            edit = tree.line_before(statement, line)
            return None if edit is None else (edit,)
        case _Listed(items=items, index=index):
            put = items.insert_before if where == "before" else items.insert_after
            place = items.items[index][0]
            return put(index, tree.lines.continued(as_value(code), place))
        case _Applied(outer=outer, value=value):
            return _wrapped(tree, code, *(tree.extent(value) if where == "before"
                                          else tree.bare_extent(outer)))
        case _:
            return None


def insert_where_read(tree: Tree, value: cst.Call, code: str) -> tuple[Edit, ...] | None:
    """The edits that pass a value on through the layer `code` to the one call that works on it.

    In `inputs = Input((8,)); x = block(inputs); model = Model(inputs, x)` that is `block`: a
    `Model` only has to know where the network begins. None unless the value has a name that is
    given to it alone, and one such call.
    """
    match tree.parent(value):
        case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=name) as target)]):
            scope = tree.scopes.get(target)
        case _:
            return None
    assigned = () if scope is None else scope[name]
    if len(assigned) != 1:
        return None
    reads = [access.node for one in assigned for access in one.references]
    working = [read for read in reads if not _begins_a_model(tree, read)]
    if len(working) != 1 or not isinstance(working[0], cst.Name):
        return None
    given = tree.parent(working[0])
    if isinstance(given, cst.Element):  # one of several that are joined
        listed = tree.parent(given)
        given = None if listed is None else tree.parent(listed)
    if not isinstance(given, cst.Arg) or given.star:
        return None
    return _wrapped(tree, code, *tree.extent(working[0]))


def _begins_a_model(tree: Tree, read: cst.CSTNode) -> bool:
    """Whether a name stands among what `Model(...)` is given, by itself or in a list."""
    around = tree.parent(read)
    while isinstance(around, (cst.Arg, cst.Element, cst.List, cst.Tuple, cst.Dict, cst.DictElement)):
        around = tree.parent(around)
    return isinstance(around, cst.Call) and kind_of(tree.source(around.func)) == "Model"


def _wrapped(tree: Tree, code: str, start: int, end: int) -> tuple[Edit, ...]:
    """What stands between two offsets, given to the layer `code`."""
    code = tree.lines.continued(as_operand(code), start)
    return (
        Edit(start=start, end=start, replacement=f"{code}("),
        Edit(start=end, end=end, replacement=")"),
    )


def _form(tree: Tree, layer: cst.Call) -> _Added | _Listed | _Applied | None:
    parent = tree.parent(layer)
    if isinstance(parent, cst.Arg):
        return _added(tree, parent)
    if isinstance(parent, cst.Element):
        return _listed(tree, parent)
    if isinstance(parent, cst.Call) and parent.func is layer and parent.args:
        first = parent.args[0]
        bare_generator = isinstance(first.value, cst.GeneratorExp) and not first.value.lpar
        if not first.star and not bare_generator:
            return _Applied(outer=parent, value=first.value)
    return None


def _added(tree: Tree, argument: cst.Arg) -> _Added | None:
    call = tree.parent(argument)
    if not isinstance(call, cst.Call) or call.args[0] is not argument or argument.star:
        return None
    if not isinstance(call.func, cst.Attribute) or call.func.attr.value != "add":
        return None
    statement = tree.own_lines(call)
    if statement is None or not isinstance(tree.parent(call), cst.Expr) or not _dotted(call.func):
        return None
    return _Added(statement=statement, callee=tree.source(call.func))


def _listed(tree: Tree, element: cst.Element) -> _Listed | None:
    container = tree.parent(element)
    if not isinstance(container, (cst.List, cst.Tuple)):
        return None
    repeated = tree.parent(container)
    if isinstance(repeated, cst.BinaryOperation) and isinstance(repeated.operator, cst.Multiply):
        return None
    if isinstance(container, cst.List):
        ending = tree.bare_extent(container)[1]
    elif container.lpar:
        ending = tree.bare_extent(container.rpar[0])[1]
    else:
        return None
    values = tuple(tree.bare_extent(element) for element in container.elements)
    return _Listed(
        items=Items(lines=tree.lines, close=ending - 1, items=values),
        index=container.elements.index(element),
        is_tuple=isinstance(container, cst.Tuple),
    )


def _passed_through(tree: Tree, outer: cst.Call, value: cst.BaseExpression) -> tuple[Edit, ...]:
    """`layer(value)` becomes `value`, in edits that leave the value's own bytes to other edits."""
    statement = tree.own_lines(outer)
    if statement is not None and isinstance(value, cst.Name):
        match statement.body[0]:
            case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=target))]):
                if tree.parent(outer) is statement.body[0] and target == value.value:
                    return (tree.delete_lines(statement),)
    code = tree.source(value)
    opening, closing = ("", "") if is_operand(code) else ("(", ")")
    start, end = tree.bare_extent(outer)
    value_start, value_end = tree.extent(value)
    return (
        Edit(start=start, end=value_start, replacement=opening),
        Edit(start=value_end, end=end, replacement=closing),
    )


def _dotted(node: cst.BaseExpression) -> bool:
    """Whether an expression is names and dots only, so that evaluating it again does nothing."""
    while isinstance(node, cst.Attribute) and not node.lpar:
        node = node.value
    return isinstance(node, cst.Name) and not node.lpar
