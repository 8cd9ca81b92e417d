"""What a process that may be ended at any moment leaves for the one that waits for it.

Code in C that a script uses may crash, and whoever may can kill a process: it can then say nothing
itself. So it writes down beforehand, in memory that both share, what it is at; where nobody waits
for it, nothing is written. Memory, and no pipe: a script may close all descriptors, and a write never
waits.
"""

from __future__ import annotations

import contextlib
import json
import mmap
import os
import struct
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

_SIZE, _STEP, _RISK = 8192, 64, 1024
_NUMBERS = struct.Struct("<??xxIid")  # known, kept, signals, code, when the last signal came
_LENGTH = struct.Struct("<H")


class Page:
    """The memory that both share. Made before the process is; `None` in what was never told."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, _SIZE)

    @property
    def code(self) -> int | None:
        """The status that the process wanted to end with, once it had told everything."""
        known, _, _, code, _ = self._numbers
        return code if known else None

    @property
    def kept(self) -> bool:
        """Whether a journal holds something with which the same command goes on."""
        return bool(self._numbers[1])

    @property
    def signals(self) -> tuple[int, float]:
        """How many signals were heeded, and when the last of them came."""
        return self._numbers[2], self._numbers[4]

    @property
    def step(self) -> str:
        """What the process was at, as its progress is told."""
        return self._text(_STEP)

    @property
    def risk(self) -> tuple[str, dict[str, Any]] | None:
        """A journal, and what is to be noted there if the process ends now."""
        try:
            path, document = json.loads(self._text(_RISK))
        except ValueError:
            return None
        return path, document

    @property
    def _numbers(self) -> tuple[Any, ...]:
        return _NUMBERS.unpack_from(self._memory)

    def _text(self, at: int) -> str:
        (length,) = _LENGTH.unpack_from(self._memory, at)
        start = at + _LENGTH.size
        return self._memory[start : start + length].decode(errors="replace")

    def _write(self, at: int, text: str, most: int) -> None:
        data = text.encode(errors="replace")
        data = data if len(data) <= most else b""
        _LENGTH.pack_into(self._memory, at, 0)
        self._memory[at + _LENGTH.size : at + _LENGTH.size + len(data)] = data
        _LENGTH.pack_into(self._memory, at, len(data))

    def _note(self, *, code: int | None = None, kept: bool | None = None, signal: bool = False) -> None:
        known, had, signals, before, last = self._numbers
        if signal:
            signals, last = signals + 1, time.monotonic()
        _NUMBERS.pack_into(self._memory, 0, known or code is not None, had if kept is None else kept,
                           signals, before if code is None else code, last)


_page: Page | None = None
_process = 0
_training: dict[int, tuple[str, Mapping[str, Any]]] = {}


def begin(page: Page) -> None:
    """From now on this process, and no child of it, writes down what it is at."""
    global _page, _process
    _page, _process = page, os.getpid()


def _ours() -> Page | None:
    return _page if _process == os.getpid() else None


def known(code: int) -> None:
    """The process ends now with that status; whoever needs to know why has been told."""
    if (page := _ours()) is not None:
        page._note(code=code)


def doing(step: str) -> None:
    """This is what is being done, as its progress is told."""
    if (page := _ours()) is not None:
        page._write(_STEP, step[:200], _RISK - _STEP - _LENGTH.size)


def nothing_yet() -> bool:
    """True in a process that writes down what it is at, and has begun with nothing."""
    page = _ours()
    return page is not None and not page.step


def keeping(kept: bool) -> None:
    """Whether a journal holds something with which the same command goes on."""
    if (page := _ours()) is not None:
        page._note(kept=kept)


def heeded() -> None:
    """A signal has come to this process and was heeded."""
    if (page := _ours()) is not None:
        page._note(signal=True)


@contextlib.contextmanager
def noted_if_ended(journal: str, document: Mapping[str, Any]) -> Iterator[None]:
    """If the process ends within, that is to be noted in a journal; not where threads do several
    things: nobody knows then which of them it was."""
    if _ours() is None:
        yield
        return
    _training[threading.get_ident()] = journal, document
    _put_risk()
    try:
        yield
    finally:
        _training.pop(threading.get_ident(), None)
        _put_risk()


def _put_risk() -> None:
    if (page := _ours()) is not None:
        one = list(_training.values())
        page._write(_RISK, json.dumps(one[0]) if len(one) == 1 else "", _SIZE - _RISK - _LENGTH.size)
