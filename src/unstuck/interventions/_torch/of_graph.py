"""Where a graph is cut, and layers that `forward` makes in every call."""

from __future__ import annotations

import libcst as cst

from unstuck.network.recipe import Recipe
from unstuck.script import Edit, Script
from unstuck.script.tree import Tree, tree_of

from ._names import Edits, call_at

_TAILS = (".detach().clone()", ".clone().detach()", ".detach()", ".data")
_OUT = frozenset({"numpy", "tolist", "item", "cpu", "detach", "data", "clone"})
"""Methods on the way out of torch."""
_IN = frozenset({"from_numpy", "tensor", "as_tensor", "Tensor", "FloatTensor", "Variable", "array",
                 "asarray"})
"""Functions on the way back."""
_CALLS = ("no_grad", "inference_mode", "set_grad_enabled")


def joined(script: Script, before: Recipe, name: str) -> Edits | None:
    """`.data`, `.detach()` or `no_grad()` taken out."""
    span = before.sites.get(f"layer:{name}")
    offsets = None if span is None else script.lines.offsets(span)
    tree = tree_of(script.text)
    if offsets is None or tree is None:
        return None
    back = _back_again(tree, *offsets)
    if back is not None:
        return back or None
    text = tree.data[offsets[0] : offsets[1]].decode()
    for tail in _TAILS:
        if text.endswith(tail):
            return (Edit(start=offsets[1] - len(tail.encode()), end=offsets[1], replacement=""),)
    block = _block_around(tree, *offsets) or _only_block(tree)
    return None if block is None else _unwrapped(tree, block)


def _back_again(tree: Tree, start: int, end: int) -> Edits | None:
    """A tensor itself, for one that is made of its numbers.

    `None` where it does not leave torch, and none where what is made is not made at once.
    """
    inner = next((node for node in tree.positions if isinstance(node, cst.Call | cst.Attribute)
                  and tree.bare_extent(node) == (start, end)), None)
    if inner is None:
        return None
    whole: cst.BaseExpression = inner
    made = False
    for outer in tree.ancestors(inner):
        if not isinstance(outer, cst.BaseExpression):
            continue
        of = tree.parent(whole)
        given = isinstance(outer, cst.Call) and isinstance(of, cst.Arg) and of is outer.args[0]
        name = tree.source(outer.func).rpartition(".")[2] if isinstance(outer, cst.Call) else ""
        method = isinstance(outer, cst.Attribute) and outer.attr.value in _OUT
        if not (method or (given and name in _IN) or (
                isinstance(outer, cst.Call) and outer.func is whole)):
            break
        made = made or (given and name in _IN)
        whole = outer
    if not made:
        return () if tree.source(whole).endswith((".numpy()", ".tolist()", ".item()")) else None
    origin: cst.BaseExpression = inner
    while (receiver := _on_the_way_out(origin)) is not None:
        origin = receiver
    statement, assigned = tree.own_lines(whole), tree.parent(whole)
    if statement is not None and isinstance(assigned, cst.Assign) and (
            [tree.source(one.target) for one in assigned.targets] == [tree.source(origin)]):
        return (tree.delete_lines(statement),)
    start, end = tree.extent(whole)
    return (Edit(start=start, end=end, replacement=tree.source(origin)),)


def _on_the_way_out(node: cst.BaseExpression) -> cst.BaseExpression | None:
    """What a method on the way out of torch is called of; `None` for anything else."""
    asked = node.func if isinstance(node, cst.Call) else node
    return asked.value if isinstance(asked, cst.Attribute) and asked.attr.value in _OUT else None


def _block_around(tree: Tree, start: int, end: int) -> cst.With | cst.Decorator | None:
    """What switches gradients off at a place: a block around it, or a line above its function."""
    inner = tree.innermost(start, end)
    for node in (inner, *tree.ancestors(inner)):
        if isinstance(node, cst.With) and _switches_off(tree, node):
            return node
        if isinstance(node, cst.FunctionDef):
            return next((one for one in node.decorators if _is_off(tree, one.decorator)), None)
    return None


def _only_block(tree: Tree) -> cst.With | None:
    """The only such block in the methods of classes: the place is in a module that is called there."""
    found = [node for node in tree.positions if isinstance(node, cst.With)
             and _switches_off(tree, node)
             and any(isinstance(one, cst.ClassDef) for one in tree.ancestors(node))]
    return found[0] if len(found) == 1 else None


def _switches_off(tree: Tree, node: cst.With) -> bool:
    return len(node.items) == 1 and _is_off(tree, node.items[0].item)


def _is_off(tree: Tree, node: cst.BaseExpression) -> bool:
    call = node.func if isinstance(node, cst.Call) else node
    name = tree.source(call).rpartition(".")[2]
    given = [tree.source(one.value) for one in node.args] if isinstance(node, cst.Call) else []
    return name in _CALLS and (name != "set_grad_enabled" or given == ["False"])


def _unwrapped(tree: Tree, block: cst.With | cst.Decorator) -> Edits | None:
    """Without a decorator's line; a block's lines in the place of the block."""
    start, end = tree.bare_extent(block)
    if isinstance(block, cst.Decorator):
        stop = tree.lines.next(end)
        return None if stop is None else (
            Edit(start=tree.lines.start(start), end=stop, replacement=""),)
    if not isinstance(block.body, cst.IndentedBlock):
        return None
    first = tree.first_byte(block.body.body[0])
    outer, inner = tree.lines.indentation(start), tree.lines.indentation(first)
    if outer is None or inner is None or not inner.startswith(outer):
        return None
    lines = tree.data[tree.lines.start(first) : end].decode().splitlines(keepends=True)
    text = "".join(line.removeprefix(inner[len(outer):]) if line.startswith(inner) else line
                   for line in lines)
    return (Edit(start=tree.lines.start(start), end=end, replacement=text),)


def kept_layer(
    script: Script, before: Recipe, name: str, sizes: tuple[int, int]
) -> Edits | None:
    """A layer that `forward` makes, made in `__init__` instead."""
    call = call_at(script, before, f"layer:{name}")
    if call is None:
        return None
    cls = next((one for one in call.tree.ancestors(call.node) if isinstance(one, cst.ClassDef)), None)
    if cls is None:
        return None
    init = next((one for one in cls.body.body if isinstance(one, cst.FunctionDef)
                 and one.name.value == "__init__"), None)
    if init is None or not isinstance(init.body, cst.IndentedBlock) or not isinstance(
            init.body.body[-1], cst.SimpleStatementLine):
        return None
    given, out = sizes
    free, i = "made_once", 1
    while free in script.text:
        free, i = f"made_once_{i}", i + 1
    line = call.tree.line_after(init.body.body[-1], f"self.{free} = {call.callee}({given}, {out})")
    return (line, *call.replace(f"self.{free}"))
