"""How long work tells how far it is. The base class says nothing; the command line draws it."""

from __future__ import annotations

from . import last_words


class Progress:
    """Told by the steps of a diagnosis what is being done; overridden by front-ends.

    `stage` opens a new step ("population", "trying relu → tanh"); `advance` says how much of it is
    done and what is known so far; `budget` how many seconds are left of the budget. Any of
    them may raise KeyboardInterrupt to end the work with what is known.
    """

    def stage(self, text: str, total: int | None = None) -> None:
        """A new step begins; `total` is what `advance` counts to, if known."""
        last_words.doing(text)

    def advance(self, done: int, note: str = "", total: int | None = None) -> None:
        """`done` of the step's total, or of another that is known by now."""

    def budget(self, seconds_left: float) -> None:
        """Seconds left of the budget."""

    def note(self, text: str) -> None:
        """One line worth keeping on the screen."""

    def close(self) -> None:
        """The work is over."""
