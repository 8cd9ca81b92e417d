"""What code does to the machine, told by Python's audit hooks: files, processes, sockets, code."""

from __future__ import annotations

import atexit
import collections
import contextlib
import dataclasses
import os
import shutil
import sys
import sysconfig
import tempfile
import time
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_FORBIDDEN = ("os.system", "os.exec", "os.posix_spawn", "os.fork", "os.startfile", "subprocess.Popen",
              "socket.", "pickle.find_class", "ctypes.dlopen", "os.remove", "os.rename", "os.rmdir",
              "os.mkdir", "os.link", "os.symlink", "os.chmod", "os.kill", "shutil.", "webbrowser.",
              "urllib.", "code.__new__")
_OURS = str(Path(__file__).parents[2])
_INSTALLED = (sys.prefix, sys.base_prefix, sysconfig.get_path("stdlib"), _OURS, os.devnull)
_WRITES_TEXT = (dataclasses.__file__, collections.__file__, typing.__file__)
"""They write methods of classes, and read types, as text that stands in modules."""
LIMIT = 2048
"""Mebibytes of address space that are left to code in `bounded`."""
_watching: list[Path] = []
_seen: list[str] = []


def _told(event: str, arguments: tuple[Any, ...]) -> None:
    if not _watching:
        return
    if event == "open" and not isinstance(arguments[0], int):
        path = os.path.abspath(os.fsdecode(arguments[0]))
        writes = isinstance(arguments[1], str) and set(arguments[1]) & set("wax+")
        if path.startswith(str(_watching[0])) or (path.startswith(_INSTALLED) and not writes):
            return
        _seen.append(f"open {path}")
    elif event == "exec":
        file = getattr(arguments[0], "co_filename", "")
        caller = sys._getframe(1).f_code.co_filename
        if not file.startswith(_INSTALLED) and caller not in _WRITES_TEXT:
            _seen.append(f"exec {file} in {caller}")
    elif event.startswith(_FORBIDDEN):
        _seen.append(f"{event} {arguments!r:.200}")


@contextlib.contextmanager
def nothing_done(*, but_in: Path) -> Iterator[None]:
    """Within, no file is opened but installed ones, for reading, and those in that folder; no process
    is started, nothing is connected to, and no code is run that was not installed."""
    if not getattr(sys, "_unstuck_audited", False):
        sys._unstuck_audited = True  # type: ignore[attr-defined]
        sys.addaudithook(_told)
    _seen.clear()
    _watching.append(but_in)
    try:
        yield
    finally:
        _watching.clear()
    assert not _seen, _seen


@contextlib.contextmanager
def bounded(*, seconds: float, mebibytes: int) -> Iterator[None]:
    """Within, no more time is worked and the process grows by no more memory, not even in between."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")  # the highest use so far is that of now
    before, begun = _memory("VmRSS"), time.process_time()
    with _limited(_memory("VmSize") + (LIMIT << 20)):
        yield
    worked = time.process_time() - begun  # others may have the machine meanwhile
    assert worked < seconds, f"{worked:.1f} s"
    grown = (_memory("VmHWM") - before) >> 20
    assert grown < mebibytes, f"{grown} MiB"


def _memory(what: str) -> int:
    """Bytes, where the system tells them (Linux); else none."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith(what):
                return int(line.split()[1]) << 10
    return 0


@contextlib.contextmanager
def _limited(size: int) -> Iterator[None]:
    """No more address space than that; more is refused by the system, as MemoryError."""
    import resource

    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def folder() -> Path:
    """A folder for the files of a test; it goes when Python ends."""
    made = tempfile.mkdtemp(prefix="unstuck-watched-")
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return Path(made)
