"""Edits in a model that is written as a class: its constructor and its `call`."""

from __future__ import annotations

import re

import libcst as cst

from .edits import Edit
from .tree import Tree


def setup(tree: Tree, name: str) -> cst.Call | None:
    """The call `super().__init__(...)`, on lines of its own, in a class's constructor."""
    made = _method(tree, name, "__init__")
    found = [] if made is None else [
        node for node in tree.calls.values()
        if _is_setup(tree, node) and made in tree.ancestors(node)
    ]
    return found[0] if len(found) == 1 and tree.own_lines(found[0]) is not None else None


def read_through(
    tree: Tree, name: str, method: str, attribute: str, code: str
) -> tuple[Edit, ...] | None:
    """The edits that let a method read its first argument through the layer `code`."""
    called, reading = setup(tree, name), _method(tree, name, method)
    if called is None or reading is None or re.search(rf"\b{attribute}\b", tree.text):
        return None
    keeping, first = tree.own_lines(called), _first_statement(reading)
    parameters = _parameters(reading)
    if keeping is None or first is None or len(parameters) < 2:
        return None
    this, argument = parameters[:2]
    read = tree.line_before(first, f"{argument} = {this}.{attribute}({argument})")
    made = next(outer for outer in tree.ancestors(called) if isinstance(outer, cst.FunctionDef))
    return None if read is None else (
        tree.line_after(keeping, f"{_parameters(made)[0]}.{attribute} = {code}"), read)


def _parameters(method: cst.FunctionDef) -> list[str]:
    """The names of what a method takes by position, itself first."""
    return [one.name.value for one in (*method.params.posonly_params, *method.params.params)]


def _method(tree: Tree, name: str, method: str) -> cst.FunctionDef | None:
    """The only method of that name in the only class of that name."""
    named = [node for node in tree.positions
             if isinstance(node, cst.ClassDef) and node.name.value == name]
    if len(named) != 1 or not isinstance(named[0].body, cst.IndentedBlock):
        return None
    found = [node for node in named[0].body.body
             if isinstance(node, cst.FunctionDef) and node.name.value == method]
    return found[0] if len(found) == 1 else None


def _first_statement(method: cst.FunctionDef) -> cst.BaseStatement | None:
    """The first statement of a method after what it says of itself."""
    if not isinstance(method.body, cst.IndentedBlock):
        return None
    statements = list(method.body.body)
    if method.get_docstring() is not None:
        statements = statements[1:]
    return statements[0] if statements else None


def _is_setup(tree: Tree, call: cst.Call) -> bool:
    written = tree.source(call.func).replace(" ", "")
    return written.startswith("super(") and written.endswith(").__init__")
