"""How many rows a batch has and in which order rows come, also where a loop cuts its batches."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import libcst as cst

from unstuck.network.recipe import Recipe
from unstuck.script import Edit, Script
from unstuck.script.tree import Tree

from .._source import free_name, set_value
from ._names import Edits, call_at


def batch_size(script: Script, before: Recipe, after: Recipe) -> Edits | None:
    """The argument of the `DataLoader`; else the number by which the loop cuts its batches."""
    call = call_at(script, before, "batch")
    if call is not None:
        return set_value(call, "batch_size", str(after.batch_size), position=1)
    found = _cutting(script, before)
    if found is None:
        return None
    tree, loop = found
    was, value = str(before.batch_size), str(after.batch_size)
    names = {node.value for node in _within(tree, loop)
             if isinstance(node, cst.Name) and _cuts(tree, node, loop)}
    given = [node.value for node in tree.positions if isinstance(node, cst.Assign)
             and len(node.targets) == 1 and tree.source(node.targets[0].target) in names
             and tree.source(node.value) == was and _is_given_once(tree, node.targets[0].target)]
    if not given:  # range(0, n, 32) and x[i:i + 32]
        given = [node for node in _within(tree, loop)
                 if isinstance(node, cst.Integer) and node.value == was and _cuts(tree, node, loop)]
        return _written(tree, given, value) if given else None
    return _written(tree, given, value) if len(given) == 1 else None


def shuffle(script: Script, before: Recipe, after: Recipe) -> Edits | None:
    """The argument of the `DataLoader`; else an order of rows before the loop, and slices of it."""
    call = call_at(script, before, "batch")
    if call is not None:
        return set_value(call, "shuffle", str(after.shuffle), position=2)
    found = _cutting(script, before)
    if found is None or not after.shuffle:
        return None
    tree, loop = found
    slices = [node for node in _within(tree, loop) if isinstance(node, cst.Subscript)
              and isinstance(node.value, cst.Name) and _slice_by(tree, node, loop) is not None]
    if not slices:
        return None
    order = free_name(script, "order")
    line = tree.line_before(loop, f"{order} = torch.randperm(len({tree.source(slices[0].value)}))")
    if line is None or re.search(r"^\s*import torch\b(?!\.)(?!\s+as)", script.text, re.M) is None:
        return None
    edits = []
    for node in slices:
        begin, end = tree.extent(node.value)[1] + 1, tree.extent(node)[1] - 1
        cut = tree.data[begin:end].decode()
        edits.append(Edit(start=begin, end=end, replacement=f"{order}[{cut}]"))
    return (line, *edits)


def _cutting(script: Script, before: Recipe) -> tuple[Tree, cst.For] | None:
    """The innermost loop around a batch."""
    call = call_at(script, before, "backward")
    if call is None:
        return None
    loop = next((one for one in call.tree.ancestors(call.node) if isinstance(one, cst.For)), None)
    return None if loop is None else (call.tree, loop)


def _within(tree: Tree, loop: cst.For) -> Iterator[cst.CSTNode]:
    """The nodes of a loop, and of its head."""
    begin, end = tree.bare_extent(loop)
    for node, position in tree.positions.items():
        if begin <= position.start and position.start + position.length <= end:
            yield node


def _is_given_once(tree: Tree, target: cst.BaseExpression) -> bool:
    name = tree.source(target)
    return sum(isinstance(node, cst.AssignTarget) and tree.source(node.target) == name
               for node in tree.positions) == 1


def _cuts(tree: Tree, node: cst.CSTNode, loop: cst.For) -> bool:
    """True for what stands in the head of a loop, or in a slice."""
    return any(isinstance(one, cst.Slice) or one is loop.iter for one in tree.ancestors(node))


def _slice_by(tree: Tree, node: cst.Subscript, loop: cst.For) -> cst.Slice | None:
    """The only slice of rows that a loop's own name cuts out; `None` for another subscript."""
    one = node.slice[0].slice if len(node.slice) == 1 else None
    if not isinstance(one, cst.Slice) or one.lower is None or one.upper is None or (
            not isinstance(loop.target, cst.Name)):
        return None
    return one if re.search(rf"\b{loop.target.value}\b", tree.source(one.lower)) else None


def _written(tree: Tree, nodes: list[cst.BaseExpression], value: str) -> Edits:
    return tuple(Edit(start=start, end=end, replacement=value)
                 for start, end in map(tree.extent, nodes))


WRITERS: dict[str, Callable[..., Edits | None]] = {"batch_size": batch_size, "shuffle": shuffle}
