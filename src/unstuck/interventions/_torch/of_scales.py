"""Inputs and outputs of a network in other units: a line of `forward`, or a module more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import libcst as cst
import numpy as np

from unstuck.network.recipe import Recipe
from unstuck.script import Edit, Script
from unstuck.script.tree import Tree, tree_of

from .._source import number
from ._names import Edits, call_at

MOST_COLUMNS = 8
"""Numbers of more columns nobody can read."""
_CLASS = """class Scaled({module}):
    def __init__(self, scale, offset):
        super().__init__()
        self.scale, self.offset = scale, offset

    def forward(self, x):
        return x * self.scale + self.offset

"""


def scaled(
    script: Script, before: Recipe, config: Mapping[str, Any], *, entry: bool
) -> Edits | None:
    """What puts arithmetic in front of a network (`entry`), or behind it."""
    tree = tree_of(script.text)
    numbers = _numbers(config)
    if tree is None or numbers is None:
        return None
    scale, offset = map(_code, numbers)
    name = next((site.partition(":")[2] for site in before.sites if site.startswith("model:")), "")
    forward = _forward(tree, name)
    if forward is not None:
        return _in_forward(tree, forward, scale, offset, entry=entry)
    return _in_sequential(script, before, scale, offset, entry=entry)


def _numbers(config: Mapping[str, Any]) -> tuple[Any, Any] | None:
    """By what to multiply, and what to add then."""
    if "variance" in config:
        mean, spread = np.ravel(config["mean"]), np.sqrt(np.ravel(config["variance"]))
        scale, offset = 1 / spread, -mean / spread
    else:
        scale, offset = np.ravel(config["scale"]), np.ravel(config.get("offset", 0.0))
    return None if max(len(scale), len(offset)) > MOST_COLUMNS else (scale, offset)


def _code(values: Any) -> str:
    each = [number(float(one)) for one in values]
    return each[0] if len(each) == 1 else f"torch.tensor([{', '.join(each)}])"


def _forward(tree: Tree, name: str) -> cst.FunctionDef | None:
    """The `forward` of the class of that name."""
    for node in tree.positions:
        if isinstance(node, cst.ClassDef) and node.name.value == name:
            return next((one for one in node.body.body if isinstance(one, cst.FunctionDef)
                         and one.name.value == "forward"), None)
    return None


def _in_forward(
    tree: Tree, forward: cst.FunctionDef, scale: str, offset: str, *, entry: bool
) -> Edits | None:
    if not isinstance(forward.body, cst.IndentedBlock):
        return None
    if entry:
        given = forward.params.params[1].name.value
        line = tree.line_before(
            forward.body.body[0], f"{given} = {_arithmetic(given, scale, offset)}")
        return None if line is None else (line,)
    returns = [node for node in tree.positions if isinstance(node, cst.Return)
               and any(one is forward for one in tree.ancestors(node))]
    if len(returns) != 1 or returns[0].value is None:
        return None
    start, end = tree.extent(returns[0].value)
    text = tree.data[start:end].decode()
    if not isinstance(returns[0].value, cst.Call | cst.Name):
        return None
    return (Edit(start=start, end=end, replacement=_arithmetic(text, scale, offset)),)


def _arithmetic(given: str, scale: str, offset: str) -> str:
    sign = f"- {offset[1:]}" if offset.startswith("-") else f"+ {offset}"
    return f"{given} * {scale} {sign}"


def _in_sequential(
    script: Script, before: Recipe, scale: str, offset: str, *, entry: bool
) -> Edits | None:
    """A module of a class of its own, in the `Sequential` that is the network."""
    names = [one.name for one in before.layers if f"layer:{one.name}" in before.sites]
    call = call_at(script, before, f"layer:{names[0 if entry else -1]}") if names else None
    if call is None:
        return None
    tree = call.tree
    argument = tree.parent(call.node)
    outer = None if argument is None else tree.parent(argument)
    if not isinstance(outer, cst.Call) or not tree.source(outer.func).endswith("Sequential"):
        return None
    statement = tree.own_lines(outer)
    last = outer.args[0 if entry else -1]
    if statement is None:
        return None
    module = tree.source(outer.func).rpartition(".")[0]
    code = _CLASS.format(module=f"{module}.Module" if module else "torch.nn.Module")
    made = f"Scaled({scale}, {offset})"
    place = tree.extent(last.value)[0 if entry else 1]
    new = Edit(start=place, end=place, replacement=f"{made}, " if entry else f", {made}")
    known = None if "class Scaled(" in script.text else tree.line_before(statement, code)
    return (new,) if known is None else (known, new)
