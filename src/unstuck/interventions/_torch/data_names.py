"""What a script calls the tensors that its rows and its targets are taken from.

From what the network is given, back through the loop over batches, loaders and data sets, to the name
that holds all rows, and the statement that gives it them last.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from unstuck.network.recipe import Recipe
from unstuck.script import Script
from unstuck.script.tree import Tree

from ._names import call_at

_DEEPEST = 12
_HANDED_ON = frozenset({"to", "float", "long", "double", "cuda", "cpu", "unsqueeze", "squeeze", "view",
                        "reshape", "split", "chunk", "detach", "clone", "requires_grad_", "unbind",
                        "flatten", "type", "contiguous"})
_WRAPPED = frozenset({"enumerate", "tqdm", "list", "iter", "Variable", "trange"})
_LOADERS = frozenset({"DataLoader"})
_TABLES = frozenset({"TensorDataset", "zip"})

Statement = cst.SimpleStatementLine


@dataclass(frozen=True, kw_only=True)
class Named:
    """A name, the statement that gives it its rows last, and the tree of both.

    `source` is what it is cut out of there, if that has a name.
    """

    name: str
    made: Statement
    tree: Tree
    source: Named | None = None

    @property
    def at_module_level(self) -> bool:
        """True where classes and functions of the script see it."""
        return isinstance(self.tree.parent(self.made), cst.Module)

    @property
    def is_tensor(self) -> bool:
        """True where what stands there shows that it is one of torch's."""
        code = self.tree.data[slice(*self.tree.bare_extent(self.made))].decode()
        shown = "torch." in code or ".float()" in code or "Tensor(" in code
        return shown or (self.source is not None and self.source.is_tensor)


def rows_named(script: Script, before: Recipe) -> Named | None:
    """The name of the rows; `None` where they have none of their own."""
    call = call_at(script, before, "forward")
    if call is None:
        return None
    node = call.node
    if _is_in_class(call.tree, node):  # model.forward(x), which passes by the call of the model
        node = next((one for one in call.tree.positions if isinstance(one, cst.Call)
                     and call.tree.source(one.func).endswith(".forward")
                     and not _is_in_class(call.tree, one)), node)
    return _followed(call.tree, node.args[0].value) if node.args else None


def _is_in_class(tree: Tree, node: cst.CSTNode) -> bool:
    return any(isinstance(one, cst.ClassDef) for one in tree.ancestors(node))


def targets_named(script: Script, before: Recipe) -> Named | None:
    """The name of the targets."""
    call = call_at(script, before, "meets:1")
    if call is None or len(call.node.args) < 2:
        return None
    return _followed(call.tree, call.node.args[1].value)


def others_given(script: Script, before: Recipe, site: str, argument: int, but: str) -> list[Named]:
    """What else the script gives to the same call elsewhere, such as rows that were held back."""
    call = call_at(script, before, site)
    if call is None:
        return []
    found: dict[str, Named] = {}
    for node in call.tree.positions:
        if isinstance(node, cst.Call) and node is not call.node and len(node.args) > argument and (
                call.tree.source(node.func) == call.callee):
            known = _followed(call.tree, node.args[argument].value)
            if known is not None and known.name != but:
                found[known.name] = known
    return list(found.values())


def _followed(tree: Tree, node: cst.BaseExpression, place: int = 0, depth: int = 0) -> Named | None:
    """The name behind an expression; `place` is which part of what it holds is meant."""
    if depth > _DEEPEST:
        return None
    depth += 1
    match node:
        case cst.Subscript(value=value):
            return _followed(tree, value, place, depth)
        case cst.Call(func=cst.Attribute(value=value, attr=cst.Name(value=method))) if (
                method in _HANDED_ON):
            return _followed(tree, value, place, depth)
        case cst.Call(func=func, args=args) if args:
            kind = tree.source(func).rpartition(".")[2]
            if kind in _WRAPPED or kind in _LOADERS:
                return _followed(tree, args[0].value, place, depth)
            if kind in _TABLES and place < len(args):
                return _followed(tree, args[place].value, 0, depth)
            return None
        case cst.Name():
            return _of_name(tree, node, place, depth)
    return None


def _of_name(tree: Tree, node: cst.Name, place: int, depth: int) -> Named | None:
    scope = _scope(tree, node)
    loop = _loop_over(tree, node)
    if loop is not None:
        return _followed(tree, *loop, depth)
    made = [one for one in _assignments(tree, node.value) if _scope(tree, one) is scope]
    if not made and scope is not None:
        given = _given(tree, scope, node.value)
        if given is not None:
            return _followed(tree, given, place, depth)
        made = [one for one in _assignments(tree, node.value) if _scope(tree, one) is None]
    if not made:
        return None
    latest = max(made, key=lambda one: tree.bare_extent(one)[0])
    value = latest.value
    in_loop = any(isinstance(one, cst.For | cst.While) for one in tree.ancestors(latest))
    if isinstance(value, cst.Tuple):  # x, y = x.to(device), y.to(device)
        at = _position(tree, latest.targets[0].target, node.value)
        value = value.elements[at].value if at is not None and at < len(value.elements) else value
    kind = tree.source(value.func).rpartition(".")[2] if isinstance(value, cst.Call) else ""
    if in_loop or kind in _LOADERS | _TABLES or isinstance(value, cst.Name):
        return _followed(tree, value, place, depth)
    statement = tree.own_lines(latest)
    if statement is None:
        return None
    source = _followed(tree, value, 0, depth) if isinstance(value, cst.Subscript) else None
    return Named(name=node.value, made=statement, tree=tree, source=source)


def _scope(tree: Tree, node: cst.CSTNode) -> cst.FunctionDef | None:
    return next((one for one in tree.ancestors(node) if isinstance(one, cst.FunctionDef)), None)


def _loop_over(tree: Tree, node: cst.Name) -> tuple[cst.BaseExpression, int] | None:
    """What a loop around a name takes it from, and which part of each round it is."""
    for outer in tree.ancestors(node):
        if isinstance(outer, cst.FunctionDef):
            return None
        if isinstance(outer, cst.For):
            target: cst.BaseExpression = outer.target
            kind = ""
            if isinstance(outer.iter, cst.Call):
                kind = tree.source(outer.iter.func).rpartition(".")[2]
            if kind == "enumerate" and isinstance(target, cst.Tuple):
                target = target.elements[1].value
            at = _position(tree, target, node.value)
            if at is not None:
                return outer.iter, at
    return None


def _position(tree: Tree, target: cst.BaseExpression, name: str) -> int | None:
    if isinstance(target, cst.Name):
        return 0 if target.value == name else None
    if isinstance(target, cst.Tuple | cst.List):
        return next((i for i, one in enumerate(target.elements)
                     if tree.source(one.value).strip("(), ") == name), None)
    return None


def _assignments(tree: Tree, name: str) -> Iterator[cst.Assign]:
    for node in tree.positions:
        if isinstance(node, cst.Assign) and any(
                _position(tree, one.target, name) is not None for one in node.targets):
            yield node


def _given(tree: Tree, function: cst.FunctionDef, name: str) -> cst.BaseExpression | None:
    """What the only call of a function hands over under a name."""
    names = [one.name.value for one in function.params.params]
    calls = [node for node in tree.positions if isinstance(node, cst.Call)
             and tree.source(node.func) == function.name.value]
    if name not in names or len(calls) != 1:
        return None
    for i, one in enumerate(calls[0].args):
        if (one.keyword is None and i == names.index(name)) or (
                one.keyword is not None and one.keyword.value == name):
            return one.value
    return None
