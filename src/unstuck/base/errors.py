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


class BadData(UnstuckError):
    """The arrays handed to `fit` cannot be trained on as they are."""


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


class ScriptFailed(UnstuckError):
    """The script itself raised before any `fit`; its own traceback has been printed."""

    exit_code = 4


def in_a_line(error: BaseException | None) -> str:
    """What any error says, as one line; Keras's account of a call ends with what went wrong there."""
    said = str(error).strip() if error is not None else ""
    if (found := _IN_KERAS.match(said)) is not None:
        return f"{found[1]}: {found[2].splitlines()[-1].strip()}"
    return said.splitlines()[0] if said else type(error).__name__
