"""Where a graph is cut, and layers that `forward` makes in every call."""

from __future__ import annotations

import libcst as cst

from unstuck.network.recipe import Recipe
from unstuck.script import Edit, Script
from unstuck.script.tree import Tree, tree_of

from ._names import Edits, call_at

_TAILS = (".detach().clone()", ".clone().detach()", ".detach()", ".data")
_CALLS = ("no_grad", "inference_mode", "set_grad_enabled")


def joined(script: Script, before: Recipe, name: str) -> Edits | None:
    """`.data`, `.detach()` or `no_grad()` taken out."""
    span = before.sites.get(f"layer:{name}")
    offsets = None if span is None else script.lines.offsets(span)
    tree = tree_of(script.text)
    if offsets is None or tree is None:
        return None
    text = tree.data[offsets[0] : offsets[1]].decode()
    for tail in _TAILS:
        if text.endswith(tail):
            return (Edit(start=offsets[1] - len(tail.encode()), end=offsets[1], replacement=""),)
    block = _block_around(tree, *offsets) or _only_block(tree)
    return None if block is None else _unwrapped(tree, block)


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
