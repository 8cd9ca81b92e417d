"""Listens to a torch training while it goes on, and can diagnose it afterwards.

    with unstuck.torch.watch() as watcher:
        for epoch in range(20):
            ...  # the loop as it is
    watcher.diagnosis()

The training is bit for bit what it is without: operations are noted as they are called, nothing is
drawn and nothing is changed. What was noted goes the same way as what a script does.
"""

from __future__ import annotations

import contextlib
import linecache
import sys
from dataclasses import replace
from types import TracebackType
from typing import Any, TextIO

from unstuck.base.errors import UnstuckError
from unstuck.base.progress import Progress
from unstuck.capture import capture_heard
from unstuck.capture.torch.listener import Listener
from unstuck.diagnosis.diagnosis import Diagnosis, Options, diagnose_captured
from unstuck.search.budget import Budget

__all__ = ["Watcher", "watch"]


def watch(
    *, budget: str = "2m", goal: str | None = None, horizon: int | str | None = None,
    rows: int | None = None, out: TextIO | None = None,
) -> Watcher:
    """Watch the training in the block that this begins.

    Args:
        budget: what `diagnosis()` may cost: "90s", "2m" or "200runs".
        goal: what counts as learned, such as "accuracy >= 0.95".
        horizon: updates that its trainings go, or "full"; by default what the budget has room for.
        rows: so many of the rows it trains on; by default all.
        out: where the closing line goes; standard error by default.

    Raises:
        UnstuckError: one of them is not to be understood.
    """
    options = Options.read(budget=budget, goal=goal, horizon=horizon, rows=rows)
    filename = sys._getframe(1).f_code.co_filename
    return Watcher(Listener("".join(linecache.getlines(filename)), filename), options, out)


class Watcher(contextlib.AbstractContextManager["Watcher"]):
    """Made by `watch`; `diagnosis` is there once its block has ended."""

    def __init__(self, listener: Listener, options: Options, out: TextIO | None) -> None:
        self._listener, self._options, self._out = listener, options, out
        self._standing = contextlib.ExitStack()

    def __enter__(self) -> Watcher:
        self._standing.enter_context(self._listener.listening())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._standing.close()
        losses = self._listener.losses
        if not losses:
            self._say("no gradient of a loss was taken in this block; was the loop inside of it?")
            return
        self._say(f"the loss went from {losses[0]:.4g} to {losses[-1]:.4g} in {len(losses):,} batches;"
                  " diagnosis() finds out whether that is all there is to learn, and what helps")

    def diagnosis(self, *, budget: str | None = None) -> Diagnosis:
        """Diagnose the training that was watched, the first one of its block.

        Args:
            budget: another one than the watcher was made with.

        Raises:
            UnstuckError: nothing was trained, or replicas cannot do the same, and why.
        """
        if not self._listener.losses:
            raise UnstuckError("Nothing was trained yet: put the loop into the block of the watcher.")
        options = self._options
        if budget is not None:
            options = replace(options, budget=Budget.parse(budget))
        captured = capture_heard(self._listener.taken)
        return diagnose_captured(captured, options=options, progress=Progress())

    def _say(self, text: str) -> Any:
        return (self._out or sys.stderr).write(f"unstuck: {text}\n")
