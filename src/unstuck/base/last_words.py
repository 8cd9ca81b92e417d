"""A second process that only waits, and tells of an end that this one could not tell of itself.

Code in C that a script uses may crash, and whoever may can kill a process: its status is then that of
the signal, and nothing is said. The other process is no child of this one, so that a script which waits
for its children does not meet it, and in a session of its own, so that Ctrl-C does not reach it.
"""

from __future__ import annotations

import contextlib
import os
import warnings

_TEXT = (
    b"unstuck: this process was ended before it could report: killed (kill -9, or by the system for"
    b" want of memory), or by a crash in compiled code that your script uses. Nothing was found out."
    b" With a journal, the same command goes on with what had been trained.\n")
_ours: tuple[int, int] | None = None
"""This process, and where it says that its end is known."""


def watched() -> None:
    """From now on the end of this process is told, unless `known` was called; where there is `fork`."""
    global _ours
    if not hasattr(os, "fork"):
        return
    with contextlib.suppress(OSError), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of threads, which the others need not have
        reading, writing = os.pipe()
        first = os.fork()
        if first == 0:
            try:
                os.setsid()
                if os.fork() == 0:
                    _wait(reading)
            finally:
                os._exit(0)
        os.waitpid(first, 0)
        os.close(reading)
        _ours = os.getpid(), writing


def known() -> None:
    """The end comes now, and whoever needs to know it has been told why."""
    if _ours is not None and _ours[0] == os.getpid():
        with contextlib.suppress(OSError):
            os.write(_ours[1], b".")


def _wait(reading: int) -> None:
    """Until the other process ends, or says that it does."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1):
        os.dup2(nowhere, standard)
    os.dup2(reading, 3)
    os.closerange(4, 1024)
    if not os.read(3, 1):
        os.write(2, _TEXT)
