"""Standard streams of the tool's own, and the end of its process.

A script that runs in this process may close what it was given, and may leave threads behind; neither
is to take the report with it, or to keep the process from ending.
"""

from __future__ import annotations

import atexit
import contextlib
import io
import os
import sys
import threading
from typing import NoReturn, TextIO

from unstuck.base import interrupts, last_words


def make_own() -> None:
    """Put copies into the places of standard output and error, which nobody else can close.

    Where one was closed before the start, as by `>&-`, what is written to it goes nowhere.
    """
    reserve()
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115  it lives as long as we do
    sys.stdout, sys.stderr = _own(sys.stdout, 1), _own(sys.stderr, 2)


def reserve() -> None:
    """See that nothing that is opened later gets the number of a standard stream that is closed."""
    while (handle := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(handle, True)
    os.close(handle)


def _own(stream: TextIO | None, number: int) -> TextIO:
    if not isinstance(stream, io.TextIOWrapper):
        return stream or open(os.devnull, "w", encoding="utf-8")
    with contextlib.suppress(OSError):
        stream.flush()
    return open(os.dup(number), "w", encoding=stream.encoding, errors=stream.errors,
                buffering=1 if stream.line_buffering else -1, newline=None)


def leave(code: int) -> NoReturn:
    """End the process. Threads that are left running are not waited for, nor run out under.

    Compiled code that comes back into an interpreter that is being taken down aborts it, so with any
    other thread alive, daemons too, the interpreter is not taken down.
    """
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    last_words.known(code)
    if any(thread is not threading.main_thread() for thread in threading.enumerate()):
        atexit._run_exitfuncs()
        interrupts.exit_now(code)
    sys.exit(code)
