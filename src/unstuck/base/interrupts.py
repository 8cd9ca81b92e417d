"""Ctrl-C and its like: once, the work ends with what is known; twice, the process ends at once.

SIGTERM and SIGHUP are taken as Ctrl-C. Python shuts its own processes down in order; where there is
no time for that, `end` kills the children that this process has started and shows the cursor again.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any, NoReturn

from . import last_words

INTERRUPTED = 130
NOTHING_KNOWN = "unstuck: interrupted before anything was known"
_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
_LATER = 0.01
"""Seconds after which an interrupt that came where nothing can be raised is sent again."""
_depth = 0
_exit = os._exit


def exit_now(code: int) -> NoReturn:
    """End the process for the tool itself; `told_of_exit` exchanges what scripts find for that."""
    last_words.known(code)
    _exit(code)


def ours() -> bool:
    """True while the process is the command line's, not a user's who calls us from Python."""
    return _depth > 0


@contextlib.contextmanager
def heeded() -> Iterator[None]:
    """Within, the first signal raises KeyboardInterrupt, and the second ends the process."""
    global _depth
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    process, came, last = os.getpid(), 0, signal.SIGINT.value
    swallowed = missed = False

    def heed(number: int, frame: FrameType | None) -> None:
        nonlocal came, last, missed
        if swallowed:  # sent again too early: nothing can be raised there yet
            missed = True
            return
        came, last = came + 1, number
        last_words.heeded()
        if os.getpid() != process:
            exit_now(INTERRUPTED)
        if came > 1:
            end(INTERRUPTED, "unstuck: interrupted twice: this is the end; the same command goes on"
                             " where it stopped")
        if last_words.nothing_yet():  # libraries in C are imported, some of which die of an exception
            end(INTERRUPTED, NOTHING_KNOWN)
        raise KeyboardInterrupt

    def unraisable(told: Any) -> None:
        """What a destructor or a collector's callback raises goes no further: an interrupt is sent
        again from outside of it."""
        nonlocal came, swallowed, missed
        if not issubclass(told.exc_type, KeyboardInterrupt):
            hook(told)
            return
        came, swallowed, missed, later = came - 1, True, True, _LATER
        while missed:
            missed = False
            again = threading.Timer(later, os.kill, (process, last))
            again.daemon = True
            again.start()
            later *= 2
        swallowed = False

    numbers = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
    # What the caller of the process wants ignored (nohup) stays ignored.
    before = {n: signal.signal(n, heed) for n in numbers if signal.getsignal(n) != signal.SIG_IGN}
    hook, sys.unraisablehook = sys.unraisablehook, unraisable
    _depth += 1
    try:
        yield
    finally:
        _depth -= 1
        sys.unraisablehook = hook
        for number, handler in before.items():
            signal.signal(number, handler)


def end(code: int, text: str) -> NoReturn:
    """End the process now, from any thread, with its children; nothing is flushed or cleaned up."""
    with contextlib.suppress(OSError, ValueError):
        if sys.stderr.isatty():
            os.write(sys.stderr.fileno(), b"\r\x1b[2K\x1b[?25h")
        os.write(sys.stderr.fileno(), text.encode(errors="replace") + b"\n")
    for child in children():
        with contextlib.suppress(OSError):
            os.kill(child, getattr(signal, "SIGKILL", signal.SIGTERM))
    exit_now(code)


def told_of_exit(code: int) -> None:
    """From now on `os._exit`, called by code of the user's while networks are trained, is told.

    Only code of the user's own can call it there: a layer, a loss, a thread that a script has left.
    The process still ends, since nobody can tell what that code relies on, but with `code` and with a
    sentence: its own status would be taken for a verdict. Children of the process are left alone.

    Args:
        code: what the process then exits with.
    """
    process = os.getpid()

    def leave(status: int) -> NoReturn:
        if os.getpid() != process:
            exit_now(status)
        end(code, f"unstuck: your script ended the process while it was trained: os._exit({status})."
                  " Nothing was found out. Take that call out of what runs during training.")

    os._exit = leave


def children() -> list[int]:
    """The processes that this one has started and that still are, where the system tells (Linux)."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for thread in os.listdir("/proc/self/task"):
            with contextlib.suppress(OSError), open(f"/proc/self/task/{thread}/children") as stream:
                found += [int(number) for number in stream.read().split()]
    return found
