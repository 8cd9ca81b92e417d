"""What can go wrong on the user's side, in the user's words.

Every error that a user may see derives from `UnstuckError` and says what was wrong, where, and what
to do. `exit_code` is what `unstuck` exits with when the error ends the program.
"""

from __future__ import annotations

import re

_IN_KERAS = re.compile(
    r"Exception encountered when calling (.+?)\.?\n\s*\x1b\[1m(.+?)\s*\x1b\[0m", re.DOTALL)


class UnstuckError(Exception):
    """Something that the user can do something about."""

    exit_code = 2


class NotSupported(UnstuckError):
    """A part of the script that no engine can train faithfully; named, never approximated."""


class Located(UnstuckError):
    """An error of the script's: where in it, and the smallest change, each told in a line of its own.

    Args:
        message: the cause, in the user's words.
        site: the part of the training that the change is made to, a key of `Recipe.sites`.
        change: what to write; empty where that is not known, or stands in the message.
    """

    def __init__(self, message: str = "", *, site: str = "fit", change: str = "") -> None:
        super().__init__(message)
        self.message, self.site, self.change = message, site, change
        self.file, self.line, self.source = "", 0, ""

    def at(self, file: str, line: int, source: str) -> None:
        """Say where it is: a file, a line of it from 1, and what stands there."""
        self.file, self.line, self.source = file, line, source.strip()

    def __str__(self) -> str:
        place = [f"  {self.file}, line {self.line}: {self.source}"] if self.line else []
        change = [f"  change: {self.change}"] if self.change else []
        return "\n".join([self.message, *place, *change])


class BadData(Located):
    """The arrays handed to `fit` cannot be trained on as they are: `fit` itself would fail."""

    exit_code = 4


class NoFitCall(UnstuckError):
    """The script ended without calling `fit`."""

    exit_code = 5


class BadSavedFile(UnstuckError):
    """A saved diagnosis that is damaged, of another version, or none at all."""


class BadModelFile(UnstuckError):
    """A model file that is damaged, or is more than unstuck opens."""


class Stuck(UnstuckError, AssertionError):
    """A training that was asked to learn does not; for tests."""

    exit_code = 1


class TooSlow(UnstuckError):
    """Not one training fits into the budget: nothing can be said, which is exit code 3."""

    exit_code = 3


class ScriptFailed(Located):
    """The script itself raised before any `fit`; its own traceback has been printed."""

    exit_code = 4


def in_a_line(error: BaseException | None) -> str:
    """What any error says, as one line; Keras's account of a call ends with what went wrong there."""
    said = str(error).strip() if error is not None else ""
    if (found := _IN_KERAS.match(said)) is not None:
        return f"{found[1]}: {found[2].splitlines()[-1].strip()}"
    return said.splitlines()[0] if said else type(error).__name__
