"""What stands around an optimizer's steps: clipping, and the steps of a scheduler."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from unstuck.network.optimizer import CLIPS
from unstuck.network.recipe import Recipe
from unstuck.script import Script
from unstuck.script.tree import Tree, tree_of

from .._source import number
from ._names import Edits, call_at, statement_at

_SCHEDULERS = ("LR", "Plateau", "WarmRestarts")
"""How the names of torch's schedulers end."""


def around(script: Script, before: Recipe, after: Recipe) -> Edits | None:
    """The lines that clip and that step a scheduler, as the repaired recipe has them."""
    clipping, schedule = _clipping(script, before, after), _schedule(script, before, after)
    return None if clipping is None or schedule is None else (*clipping, *schedule)


def _clipping(script: Script, before: Recipe, after: Recipe) -> Edits | None:
    old, new = before.optimizer.config, after.optimizer.config
    changed = [key for key in CLIPS if old.get(key) != new.get(key)]
    if not changed:
        return ()
    most = next((new[key] for key in changed if new.get(key)), None)
    if most is not None:
        call = call_at(script, before, "clip")
        return None if call is None else call.set_argument(
            "max_norm" if "norm" in changed[0] else "clip_value", number(most), position=1)
    found = statement_at(script, before, "clip")
    return None if found is None else (found[0].delete_lines(found[1]),)


def _schedule(script: Script, before: Recipe, after: Recipe) -> Edits | None:
    """No step of a scheduler; or one behind the loop over the batches, where it stands in that now."""
    old, new = before.with_loop(after.loop).optimizer, after.optimizer
    if old.learning_rate is not None or old.config["learning_rate"] == new.config["learning_rate"]:
        return ()
    tree = tree_of(script.text)
    steps = [] if tree is None else list(_steps(tree))
    if tree is None or not steps:
        return None
    gone = tuple(tree.delete_lines(one) for one in steps)
    if new.learning_rate is not None:
        return gone
    block = tree.parent(steps[0])
    loop = None if block is None else tree.parent(block)
    if len(steps) > 1 or not isinstance(loop, cst.For):
        return None
    code = tree.data[slice(*tree.bare_extent(steps[0]))].decode()
    return (*gone, tree.line_after(loop, code))


def _steps(tree: Tree) -> Iterator[cst.SimpleStatementLine]:
    """The statements in which a scheduler makes a step."""
    names = {tree.source(target.target) for node in tree.positions if isinstance(node, cst.Assign)
             and isinstance(node.value, cst.Call)
             and tree.source(node.value.func).endswith(_SCHEDULERS)
             for target in node.targets}
    for node in tree.positions:
        match node:
            case cst.Call(func=cst.Attribute(value=value, attr=cst.Name(value="step"))):
                statement = tree.own_lines(node)
                if tree.source(value) in names and statement is not None:
                    yield statement
