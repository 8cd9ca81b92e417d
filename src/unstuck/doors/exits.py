"""How a command ends: the exit codes, and errors in the user's words.

The codes are stable; `exit_code` has those of a result, errors bring their own.
"""

from __future__ import annotations

import contextlib
import functools
import os
import sys
import traceback
from collections.abc import Callable
from typing import ParamSpec, TextIO

import typer

from unstuck.base import interrupts
from unstuck.base.characters import printable
from unstuck.base.errors import UnstuckError
from unstuck.base.journal import user_folder
from unstuck.reports.parts.verdict import HEALTHY, has_cause
from unstuck.result.results import Result

from . import crash
from .terminal import encoding_of

P = ParamSpec("P")

WELL, PROVED, FAILED, INCONCLUSIVE, INTERRUPTED = 0, 1, 2, 3, 130


def exit_code(result: Result) -> int:
    """The status to exit with after reporting a result.

    NO_SIGNAL counts as an answer, 1: that the inputs say nothing about the targets was measured,
    and it is what keeps the network from learning. What does not learn for no proved reason, be
    it STUCK, FRAGILE, DIVERGES or OVERFITS, is inconclusive, 3.
    """
    if result.interrupted:
        return INTERRUPTED
    if result.outcome == "ERROR" or any(n.startswith("a fault of unstuck") for n in result.notes):
        return FAILED
    if has_cause(result) or result.outcome == "NO_SIGNAL":
        return PROVED
    return WELL if result.outcome in HEALTHY else INCONCLUSIVE


def worst(one: int, other: int) -> int:
    """The code of several results together: interrupted, then not worked, then proved, then not."""
    order = (INTERRUPTED, FAILED, PROVED, INCONCLUSIVE, WELL)
    return min(one, other, key=order.index)


def guarded(command: Callable[P, int]) -> Callable[P, None]:
    """A command that returns its exit code, with every error in the user's words."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            with interrupts.heeded():
                code = command(*args, **kwargs)
            sys.stdout.flush()
        except UnstuckError as error:
            say(f"unstuck: {error}")
            code = error.exit_code
        except KeyboardInterrupt:
            say("unstuck: interrupted before anything was known")
            code = INTERRUPTED
        except BrokenPipeError:  # the reader, such as `head`, has seen enough
            _let_go(sys.stdout)
            code = WELL
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            say(f"unstuck: {where}{error.strerror or error}")
            _let_go(sys.stdout)
            code = FAILED
        except Exception as error:
            own_fault(error)
            code = FAILED
        raise typer.Exit(code)

    return run


def own_fault(error: Exception) -> None:
    """Say that a fault is ours, with its traceback, and write what can be sent to us."""
    with contextlib.suppress(OSError, ValueError):
        traceback.print_exception(error)
    path = None
    with contextlib.suppress(RuntimeError):
        path = crash.write(error, sys.argv[1:], user_folder().parent / "faults")
    kept = "" if path is None else f" What we need to know, without any of your data: {path}"
    say(f"unstuck: this is a fault of unstuck, not of your script. Please report it.{kept}")


def say(text: str) -> None:
    """A message for standard error; none where that is closed or full."""
    text = printable(text, keep="\n\t")
    shown = text.encode(encoding_of(sys.stderr), "backslashreplace")
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write(shown.decode(encoding_of(sys.stderr)) + "\n")


def _let_go(stream: TextIO) -> None:
    """Let what a broken stream still holds go nowhere, so that Python's end says nothing of it."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
