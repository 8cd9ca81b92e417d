"""What of torch's no replica can do, refused by name where the script asks for it.

An environment shows in the source, so the script need not be run; several processes, gradients
that no `backward` computes and optimizers that take turns show at the calls.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from unstuck.base.errors import NotSupported
from unstuck.script import Script
from unstuck.script.nodes import parsed

_ANSWERS = 3
"""An environment's `step` answers with an observation, a reward and an end at least."""
PROCESSES = (
    "{name} trains in several processes. Run it in one: leave out {name}, DistributedDataParallel or"
    " FullyShardedDataParallel, and the DistributedSampler; the network learns the same from one.")


class Refused(NotSupported):
    """Something refused by name: what, and the line where the script asks for it.

    Args:
        why: what is refused, and what to do.
        line: of the user's file, from 1, if it is known.
    """

    def __init__(self, why: str, line: int | None) -> None:
        super().__init__(why)
        self.why, self.line = why, line

    def told(self, filename: str) -> NotSupported:
        """The same with its place in a file."""
        return placed(self.why, filename, self.line)


def placed(why: str, filename: str, line: int | None) -> NotSupported:
    """A refusal that begins with its line; one in a loop of ours has none."""
    told = line is not None and not filename.startswith("<")
    return NotSupported(f"{Path(filename).name}, line {line}: {why}" if told else why)


def refuse_environments(script: Script) -> None:
    """Refuse a script that learns from an environment.

    One has `reset()` and a `step(action)` that answers with an observation, a reward and an end.

    Raises:
        Refused: it does.
    """
    tree = parsed(script)
    begun = {ast.unparse(node.func.value) for node in ast.walk(tree)
             if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
             and node.func.attr == "reset"}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Call):
            continue
        call, target = node.value, node.targets[0]
        if isinstance(call.func, ast.Attribute) and call.func.attr == "step" and call.args and (
                isinstance(target, ast.Tuple) and len(target.elts) >= _ANSWERS
                and ast.unparse(call.func.value) in begun):
            raise Refused(
                f"{ast.unparse(call)} asks an environment: what the network does there decides on what"
                " it sees next, so that no two trainings have the same data. Write some of its"
                " observations and the targets for them into arrays, and diagnose a script that trains"
                " the network on these.", node.lineno)


def wrappers(refuse: Callable[[str], None]) -> dict[tuple[Any, str], Callable[[Any], Any]]:
    """Stand-ins for what begins several processes.

    Args:
        refuse: told why; ends the script.
    """
    def of(name: str) -> Callable[[Any], Any]:
        def wrap(original: Any) -> Any:
            @functools.wraps(original)
            def begin(*args: Any, **kwargs: Any) -> Any:
                refuse(PROCESSES.format(name=name))

            return begin

        return wrap

    found = {(torch.multiprocessing, "spawn"): of("torch.multiprocessing.spawn")}
    if torch.distributed.is_available():
        found[torch.distributed, "init_process_group"] = of("init_process_group")
    return found
