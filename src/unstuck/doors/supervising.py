"""The command in two processes: one does everything, the other waits for it, and tells how it ended.

A script's own code may end the process that runs it, in ways of which nothing can be told from within:
a crash in C, `kill -9`. So the work is done by a child, forked before anything is imported. Both stay
in one group of processes, so that what a terminal sends (Ctrl-C, Ctrl-Z) reaches the child by itself;
what is sent to this process alone is passed on. Without `fork` (Windows) there is one process.
"""

from __future__ import annotations

import _thread
import contextlib
import faulthandler
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from typing import NoReturn

from unstuck.base import interrupts, last_words

from . import streams

_PASSED_ON = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2")
_DIES_ALIKE = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGPIPE")
"""Where the child ends by one of these, which nobody handled, so does this process."""
SAME = 0.5
"""Seconds within which a signal to both processes is one and the same, sent to their group."""
PATIENCE = 0.1
"""Seconds in which the child may have got it by itself."""
_HIGH = 200
"""From here on are descriptors that nothing else will get."""


def supervised(work: Callable[[], None]) -> None:
    """Do the work in a child, and end as it ends; in this process where none can be made."""
    if not hasattr(os, "fork"):
        work()
        return
    streams.reserve()
    page, trace = last_words.Page(), _unnamed_file()
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, _handled())
    before = signal.signal(signal.SIGCHLD, lambda *_: None)  # ignored, it would not be waited for
    alive, held = os.pipe()
    parent = os.getpid()
    try:
        child = os.fork()
    except OSError:  # too many processes: there is to be one
        child = -1
    if child > 0:
        os.close(alive)
        _wait(child, page, trace)
    if child == 0:
        os.close(held)
        last_words.begin(page)
        if trace is not None and not faulthandler.is_enabled():  # python -X faulthandler tells the user
            faulthandler.enable(trace, all_threads=False)
        _thread.start_new_thread(_end_with, (alive, parent))
    signal.signal(signal.SIGCHLD, before)
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    try:
        work()
    except KeyboardInterrupt:
        _say(interrupts.NOTHING_KNOWN)
        interrupts.exit_now(interrupts.INTERRUPTED)
    except SystemExit:
        raise
    except BaseException:  # a fault of ours, of which nobody else has told
        traceback.print_exc()
        interrupts.exit_now(2)


def _handled() -> set[int]:
    """The signals that are waited for; what the caller wants ignored (nohup) stays ignored."""
    numbers = {getattr(signal, name) for name in _PASSED_ON}
    return {n for n in numbers if signal.getsignal(n) != signal.SIG_IGN} | {signal.SIGCHLD}


def _unnamed_file() -> int | None:
    """A file without a name, in which a crash leaves where it was."""
    with contextlib.suppress(OSError):
        import fcntl

        if hasattr(os, "memfd_create"):
            file = os.memfd_create("unstuck")
        else:  # macOS
            import tempfile

            file, name = tempfile.mkstemp(prefix="unstuck-")
            os.unlink(name)
        try:
            return fcntl.fcntl(file, fcntl.F_DUPFD_CLOEXEC, _HIGH)
        finally:
            os.close(file)
    return None


def _end_with(alive: int, parent: int) -> None:
    """End the child when the other process is gone: `kill -9` was meant for both."""
    try:
        os.read(alive, 1)
    except OSError:  # a script has closed it
        return
    until = time.monotonic() + 10
    while os.getppid() == parent:  # its descriptors are closed first
        if time.monotonic() > until:
            return
        time.sleep(0.001)
    interrupts.end(interrupts.INTERRUPTED, "unstuck: the process that waits for this one was killed, so"
                                           " this one ends, too.")


def _wait(child: int, page: last_words.Page, trace: int | None) -> NoReturn:
    """Wait for the child, and end as it did."""
    matched, numbers = 0, _handled()
    while True:
        number, from_terminal = _next(numbers)
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            _end(status, page, trace)
        if number == signal.SIGCHLD:
            continue
        came, last = page.signals
        if time.monotonic() - last > SAME:
            matched = came
        until = time.monotonic() + (0 if from_terminal else PATIENCE)
        while page.signals[0] <= matched and time.monotonic() < until:
            time.sleep(0.005)
        if page.signals[0] <= matched and not from_terminal:
            os.kill(child, number)
        matched += 1


def _next(numbers: set[int]) -> tuple[int, bool]:
    """The next signal, and whether the terminal has sent it, to the whole group."""
    if hasattr(signal, "sigwaitinfo"):
        told = signal.sigwaitinfo(numbers)
        return told.si_signo, told.si_code > 0  # SI_KERNEL; what a process sends has 0 or less
    return signal.sigwait(numbers), False  # macOS


def _end(status: int, page: last_words.Page, trace: int | None) -> NoReturn:
    """End as the child did; where it could not tell of its end, it is told."""
    if page.code is not None:
        os._exit(page.code)
    number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    with contextlib.suppress(OSError):
        if os.isatty(2):
            os.write(2, b"\r\x1b[2K\x1b[?25h")
    if number in {getattr(signal, name) for name in _DIES_ALIKE}:
        signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})
        os.kill(os.getpid(), number)
    from . import ended

    text, code = ended.told(status, page, trace)
    _say(text)
    os._exit(code)


def _say(text: str) -> None:
    with contextlib.suppress(OSError, ValueError):
        os.write(2, text.encode(getattr(sys.stderr, "encoding", None) or "utf-8", "backslashreplace")
                 + b"\n")
