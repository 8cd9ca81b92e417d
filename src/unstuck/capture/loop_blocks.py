"""The block of a tape as what one update of a hand-written loop minimises.

A loop that calls its model more than once in an update, or several models, or that takes gradients of
outputs by inputs, has no loss of targets and outputs. Its block is run as it stands, with a replica's
models wherever the script's own are called.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from unstuck.base.errors import NotSupported
from unstuck.network import adapter

from .events import Event
from .loop_losses import is_standard

Place = tuple[str, int]
"""A name of a block, and the number of an array among those that it stands for."""


@dataclass(frozen=True, kw_only=True, eq=False)
class UpdateBlock:
    """A block, which names of it are the rows and the targets, and which models it calls.

    `run` is one run of it, `places` are where it marks what is minimised.
    """

    run: Any
    places: Sequence[tuple[int, int]]
    models: tuple[Any, ...]
    rows: Place | None
    targets: Place | None

    def __call__(self, models: Sequence[Any], x: Any, y: Any) -> Any:
        """What is minimised on rows by a replica's models; what they write is kept in the scope."""
        return self._run(models, x, y).total(self.places)

    def outputs(self, models: Sequence[Any], x: Any, number: int) -> Any:
        """What the call of that number puts out, of those in the block, without dropout."""
        seen: list[Any] = []
        self._run(models, x, None, training=False, seen=seen)
        return seen[number]

    def _run(
        self, models: Sequence[Any], x: Any, y: Any, *, training: bool | None = None,
        seen: list[Any] | None = None,
    ) -> Any:
        arrays = {} if self.rows is None else {self.rows: x}
        if self.targets is not None and y is not None:
            arrays[self.targets] = y
        ours = {id(old): new for old, new in zip(self.models, models, strict=True)}
        names = {name: ours[id(value)] for name, value in self.run.names.items() if id(value) in ours}
        scope = adapter.current_scope()
        with adapter.journalled(), adapter.answering(ours, training=training, seen=seen):
            run = self.run.with_names(names, arrays)
        if scope is not None:
            for variable, value in run.after:
                scope.add_update((variable, value))
        return run

    def __repr__(self) -> str:
        return "UpdateBlock()"


def place_of(gradient: Event, array: Any) -> Place | None:
    """Where among the names of a block an array stands, by its numbers; `None` for nowhere."""
    for name in gradient.what["names"]:
        for i, leaf in enumerate(gradient.arrays[f"name {name}"]):
            if leaf.shape == array.shape and leaf.dtype == array.dtype and np.array_equal(leaf, array):
                return name, i
    return None


def moving_names(gradients: Sequence[Event], known: Sequence[Place | None]) -> list[str]:
    """The names of a block that stand for other numbers in some update, known places left out."""
    first = gradients[0]

    def moves(name: str) -> bool:
        for one in gradients[1:]:
            now = one.arrays.get(f"name {name}", [])
            then = first.arrays[f"name {name}"]
            if len(now) != len(then) or any(
                    (name, i) not in known and not np.array_equal(a, b)
                    for i, (a, b) in enumerate(zip(then, now, strict=True))):
                return True
        return False

    return list(filter(moves, first.what["names"]))


@dataclass(frozen=True, kw_only=True, eq=False)
class Whole:
    """How an update is read whose block is run whole.

    `models` are those that it calls and trains; `rows` and `targets` where its data stand among the
    names, the targets being `None` where it has none of its own; `judged` the number of the call whose
    output is judged; `by_loss`: nothing says what that should be.
    """

    models: tuple[Any, ...]
    rows: Place
    targets: Place | None
    judged: int
    by_loss: bool

    def block(self, gradient: Event) -> UpdateBlock:
        """What is minimised, as the block of a gradient computes it."""
        return UpdateBlock(run=gradient.thing, places=gradient.what["places"], models=self.models,
                           rows=self.rows, targets=self.targets)


def is_run_whole(found: Sequence[Event], gradients: Sequence[Event]) -> bool:
    """True where the block of the last gradient is no loss of one forward pass.

    Args:
        found: the forward passes in it of models that the update changes.
        gradients: those taken since the update before.
    """
    block = gradients[-1].what["block"]
    return hasattr(block, "with_names") and (
        len(found) > 1 or any(one.what["block"] is not block for one in gradients))


def whole_of(
    found: Sequence[Event], losses: Sequence[tuple[Event, Event]], gradients: Sequence[Event]
) -> Whole:
    """How the first update is read.

    Args:
        found: the forward passes in the block of models that the update changes.
        losses: those that were computed of one of them, each with its forward pass.
        gradients: those taken since the update before.

    Raises:
        NotSupported: its rows are no value of a name when the block begins.
    """
    gradient = gradients[-1]
    judged, targets, known = _judged(found), None, False
    for loss, forward in losses:
        place = place_of(gradient, loss.arrays["y"][0]) if len(loss.arrays["y"]) == 1 else None
        if place is not None:
            judged, targets = next(i for i, one in enumerate(found) if one is forward), place
            known = True
    places = [place_of(gradient, one.arrays["x"][0]) for one in (found[judged], *found)
              if len(one.arrays["x"]) == 1]
    rows = next((place for place in places if place is not None), None)
    if rows is None:
        raise NotSupported(
            "The script has a training loop of its own, and the rows of an update are computed within"
            " its tape, or are several arrays. Compute them before the with, as one array.")
    models = {id(one.thing): one.thing for one in found}
    if targets is None:
        other = _other_rows(gradient, rows)
        targets = None if other == rows else other
        like = [] if targets is None else [
            i for i, one in enumerate(found) if is_standard(one, gradient, targets)]
        row = gradient.arrays[f"name {rows[0]}"][rows[1]].shape
        if targets is None and len(models) > 1:  # an encoder and a decoder, it seems
            like = [i for i, one in enumerate(found) if [a.shape for a in one.arrays["out"]] == [row]]
        known, judged = bool(like), (like or [judged])[-1]
    derived = any(one.what["block"] is not gradient.what["block"] for one in gradients)
    return Whole(models=tuple(models.values()), rows=rows, targets=targets, judged=judged,
                 by_loss=derived or not known)


def _judged(found: Sequence[Event]) -> int:
    """The forward pass of the most rows."""
    return max(range(len(found)), key=lambda i: len(found[i].arrays["x"][0]))


def _other_rows(gradient: Event, rows: Place) -> Place | None:
    """The one other array of as many rows among the names; `None` for none, or several."""
    count = len(gradient.arrays[f"name {rows[0]}"][rows[1]])
    found = [(name, i) for name in gradient.what["names"]
             for i, leaf in enumerate(gradient.arrays[f"name {name}"])
             if leaf.ndim and len(leaf) == count and (name, i) != rows]
    return found[0] if len(found) == 1 else None


class Models(keras.Model):  # type: ignore[misc]
    """The models that one update of a hand-written loop calls, as one.

    Args:
        block: what an update minimises.
        output: the number, among the calls in the block, of the one whose output is judged.
        models: in the order of their first calls.
    """

    def __init__(self, block: UpdateBlock, output: int, *models: Any) -> None:
        super().__init__()
        self._of_block, self._output = (block,), output
        self.parts = list(models)

    def call(self, x: Any) -> Any:
        """What is judged, for rows."""
        return self._of_block[0].outputs(self.parts, x, self._output)
