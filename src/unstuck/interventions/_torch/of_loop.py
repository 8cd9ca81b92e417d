"""What a loop does around its batches: clearing, stepping, the mode, what the optimizer has."""

from __future__ import annotations

from collections.abc import Callable

import libcst as cst

from unstuck.network.recipe import Recipe
from unstuck.script import Edit, Script
from unstuck.script.tree import Tree

from ._names import Edits, call_at, statement_at


def loop(script: Script, before: Recipe, after: Recipe, what: str) -> Edits | None:
    """One field of the loop, as it should be."""
    writer = _FIELDS.get(what)
    return None if writer is None else writer(script, before)


def _clears(script: Script, before: Recipe) -> Edits | None:
    """`zero_grad()` in front of `backward()`, and nowhere else."""
    backward, step = statement_at(script, before, "backward"), call_at(script, before, "step")
    if backward is None or step is None:
        return None
    tree, statement = backward
    known = call_at(script, before, "zero_grad")
    code = f"{step.callee.rpartition('.')[0]}.zero_grad()" if known is None else known.code
    line = tree.line_before(statement, code)
    if line is None:
        return None
    old = statement_at(script, before, "zero_grad")
    if known is None:
        return (line,)
    return None if old is None else (tree.delete_lines(old[1]), line)


def _steps(script: Script, before: Recipe) -> Edits | None:
    """`step()` right behind `backward()`."""
    backward, step = statement_at(script, before, "backward"), statement_at(script, before, "step")
    known = call_at(script, before, "step")
    if backward is None:
        return None
    tree, statement = backward
    if known is None or step is None:
        name = call_at(script, before, "zero_grad")
        if name is None or known is not None:
            return None
        return (tree.line_after(statement, f"{name.callee.rpartition('.')[0]}.step()"),)
    if isinstance(tree.parent(tree.parent(step[1]) or step[1]), cst.If):
        return None  # under a condition, on purpose
    return (tree.delete_lines(step[1]), tree.line_after(statement, known.code))


def _training(script: Script, before: Recipe) -> Edits | None:
    """`model.train()` before the batch's forward pass."""
    forward = call_at(script, before, "forward")
    if forward is None or not all(part.isidentifier() for part in forward.callee.split(".")):
        return None
    statement = forward.tree.own_lines(forward.node)
    line = None if statement is None else forward.tree.line_before(
        statement, f"{forward.callee}.train()")
    return None if line is None else (line,)


def _untrained(script: Script, before: Recipe) -> Edits | None:
    """The optimizer made after the last layer that it is to have; a list as a `ModuleList`."""
    made = statement_at(script, before, "optimizer")
    loop = before.loop
    if made is None or loop is None:
        return None
    tree, statement = made
    names = {path.rpartition("/")[0].partition("/")[0] for path in loop.untrained}
    latest: cst.SimpleStatementLine | None = None
    for name in names:
        found = statement_at(script, before, f"layer:{name}")
        if found is None:
            return None
        if latest is None or tree.bare_extent(found[1])[0] > tree.bare_extent(latest)[0]:
            latest = found[1]
    if latest is None:
        return None
    if tree.parent(latest) is tree.parent(statement) and (
            tree.bare_extent(latest)[0] > tree.bare_extent(statement)[0]):
        code = tree.data[slice(*tree.bare_extent(statement))].decode()
        return (tree.delete_lines(statement), tree.line_after(latest, code))
    return _listed(tree, latest)


def _listed(tree: Tree, statement: cst.SimpleStatementLine) -> Edits | None:
    """`self.layers = [...]` as an `nn.ModuleList`."""
    match statement.body[0]:
        case cst.Assign(value=cst.List() | cst.ListComp() as value):
            start, end = tree.bare_extent(value)
        case _:
            return None
    inner = tree.data[start:end].decode()
    name = "nn.ModuleList" if "nn.Module" in tree.text and "torch.nn.Module" not in tree.text else (
        "torch.nn.ModuleList")
    return (Edit(start=start, end=end, replacement=f"{name}({inner})"),)


_FIELDS: dict[str, Callable[[Script, Recipe], Edits | None]] = {
    "clears": _clears, "steps_every": _steps, "training": _training, "training_for": _training,
    "untrained": _untrained}
WRITERS: dict[str, Callable[..., Edits | None]] = {"loop": loop}
