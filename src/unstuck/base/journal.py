"""What a diagnosis has trained so far, kept so that the same command goes on where it stopped.

A journal is one append-only file in the user's cache folder, locked while it is open; `records` says
what stands in it. The first record tells what the diagnosis was of.

A journal that cannot be kept (a full disk, a read-only folder) is given up with a note; the
diagnosis goes on without it. Nothing here imports Keras.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from . import last_words
from .digests import digest
from .records import MAGIC, Arrays, Document, Record, arrays_in, encoded, records

LARGEST_FILE = 1 << 29  # bytes
LARGEST_FOLDER = 1 << 30
OLDEST = 30 * 86400  # seconds
SYNC_EVERY = 1.0  # seconds between two waits for the disk
SLOTS = 16  # journals of one and the same command that may be open at once
_NOTHING = ("begun", "data")  # kinds of records without which nothing is lost
_WORDS = {
    "script": "the script's text", "arguments": "the script's arguments", "fit": "--fit",
    "budget": "--budget", "replicas": "--replicas", "seed": "--seed", "goal": "--goal",
    "select": "--select", "ignore": "--ignore", "device": "--device", "through": "--through",
    "versions": "the versions of unstuck, Keras, JAX, numpy or Python",
}


def user_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Where journals live: a cache folder of the user's, never the folder of the script.

    Raises:
        RuntimeError: the user has no home.
    """
    given = environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(given):
        base = Path(given)
    elif sys.platform == "win32" and environ.get("LOCALAPPDATA"):
        base = Path(environ["LOCALAPPDATA"])
    else:
        base = Path.home() / ("Library/Caches" if sys.platform == "darwin" else ".cache")
    return base / "unstuck" / "journals"


@dataclass(eq=False)
class Journal:
    """An open, locked journal. `known` are the records found in it, `notes` what there is to say.

    `holds` once there is anything in it that would be lost with it.
    """

    path: Path
    notes: list[str] = field(default_factory=list)
    known: list[Record] = field(default_factory=list)
    holds: bool = False
    _handle: int | None = None
    _size: int = 0
    _synced: float = 0.0
    _identity: Document = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def append(self, document: Mapping[str, Any], arrays: Arrays | None = None) -> bool:
        """Keep a record; from any thread. False, with a note once, where it cannot be kept."""
        with self._lock:
            return self._append(document, arrays)

    def _append(self, document: Mapping[str, Any], arrays: Arrays | None) -> bool:
        if self._handle is None:
            return False
        try:
            data = encoded(document, arrays)
            if self._size + len(data) > LARGEST_FILE:
                raise ValueError(f"it has reached {LARGEST_FILE >> 20} MiB")
            _write(self._handle, data)
            self._size += len(data)
            if not self.holds and document.get("kind") not in _NOTHING:
                self.holds = True
                last_words.keeping(True)
            if time.monotonic() - self._synced > SYNC_EVERY:
                os.fsync(self._handle)
                self._synced = time.monotonic()
        except (OSError, ValueError, TypeError) as error:
            self._give_up(error)
            return False
        return True

    def arrays(self, record: Record) -> dict[str, NDArray[Any]]:
        """The arrays of a record.

        Raises:
            ValueError: the file can no longer be read, or was changed meanwhile.
        """
        try:
            with self.path.open("rb") as stream:
                stream.seek(record.start)
                return arrays_in(stream.read(record.length))
        except OSError as error:
            raise ValueError(str(error)) from error

    def agree(self, what: str, value: str) -> bool:
        """Keep a fact about the diagnosis; False, and all is begun anew, if it was another before."""
        before = next((r.document[what] for r in self.known if r.document.get("kind") == what), None)
        if before == value:
            return True
        if before is not None:
            self.begin(self._identity)
        self.append({"kind": what, what: value})
        return before is None

    def begin(self, identity: Mapping[str, Any]) -> None:
        """Empty the journal and write its first record."""
        self.known.clear()
        self.holds = False
        last_words.keeping(False)
        self._identity = dict(identity)
        if self._handle is None:
            return
        try:
            os.ftruncate(self._handle, 0)
            os.lseek(self._handle, 0, os.SEEK_SET)
            _write(self._handle, MAGIC)
        except OSError as error:
            self._give_up(error)
            return
        self._size = len(MAGIC)
        self.append({"kind": "begun", "of": self._identity})

    def _give_up(self, error: Exception) -> None:
        why = getattr(error, "strerror", None) or error
        self.notes.append(f"what is trained from here on is not kept for another run: {why}")
        self.close()

    def close(self) -> None:
        """Let go of the file; what is in it stays."""
        if self._handle is not None:
            with contextlib.suppress(OSError):
                os.fsync(self._handle)
            with contextlib.suppress(OSError):
                os.close(self._handle)
            self._handle = None

    def forget(self) -> None:
        """The diagnosis ended and was told: the journal goes."""
        last_words.keeping(False)
        with contextlib.suppress(OSError):
            self.path.unlink()
        self.close()
        with contextlib.suppress(OSError):
            self.path.parent.rmdir()


def open_journal(
    folder: Path, script: Path, identity: Mapping[str, Any], *, fresh: bool = False
) -> Journal:
    """The journal of this command, locked; with what an unfinished run of it has left.

    Args:
        folder: where journals live.
        script: the script; its journals lie together.
        identity: what must agree, by the names of `_WORDS`; JSON values.
        fresh: begin anew, whatever was left.
    """
    asked = json.loads(json.dumps(identity))
    place = folder / digest(os.fsencode(os.path.realpath(script)))
    name = digest(json.dumps(asked, sort_keys=True).encode())
    journal = Journal(path=place / f"{name}.1.journal")
    try:
        os.makedirs(place, mode=0o700, exist_ok=True)
        _clean(folder, time.time())
        taken = _locked(place, name)
    except OSError as error:
        journal.notes.append(f"no journal is kept ({error.strerror or error}: {place}), so a run"
                             " that is cut short cannot go on later")
        return journal
    if taken is None:
        journal.notes.append(f"no journal is kept: {SLOTS} diagnoses like this one are running")
        return journal
    journal.path, journal._handle = taken
    if not journal.path.name.endswith(".1.journal"):
        journal.notes.append("another diagnosis of this script is running; this one keeps its own"
                             " journal")
    found = [] if fresh else _read(journal, asked)
    if found:
        journal.known, journal._identity = found, asked
        journal.holds = any(record.document.get("kind") not in _NOTHING for record in found)
        last_words.keeping(journal.holds)
        return journal
    journal.begin(asked)
    if not fresh:
        journal.notes.extend(_differing(place, journal.path, asked))
    return journal


def _locked(place: Path, name: str) -> tuple[Path, int] | None:
    """The first journal of that name that no other process has, opened and locked."""
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
    for slot in range(1, SLOTS + 1):
        path = place / f"{name}.{slot}.journal"
        handle = os.open(path, flags, 0o600)
        if _lock(handle) and os.path.exists(path) and os.path.samestat(
                os.fstat(handle), os.stat(path)):
            return path, handle
        os.close(handle)
    return None


def _lock(handle: int) -> bool:
    """Lock an open file against other processes, without waiting; the system lets go at their end."""
    if sys.platform == "win32":
        import msvcrt

        try:
            os.lseek(handle, LARGEST_FILE * 2, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    import fcntl

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _read(journal: Journal, identity: Document) -> list[Record]:
    """The whole records of an open journal, which is cut off behind them; none if it is not ours."""
    handle = journal._handle
    assert handle is not None
    try:
        if os.fstat(handle).st_size > LARGEST_FILE:
            return []
        with os.fdopen(os.dup(handle), "rb") as stream:
            stream.seek(0)
            found = list(records(stream.read()))
        if not found or not _is_first(found[0].document) or found[0].document["of"] != identity:
            return []
        journal._size = found[-1].start + found[-1].length
        os.ftruncate(handle, journal._size)
        os.lseek(handle, 0, os.SEEK_END)
    except OSError:
        return []
    return found


def _is_first(document: Document) -> bool:
    return document.get("kind") == "begun" and isinstance(document.get("of"), dict)


def _differing(place: Path, own: Path, identity: Document) -> list[str]:
    """What differs from the last unfinished diagnosis of the same script, in a sentence."""
    others = []
    with contextlib.suppress(OSError):
        others = [(p.stat().st_mtime, p) for p in place.glob("*.journal") if p != own]
    for _, path in sorted(others, reverse=True):
        try:
            with path.open("rb") as stream:
                first = next(records(stream.read(1 << 20)), None)
        except OSError:
            continue
        if first is None or not _is_first(first.document):
            continue
        before = first.document["of"]
        names = [words for key, words in _WORDS.items() if before.get(key) != identity.get(key)]
        if names:
            listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
            return ["an unfinished diagnosis of this script is kept, but this one cannot go on with"
                    f" it, because another was given: {listed}"]
    return []


def _clean(folder: Path, now: float) -> None:
    """Remove journals that are too old, and the oldest beyond `LARGEST_FOLDER`; none in use."""
    found = []
    for path in folder.glob("*/*.journal"):
        with contextlib.suppress(OSError):
            kept = path.lstat()
            found.append((kept.st_mtime, kept.st_size, path))
    room = LARGEST_FOLDER
    for changed, size, path in sorted(found, reverse=True):
        room -= size
        if room >= 0 and now - changed < OLDEST:
            continue
        with contextlib.suppress(OSError):
            handle = os.open(path, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
            try:
                if _lock(handle):
                    path.unlink()
            finally:
                os.close(handle)
            path.parent.rmdir()


def _write(handle: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(handle, view) :]


class Shelf:
    """Where one command finds its journal, and puts it back or throws it away.

    Args:
        folder: where journals live; `None` for no journal at all.
        fresh: begin anew, whatever was left.
    """

    def __init__(self, folder: Path | None, *, fresh: bool = False) -> None:
        self._folder, self._fresh = folder, fresh
        self.journal: Journal | None = None

    def open(self, script: Path, identity: Mapping[str, Any]) -> Journal | None:
        """The journal of this command, if one is to be kept."""
        if self._folder is not None:
            self.journal = open_journal(self._folder, script, identity, fresh=self._fresh)
        return self.journal

    def close(self, *, done: bool) -> None:
        """Throw the journal away when all is done and told, or it is empty; keep it otherwise."""
        if self.journal is not None:
            if done or not self.journal.holds:
                self.journal.forget()
            else:
                self.journal.close()
