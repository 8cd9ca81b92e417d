"""Which parameters an optimizer has: when it is made, what it is given, lists that hide layers."""

from __future__ import annotations

import libcst as cst

from unstuck.network.recipe import Recipe
from unstuck.script import Call, Edit, Script
from unstuck.script.tree import Tree

from ._names import Edits, call_at, statement_at

_HOLDERS = ((cst.List, cst.ListComp, "ModuleList"), (cst.Dict, cst.DictComp, "ModuleDict"))


def owned(script: Script, before: Recipe) -> Edits | None:
    """All parameters of the network for its optimizer, by what kept them from it."""
    loop, made = before.loop, call_at(script, before, "optimizer")
    if loop is None or made is None:
        return None
    names = {path.rpartition("/")[0].partition("/")[0] for path in loop.untrained}
    calls = [call_at(script, before, f"layer:{name}") for name in sorted(names)]
    layers = [call for call in calls if call is not None]
    if not layers or len(layers) < len(calls):
        return None
    held = [_held(call) for call in layers]
    if all(found is not None for found in held):
        return tuple(dict.fromkeys(edit for found in held for edit in found or ()))
    return _made_later(script, before, layers) or _given_all(script, before, made, layers)


def _held(call: Call) -> Edits | None:
    """A list or dictionary of layers as one of `torch.nn`, so that their parameters are found."""
    tree = call.tree
    for node in tree.ancestors(call.node):
        for *kinds, name in _HOLDERS:
            if isinstance(node, tuple(kinds)) and _is_of_self(tree, node):
                return _wrapped(tree, node, name)
        if isinstance(node, cst.FunctionDef):
            break
    grown = _grown(tree, call.node)
    made = None if grown is None else _empty(tree, grown)
    return None if made is None else _wrapped(tree, *made)


def _wrapped(tree: Tree, node: cst.CSTNode, name: str) -> Edits:
    start, end = tree.bare_extent(node)
    inner = tree.data[start:end].decode()
    prefix = "nn" if "nn.Module" in tree.text and "torch.nn.Module" not in tree.text else "torch.nn"
    inner = "" if inner in ("[]", "{}") else inner
    return (Edit(start=start, end=end, replacement=f"{prefix}.{name}({inner})"),)


def _is_of_self(tree: Tree, node: cst.CSTNode) -> bool:
    statement = tree.parent(node)
    return isinstance(statement, cst.Assign) and any(
        tree.source(one.target).startswith("self.") for one in statement.targets)


def _grown(tree: Tree, node: cst.CSTNode) -> str | None:
    """What a layer is put into: `self.layers` of `self.layers.append(…)`, `self.layers[i] = …`."""
    for outer in tree.ancestors(node):
        match outer:
            case cst.Call(func=cst.Attribute(value=value, attr=cst.Name(value="append"))):
                return tree.source(value)
            case cst.Assign(targets=[cst.AssignTarget(target=cst.Subscript(value=value))]):
                return tree.source(value)
            case cst.AugAssign(target=target):
                return tree.source(target)
            case cst.SimpleStatementLine():
                return None
    return None


def _empty(tree: Tree, name: str) -> tuple[cst.CSTNode, str] | None:
    """The one list or dictionary that a name begins as, and what holds layers in its place."""
    found = []
    for node in tree.positions:
        if isinstance(node, cst.Assign) and [tree.source(one.target) for one in node.targets] == [name]:
            for *kinds, holder in _HOLDERS:
                if isinstance(node.value, tuple(kinds)):
                    found.append((node.value, holder))
    return found[0] if len(found) == 1 and name.startswith("self.") else None


def _made_later(script: Script, before: Recipe, layers: list[Call]) -> Edits | None:
    """The optimizer made behind the last layer that it lacks."""
    made = statement_at(script, before, "optimizer")
    if made is None:
        return None
    tree, statement = made
    own = [found for call in layers if (found := tree.own_lines(call.node)) is not None
           and tree.parent(found) is tree.parent(statement)
           and tree.bare_extent(found)[0] > tree.bare_extent(statement)[0]]
    if not own:
        return None
    latest = max(own, key=lambda one: tree.bare_extent(one)[0])
    code = tree.data[slice(*tree.bare_extent(statement))].decode()
    return (tree.delete_lines(statement), tree.line_after(latest, code))


def _given_all(script: Script, before: Recipe, made: Call, layers: list[Call]) -> Edits | None:
    """The parameters of the modules that it lacks beside those that it is given.

    A part of a network, as in `Adam(model.head.parameters())`, becomes the network.
    """
    given = made.argument("params", 0)
    forward = call_at(script, before, "forward")
    if given is None:
        return None
    tree = made.tree
    names: list[str] = []
    for call in layers:
        statement = tree.own_lines(call.node)
        target = None if statement is None else _top_name(tree, statement)
        if target is None:
            names = []
            break
        names.append(target)
    if names:
        parts = [f"*{given.code}", *(f"*{name}.parameters()" for name in dict.fromkeys(names))]
        if any(f"{name}.parameters()" in given.code for name in names):
            return None
        return (Edit(start=given.start, end=given.end, replacement=f"[{', '.join(parts)}]"),)
    whole = None if forward is None else forward.callee
    if whole is None or not whole.isidentifier() or not given.code.startswith(f"{whole}."):
        return None
    replacement = f"{whole}.parameters()"
    return None if given.code == replacement else (
        Edit(start=given.start, end=given.end, replacement=replacement),)


def _top_name(tree: Tree, statement: cst.SimpleStatementLine) -> str | None:
    """The name that a statement outside of classes gives what it makes."""
    if any(isinstance(one, cst.ClassDef) for one in tree.ancestors(statement)):
        return None
    match statement.body[0]:
        case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=name))]):
            return name
    return None
