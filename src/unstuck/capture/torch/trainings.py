"""A script's trainings, put together from its losses, gradients and steps.

A training is what one optimizer does. Each `backward` is a batch; what the loop did with the gradients
around it (cleared, added up, clipped, stepped with) is noted beside it.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import torch
from numpy.typing import NDArray

from unstuck.base.errors import NotSupported
from unstuck.script import Span

from ..rounds import Around
from ..shadow import SHADOWED
from .loaded import Loaded
from .ops import Graph, array
from .parts import parts_of

MOST_BYTES = 256 << 20
"""So much at most is kept of the weights before each of the first updates."""
LATER = 4
"""So many batches of the second round tell whether it goes on like the first."""


@dataclass(kw_only=True, eq=False)
class Backward:
    """One batch: its graph, and what the loop did with its gradients.

    `cleared_of`: the optimizers, by `id`, of whose parameters none had a gradient before it;
    `cleared`: the one that steps is one of them. `lost`: they were cleared after it, before a step.
    `step`: the number of the step, from 1, that came after it and before the next batch; 0 for
    none; `rate` and `momentum` (or the first beta) are the optimizer's at it. `turns` are the values
    that the loops around it count with.
    """

    graph: Graph
    cleared_of: frozenset[int]
    cleared: bool = True
    turns: tuple[Any, ...] = ()
    lost: bool = False
    step: int = 0
    clipped: tuple[str, float] | None = None
    rate: float = 0.0
    momentum: float = 0.0


@dataclass(kw_only=True, eq=False)
class Training:
    """All batches of one optimizer's.

    `values` are the parameters before the first step, by `id`, with the tensors that they are of;
    `before` the same before each of the first steps. `loaded` is what a loader told of its rounds
    before the first of them was over. `untaped` counts the batches for which there was no room. `left`
    tells the parameters as the last step left them; it was `begun` at a time in seconds.
    """

    optimizer: Any
    around: list[Around] = field(default_factory=list)
    batches: list[Backward] = field(default_factory=list)
    values: dict[int, tuple[Any, NDArray[Any]]] = field(default_factory=dict)
    before: list[dict[int, NDArray[Any]]] = field(default_factory=list)
    steps: int = 0
    refused: str = ""
    spans: dict[str, Span] = field(default_factory=dict)
    owned: frozenset[int] = frozenset()
    draws: dict[int, Any] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)
    frozen: frozenset[int] = frozenset()
    counted: tuple[int, int] | None = None
    asked: bool = False
    loaded: Loaded | None = None
    untaped: int = 0
    left: bytes = b""
    begun: float = field(default_factory=time.monotonic)

    @property
    def sums(self) -> bytes:
        """A mark of what the parameters are: the sum of the numbers of each."""
        each = [tensor.detach().double().sum() for tensor, _ in self.values.values()]
        return array(torch.stack(each)).tobytes() if each else b""


class Trainings:
    """Told of what happens; `all` are the trainings so far.

    Args:
        draw_of: what a parameter was drawn as.
        refuse: told why what the script does now cannot be taken; ends it.
    """

    def __init__(self, draw_of: Any, refuse: Callable[[str], None]) -> None:
        self._draw_of, self._refuse = draw_of, refuse
        self._pending: list[Backward] = []
        self._spans: dict[str, Span] = {}
        self._around: list[Around] = []
        self._frames: list[FrameType] = []
        self.closures = 0
        self._clip: tuple[str, float] | None = None
        self._since = 0
        self.all: list[Training] = []

    @property
    def now(self) -> Training | None:
        """The training that is going on."""
        return self.all[-1] if self.all else None

    @property
    def waits(self) -> bool:
        """True where gradients were computed that no optimizer made a step with."""
        return bool(self._pending)

    @property
    def grad(self) -> Span | None:
        """Where gradients were last computed by `torch.autograd.grad`."""
        return self._spans.get("grad")

    @property
    def batches(self) -> int:
        """How many batches the training that is going on has had."""
        return 0 if self.now is None else len(self.now.batches)

    def stands_in(self, frames: list[FrameType], around: Callable[[], list[Around]]) -> None:
        """The frames of the user's file around the batch that comes, and the loops in them."""
        if [*map(id, frames)] != [*map(id, self._frames)]:
            self._frames, self._around = frames, around()

    def at(self, what: str, span: Span | None) -> None:
        """Where something is called."""
        if span is not None:
            self._spans[what] = span

    def is_known(self) -> tuple[int, int] | None:
        """How many rounds the outermost counted loop has, and how many were run, once that tells all.

        `None` before two rounds and the updates of the shadow check, and where no loop counts its
        rounds.
        """
        training = self.now
        if training is None or training.asked or not training.around or not training.batches:
            return None
        outer = len(training.around) - 1
        count = training.around[outer].count
        turns = [one.turns[outer] for one in training.batches]
        if None in turns or len(turns) <= SHADOWED or not self._goes_on(training):
            return None
        run = len(dict.fromkeys(turns)) - 1  # the last one has just begun
        starts = [i for i, turn in enumerate(turns) if i == 0 or turn != turns[i - 1]]
        whole = len(starts) == run + 1 and starts[-1] == len(turns) - 1 and run >= 2
        if not whole or count <= run:
            return None
        training.asked = True
        return (count, run) if _come_again(training, starts) else None

    def _goes_on(self, training: Training) -> bool:
        """True within the loops in which a training began, in whichever call of a function."""
        now, then = self._around, training.around
        return len(now) == len(then) > 0 and now[-1].is_of(then[-1])

    def is_first_round(self) -> bool:
        """True where a loop that counts its rounds has not ended its first one, and there are as many
        batches as the shadow check takes, and one more, each with a step.
        """
        training = self.now
        if training is None or len(training.batches) != SHADOWED + 1 or not training.around:
            return False
        outer = len(training.around) - 1
        turns = {one.turns[outer] for one in training.batches if len(one.turns) > outer}
        return (self._goes_on(training) and training.around[outer].count > 1
                and all(one.step for one in training.batches)
                and len(turns) == 1 and None not in turns)

    def is_second_round(self) -> bool:
        """True where the first round was cut short, and the second one has had some batches."""
        training = self.now
        if training is None or training.loaded is None:
            return False
        return len(training.batches) >= training.loaded.first_round + LATER

    def backward(self, graph: Graph | None, optimizers: Iterable[Any]) -> None:
        """Gradients are about to be computed of a loss."""
        if graph is None:
            self._refuse("a gradient is taken of a number that none of its functions is known to have"
                         " computed. Compute the loss with torch's functions, from what the network"
                         " puts out.")
            return
        if self._pending and self._pending[-1].graph.ops[0].number > graph.ops[0].number - 1 and (
                self._pending[-1].graph.ops[0] is graph.ops[0]):
            self._refuse("gradients of two losses are taken of one forward pass; add the losses up, and"
                         " call backward once.")
        cleared = frozenset(id(one) for one in optimizers if _has_no_gradient(one))
        turns = tuple(one.turn for one in self._around)
        self._pending.append(Backward(graph=graph, cleared_of=cleared, turns=turns))
        self._clip = None

    def not_taped(self) -> None:
        """Gradients are about to be computed of a batch for which there is no room."""
        if self.now is not None:
            self.now.untaped += 1

    def zeroed(self) -> None:
        """Gradients have been cleared."""
        if self._pending and not self._pending[-1].step:
            self._pending[-1].lost = True

    def clipped(self, kind: str, most: float) -> None:
        """Gradients have been clipped."""
        self._clip = kind, most

    def step(self, optimizer: Any, registered: dict[int, str]) -> None:
        """An optimizer is about to change its parameters."""
        if not self._pending and self.now is None:
            return  # before the first gradient
        if not self._pending and self.now is not None and self.now.optimizer is not optimizer:
            if self.now.batches and self.now.batches[-1].step == self.now.steps:
                self.now.refused = self.now.refused or (
                    "two optimizers step with the gradients of one loss. Give one optimizer all"
                    " parameters: torch.optim.Adam([*a.parameters(), *b.parameters()]).")
            return
        training = self.now
        if training is None or training.optimizer is not optimizer:
            if any(one.optimizer is optimizer for one in self.all):
                self._take_turns()
            training = self._begun(optimizer, registered)
        elif training.left and training.left != training.sums:
            training.refused = training.refused or (
                "its weights are changed between two steps of its optimizer, by something else than a"
                " step. Take that out of the loop, or train with an optimizer that does it.")
        training.steps += 1
        size = sum(values.nbytes for _, values in training.values.values())
        if training.steps == len(training.before) + 1 <= min(SHADOWED, MOST_BYTES // max(1, size)):
            training.before.append(
                {key: array(tensor) for key, (tensor, _) in training.values.items()})
        group = optimizer.param_groups[0]
        for one in self._pending:
            one.momentum = float(group.get("momentum", group.get("betas", (0.0,))[0]))
            one.rate, one.cleared = float(group["lr"]), id(optimizer) in one.cleared_of
        if self._pending:
            last = self._pending[-1]
            last.step, last.clipped = training.steps, self._clip
            last.lost = last.lost and _has_no_gradient(optimizer)
        self._moved(training)

    def stepped(self) -> None:
        """A step is over."""
        if self.now is not None:
            self.now.left = self.now.sums

    def _take_turns(self) -> None:
        """An optimizer makes a step again after another one did, with a loss of its own."""
        other = self.all[-1].spans.get("step")
        line = "" if other is None else f" (here and in line {other.line})"
        self._refuse(f"two optimizers make steps in turn{line}, each with a loss of its own, as in a"
                     " GAN. unstuck trains one network with one loss. Let one of the two networks"
                     " stay as it is: take the other optimizer's step out, and diagnose that script.")

    def end(self, optimizers: Sequence[Any], registered: dict[int, str]) -> None:
        """The script is over: what came is a training also where nothing ever stepped."""
        if not self.all and self._pending and optimizers:
            self._begun(optimizers[-1], registered)
        if self.now is not None:
            self._moved(self.now)

    def _begun(self, optimizer: Any, registered: dict[int, str]) -> Training:
        held = {id(p) for group in optimizer.param_groups for p in group["params"]}
        training = Training(optimizer=optimizer, around=self._around, owned=frozenset(held),
                            names=dict(registered))
        for one in self._pending[:1]:
            for op in one.graph.ops:
                for leaf in op.inputs:
                    tensor = getattr(leaf, "tensor", None)
                    if tensor is not None and leaf.parameter:  # type: ignore[union-attr]
                        training.values[id(tensor)] = tensor, array(tensor)
                        training.draws[id(tensor)] = self._draw_of(tensor)
        training.frozen = frozenset(
            key for key, (tensor, _) in training.values.items() if not tensor.requires_grad)
        self.all.append(training)
        return training

    def _moved(self, training: Training) -> None:
        """What was waiting belongs to a training."""
        if len(training.batches) < SHADOWED:
            training.spans = {**self._spans, **training.spans}
        training.batches += self._pending
        self._pending = []


def _has_no_gradient(optimizer: Any) -> bool:
    return all(p.grad is None or not bool(p.grad.any())
               for group in optimizer.param_groups for p in group["params"])


def _come_again(training: Training, starts: list[int]) -> bool:
    """True where the rows of the first round are those of the second, in whatever order."""
    try:
        parts = parts_of(training.batches[0].graph)
    except NotSupported:  # told once the script is over
        return False

    def rows(start: int, end: int) -> list[bytes]:
        return sorted(row.tobytes() for one in training.batches[start:end]
                      for array in parts.rows_of(one.graph) for row in array)

    first, second = (rows(a, b) for a, b in itertools.pairwise(starts[:3]))
    return first == second
