"""What a loop does around its batches: clearing, stepping, the mode, what the optimizer has."""

from __future__ import annotations

from collections.abc import Callable

import libcst as cst

from unstuck.network.recipe import Recipe
from unstuck.script import Edit, Script
from unstuck.script.tree import Tree

from ._names import Edits, call_at, statement_at
from .of_owners import owned


def loop(script: Script, before: Recipe, after: Recipe, what: str) -> Edits | None:
    """One field of the loop, as it should be."""
    writer = _FIELDS.get(what)
    return None if writer is None else writer(script, before)


def _clears(script: Script, before: Recipe) -> Edits | None:
    """`zero_grad()` in front of `backward()` and `step()` behind it, and nowhere else."""
    backward, step = statement_at(script, before, "backward"), call_at(script, before, "step")
    if backward is None or step is None:
        return None
    if before.loop is not None and before.loop.clears == "batch":
        return ()  # they are cleared where they should be
    tree, statement = backward
    stepped = statement_at(script, before, "step")
    if stepped is not None and _stands_before(tree, stepped[1], statement):
        return (tree.delete_lines(stepped[1]),
                tree.line_after(_last(script, before, statement), step.code))
    known = call_at(script, before, "zero_grad")
    code = f"{step.callee.rpartition('.')[0]}.zero_grad()" if known is None else known.code
    line = tree.line_before(statement, code)
    if line is None:
        return None
    old = statement_at(script, before, "zero_grad")
    if known is None:
        return (line,)
    return None if old is None else (tree.delete_lines(old[1]), line)


def _stands_before(tree: Tree, one: cst.CSTNode, other: cst.CSTNode) -> bool:
    """True for two statements of one block in this order."""
    return tree.parent(one) is tree.parent(other) and (
        tree.bare_extent(one)[0] < tree.bare_extent(other)[0])


def _last(
    script: Script, before: Recipe, backward: cst.SimpleStatementLine
) -> cst.SimpleStatementLine:
    """What a step comes after: `backward()`, or the clipping of what that has computed."""
    clip = statement_at(script, before, "clip")
    if clip is not None and _stands_before(clip[0], backward, clip[1]):
        return clip[1]
    return backward


def _steps(script: Script, before: Recipe) -> Edits | None:
    """`step()` right behind `backward()`."""
    backward, step = statement_at(script, before, "backward"), statement_at(script, before, "step")
    known = call_at(script, before, "step")
    if backward is None:
        return None
    tree, statement = backward
    statement = _last(script, before, statement)
    if known is None or step is None:
        name = _optimizer_name(script, before)
        if name is None or known is not None:
            return None
        return (tree.line_after(statement, f"{name}.step()"),)
    condition = tree.parent(tree.parent(step[1]) or step[1])
    if isinstance(condition, cst.If):
        if before.loop is None or before.loop.clears != "batch":
            return None  # it adds gradients up on purpose
        if condition.orelse is None and len(condition.body.body) == 1:
            start, end = tree.bare_extent(condition)
            return (Edit(start=start, end=end, replacement=known.code),)
    return (tree.delete_lines(step[1]), tree.line_after(statement, known.code))


def _optimizer_name(script: Script, before: Recipe) -> str | None:
    """What the script calls the optimizer."""
    cleared, made = call_at(script, before, "zero_grad"), call_at(script, before, "optimizer")
    if made is not None and made.assigned_name is not None:
        return made.assigned_name
    return None if cleared is None else cleared.callee.rpartition(".")[0]


def _training(script: Script, before: Recipe) -> Edits | None:
    """`model.train()` before the batch's forward pass."""
    forward = call_at(script, before, "forward")
    if forward is None or not all(part.isidentifier() for part in forward.callee.split(".")):
        return None
    statement = forward.tree.own_lines(forward.node)
    line = None if statement is None else forward.tree.line_before(
        statement, f"{forward.callee}.train()")
    return None if line is None else (line,)


_FIELDS: dict[str, Callable[[Script, Recipe], Edits | None]] = {
    "clears": _clears, "steps_every": _steps, "training": _training, "training_for": _training,
    "untrained": owned}
WRITERS: dict[str, Callable[..., Edits | None]] = {"loop": loop}
