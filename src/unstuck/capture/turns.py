"""Whether later rounds of a loop may do otherwise than the first ones: by what their number is for.

A loop of which two rounds were run is taken to go on like them. That is so where the number of a
round is only told; a learning rate that is set by hand in round 30 would not be seen.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping

from unstuck.script import Script
from unstuck.script.nodes import parsed

from .rounds import Around

_TELLS = frozenset({
    "print", "write", "info", "debug", "warning", "log", "set_description", "set_postfix", "format",
    "set_postfix_str", "add_scalar", "add_scalars", "append", "save", "savefig", "title", "str"})
"""Functions that tell or keep something, and change nothing that is trained."""
_ASKS = _TELLS | {
    "item", "len", "float", "int", "round", "sum", "mean", "max", "min", "abs", "sqrt", "time", "numpy",
    "perf_counter", "detach", "cpu", "tolist", "array", "state_dict", "join"}
_LEAVES = (ast.Break, ast.Continue, ast.Return, ast.Raise)
Functions = Mapping[str, ast.FunctionDef]


def line_by_number(script: Script, around: Around) -> int | None:
    """The line at which the number of a round decides something, or is computed with.

    `None` where it is only told: printed, logged, kept in a list or a file; also by functions of the
    script that it is handed to.

    Args:
        script: the user's source.
        around: the loop.
    """
    functions = {node.name: node for node in ast.walk(parsed(script))
                 if isinstance(node, ast.FunctionDef)}
    return _line(around.loop.body, around.target, functions, frozenset())


def _line(
    nodes: Iterable[ast.AST], name: str, functions: Functions, seen: frozenset[str]
) -> int | None:
    found = (_of(node, name, functions, seen) for node in nodes)
    return next((line for line in found if line is not None), None)


def _of(node: ast.AST, name: str, functions: Functions, seen: frozenset[str]) -> int | None:
    """The first line within a node at which a name is used for more than telling."""
    if isinstance(node, ast.Name):
        return node.lineno if node.id == name and isinstance(node.ctx, ast.Load) else None
    if isinstance(node, ast.JoinedStr) or _is_text(node):
        return None
    if isinstance(node, ast.If) and _reads(node.test, name):
        guarded = [*node.body, *node.orelse]
        return None if all(map(_only_tells, guarded)) else node.lineno
    if isinstance(node, ast.Call):
        called = ast.unparse(node.func).rpartition(".")[2]
        if called in _TELLS:
            return None
        function = functions.get(called)
        if function is not None and called not in seen:
            within = (_line(function.body, parameter, functions, seen | {called})
                      for parameter, argument in _bound(function, node) if _reads(argument, name))
            return next((line for line in within if line is not None), None)
    return _line(ast.iter_child_nodes(node), name, functions, seen)


def _is_text(node: ast.AST) -> bool:
    """True for `"…" % (…)`."""
    return (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod)
            and isinstance(node.left, ast.Constant) and isinstance(node.left.value, str))


def _bound(function: ast.FunctionDef, call: ast.Call) -> list[tuple[str, ast.expr]]:
    """The arguments of a call, each with the name of its parameter."""
    names = [one.arg for one in function.args.args if one.arg != "self"]
    return [*zip(names, call.args, strict=False),
            *((word.arg, word.value) for word in call.keywords if word.arg is not None)]


def _reads(node: ast.AST, name: str) -> bool:
    return any(isinstance(one, ast.Name) and one.id == name for one in ast.walk(node))


def _only_tells(statement: ast.AST) -> bool:
    """True where a statement prints, keeps or works something out, and no more."""
    for node in ast.walk(statement):
        if isinstance(node, _LEAVES):
            return False
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] not in _ASKS:
            return False
        if isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load):
            return False
    return True
