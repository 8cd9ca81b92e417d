"""Listens to a training in a program that goes on, and changes nothing in it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from unstuck.script import Script

from .capturing import Taken, of_hooks
from .hooks import Hooks


class Listener:
    """Hears one block of a program.

    Args:
        source: of the file that the block stands in, to count the rounds of its loops; may be empty.
        filename: what its code was compiled under.
    """

    def __init__(self, source: str, filename: str) -> None:
        try:
            self._script = Script.parse(source, Path(filename))
        except SyntaxError:  # a notebook's cell with a magic in it
            self._script = Script.parse("", Path(filename))
        self._filename = filename
        self._hooks = Hooks(self._script, filename, ends_early=False, standing=True, changes=False)

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """The block."""
        with self._hooks.standing():
            try:
                yield
            finally:
                self._hooks.end()

    @property
    def losses(self) -> list[float]:
        """Those of all batches that gradients were taken of."""
        return [one.graph.value for training in self._hooks.trainings.all for one in training.batches]

    def taken(self) -> Taken:
        """Its first training.

        Raises:
            UnstuckError: there is none, or replicas cannot do the same, and why.
        """
        return of_hooks(self._hooks, self._script, self._filename, 1)
