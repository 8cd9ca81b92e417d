"""A torch training from memory: a module, its loss, its optimizer and its batches.

It is trained by a loop as people write it, whose events are heard as a script's are.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import torch

from unstuck.base.errors import UnstuckError
from unstuck.script import Script

from .. import runner
from .capturing import Taken, run_and_take

_LOOP = """
for epoch in range(epochs):
    for inputs, targets in loader:
        optimizer.zero_grad()
        loss = loss_fn(model(*inputs) if isinstance(inputs, (list, tuple)) else model(inputs), targets)
        loss.backward()
        optimizer.step()
"""
_NAME = "<unstuck.diagnose>"


def module_taken(
    module: Any, loss_fn: Any, optimizer: Any, loader: Any, epochs: int
) -> Taken:
    """The training of a module; all of it is left as it is.

    Args:
        module: a `torch.nn.Module`; trained as it is, in its own mode.
        loss_fn: is given what the module puts out, and the targets of a batch.
        optimizer: of the module's parameters.
        loader: batches of (inputs, targets), the same rows each time that it is gone through.
        epochs: how often that is done.

    Raises:
        UnstuckError: one of them is something else, or replicas cannot do the same.
    """
    _check(module, loss_fn, optimizer, loader, epochs)
    given = copy.deepcopy((module, optimizer, loss_fn))
    generator = getattr(loader, "generator", None)
    before = None if generator is None else generator.get_state()
    space = {"model": given[0], "optimizer": given[1], "loss_fn": given[2], "loader": loader,
             "epochs": epochs}

    def run() -> runner.Ending:
        try:
            exec(compile(_LOOP, _NAME, "exec"), space)
        except runner.Stop:
            return runner.Ending(exit_code=0, stopped=True)
        return runner.Ending(exit_code=0)

    try:
        taken, _ = run_and_take(
            Script.parse(_LOOP, Path(_NAME)), _NAME, 1, run, through=False, standing=True)
    finally:
        if generator is not None:
            generator.set_state(before)
    assert taken is not None
    return taken


def _check(module: Any, loss_fn: Any, optimizer: Any, loader: Any, epochs: Any) -> None:
    usage = "unstuck.diagnose(module, loss_fn, optimizer, loader, epochs=10)"
    if not callable(loss_fn) or isinstance(loss_fn, torch.Tensor):
        raise UnstuckError(f"The second argument is the loss, a function of outputs and targets such as"
                           f" torch.nn.MSELoss(): {usage}.")
    if not isinstance(optimizer, torch.optim.Optimizer):
        raise UnstuckError(f"The third argument is an optimizer, such as"
                           f" torch.optim.Adam(module.parameters()): {usage}.")
    if not isinstance(loader, Iterable) or isinstance(loader, torch.Tensor | str):
        raise UnstuckError(f"The fourth argument gives batches of (inputs, targets), such as a"
                           f" torch.utils.data.DataLoader: {usage}.")
    if isinstance(loader, Iterator):
        raise UnstuckError("The loader can be gone through only once. Give a DataLoader, or a list of"
                           " batches.")
    if not isinstance(epochs, int) or epochs < 1:
        raise UnstuckError(f"epochs says how often the loader is gone through, from 1: {usage}.")
    mine = {id(one) for one in module.parameters()}
    if mine.isdisjoint(id(one) for group in optimizer.param_groups for one in group["params"]):
        raise UnstuckError("The optimizer has no parameter of this module: it was made for another"
                           " one.")

