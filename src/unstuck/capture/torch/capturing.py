"""Runs a torch script to its end and takes one of its trainings."""

from __future__ import annotations

import ast
import contextlib
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch

from unstuck.base.errors import NoFitCall, NotSupported, UnstuckError
from unstuck.network import adapter
from unstuck.network.recipe import Recipe
from unstuck.script import Script
from unstuck.script.nodes import parsed

from .. import runner
from ..calls import one_line
from .closing import Closing
from .hooks import Hooks
from .optimizers import arguments_of
from .refusing import Refused, placed, refuse_environments
from .trainings import Training


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A training of a script's: its recipe, the line of its first step, and what else there was."""

    recipe: Recipe
    line: int | None
    call: str
    index: int
    of: int
    others: tuple[str, ...]
    model_kind: str
    notes: tuple[str, ...]


def run_and_take(
    script: Script, filename: str, chosen: int, run: Callable[[], runner.Ending], *, through: bool,
    standing: bool = False,
) -> tuple[Taken | None, runner.Ending]:
    """What a script trains; `None` where it raised before anything was known.

    Args:
        script: its source.
        filename: what its code was compiled under.
        chosen: the number of the training, from 1.
        run: runs it.
        through: let it run to its end, also where its loop has told enough.
        standing: its modules were made before.

    Raises:
        NoFitCall: it trains nothing, or fewer times.
        NotSupported: replicas cannot do the same, and why.
    """
    try:
        refuse_environments(script)
    except Refused as error:
        raise error.told(filename) from None
    # Where another optimizer is made later, what comes is another training.
    hooks = Hooks(script, filename, standing=standing,
                  ends_early=not through and (standing or _optimizers(script) == 1))
    with _drawing(), hooks.standing():
        ending = run()
        hooks.end()
    if hooks.refused is None and ending.error is not None and not _complete(hooks, chosen):
        return None, ending
    return of_hooks(hooks, script, filename, chosen), ending


def of_hooks(hooks: Hooks, script: Script, filename: str, chosen: int) -> Taken:
    """The recipe of a training that was heard; arguments and errors as of `run_and_take`."""
    if hooks.refused is not None:
        raise hooks.refused.told(filename)
    trainings = hooks.trainings.all
    if not trainings:
        raise _nothing_trained(hooks, filename)
    if chosen > len(trainings):
        raise NoFitCall(f"There are {len(trainings)} trainings in it; there is no training {chosen}.")
    training = trainings[chosen - 1]
    span = training.spans.get("step") or training.spans.get("backward")
    with adapter.random_state_kept():
        try:
            if training.optimizer is not None:
                arguments_of(training.optimizer)  # one that takes many steps in one is refused as that
            if training.refused:
                raise NotSupported(training.refused)
            recipe, told = Closing(training, hooks).recipe()
        except NotSupported as error:
            raise placed(_of_loop(str(error)), filename, None if span is None else span.line) from error
    told_of = [_shown(script, one) for one in trainings]
    notes = (*told, *hooks.notes)
    if (asked := hooks.listening.asked) is not None:
        notes = (*notes, f"Line {asked.line} asks what a tensor of the network holds. All batches that"
                 " were run went the same way from there, and so do all trainings.")
    if len(trainings) > 1:
        notes = (*notes, f"Training {chosen} of {len(trainings)} was taken; --fit chooses another.")
    line, call = told_of[chosen - 1]
    return Taken(
        recipe=recipe, line=line, call=call, index=chosen, of=len(trainings),
        others=tuple(f"line {a}: {b}" for i, (a, b) in enumerate(told_of, 1) if i != chosen),
        model_kind=_kind(training), notes=notes)


def _nothing_trained(hooks: Hooks, filename: str) -> UnstuckError:
    """Why no step of an optimizer was followed."""
    if hooks.trainings.waits:
        return NotSupported(_of_loop(
            "it changes its weights by hand. Let an optimizer make the steps, such as"
            " torch.optim.SGD(model.parameters(), lr=...), and call its step()."))
    if (grad := hooks.trainings.grad) is not None:
        return placed("gradients are computed by torch.autograd.grad or torch.func.grad, which are not"
                      " followed. Call loss.backward(), and step() of an optimizer.", filename,
                      grad.line)
    return NoFitCall(
        f"{Path(filename).name} ended without a step of an optimizer of torch's, so there is nothing to"
        " diagnose. If it waits for arguments, give them after --. If it changes its weights by hand,"
        " let an optimizer make the steps, such as torch.optim.SGD.")


def _of_loop(why: str) -> str:
    own = "The script has a training loop of its own"
    return why if why.startswith(own) else f"{own}, and {why}"


def _optimizers(script: Script) -> int:
    """How often the source makes an optimizer of torch's."""
    known = {name for name, value in vars(torch.optim).items()
             if isinstance(value, type) and issubclass(value, torch.optim.Optimizer)}
    calls = [node.func for node in ast.walk(parsed(script)) if isinstance(node, ast.Call)]
    names = [one.attr if isinstance(one, ast.Attribute) else getattr(one, "id", "") for one in calls]
    return sum(name in known for name in names)


def _complete(hooks: Hooks, chosen: int) -> bool:
    return len(hooks.trainings.all) > chosen


@contextlib.contextmanager
def _drawing() -> Iterator[None]:
    """torch's random numbers begin where Python's own stand, and are as before afterwards."""
    state, before = random.getstate(), torch.get_rng_state()
    torch.manual_seed(random.getrandbits(32))
    random.setstate(state)
    try:
        yield
    finally:
        torch.set_rng_state(before)
        torch.set_grad_enabled(True)


def _shown(script: Script, training: Training) -> tuple[int | None, str]:
    span = training.spans.get("step") or training.spans.get("backward")
    if span is None:
        return None, "step"
    return span.line, one_line(script.excerpt(span))


def _kind(training: Training) -> str:
    modules = [op.modules[0] for op in training.batches[0].graph.ops if op.modules]
    kinds = [type(one).__name__ for one in modules if next(iter(one.parameters()), None) is not None]
    return kinds[0] if kinds else "tensors"

