"""The one writer of files: whole or absent, and nothing replaced that is not ours.

`checked` is asked before the work, so that nobody trains for a file that cannot be written;
`write_bytes` looks again at the moment of writing. What is there already is replaced where this tool
wrote it, which the file itself tells (`is_ours`), or where the user said so. A link, a pipe, a device,
a folder and a file that is read-only are never written to, whatever was said.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from .errors import UnstuckError

LONGEST = 255
"""Most bytes of a file's name, where the system does not say."""
LARGEST_PAGE = 1 << 28
"""Bytes of a document that are read to see whose it is."""
_PAGE, _SAVED = b'<meta name="generator" content="unstuck', b'{"__metadata__":{"diagnosis":'

Ours = Callable[[BinaryIO], bool]


class WontReplace(UnstuckError):
    """What is at the destination stays there: it is not ours, or no file that could be replaced."""


def is_ours(stream: BinaryIO) -> bool:
    """True for what this tool writes: a page, a JSON document, a saved diagnosis."""
    head = stream.read(4096)
    if head[8:].startswith(_SAVED) or (head.lstrip()[:9].lower() == b"<!doctype" and _PAGE in head):
        return True
    if not head.startswith(b"{"):
        return False
    try:
        document = json.loads(head + stream.read(LARGEST_PAGE))
    except (ValueError, RecursionError):
        return False
    return isinstance(document, dict) and str(document.get("schema")).startswith("unstuck/")


def checked(
    path: Path, *, force: bool = False, ours: Ours = is_ours, hint: str = "name another, or use --force"
) -> os.stat_result | None:
    """Make sure that a file can be written there, without writing it.

    Args:
        path: where to.
        force: whether a file that is not ours may be replaced.
        ours: whether the file that is there may be replaced in any case.
        hint: what to do about a file that may not.

    Returns:
        What is there now; `None` where nothing is.

    Raises:
        WontReplace: something is there that stays.
        UnstuckError: no file of that name can be made there.
    """
    folder = Path(os.path.dirname(path) or ".")
    if not folder.is_dir():
        what = "is no folder" if os.path.lexists(folder) else "is not there"
        raise UnstuckError(f"{path} cannot be written: the folder {folder} {what}.")
    if len(os.fsencode(path.name)) > _longest(folder):
        raise UnstuckError(f"{path} cannot be written: its name is too long.")
    if not path.name or "\0" in str(path):
        raise UnstuckError(f"{str(path)!r} names no file.")
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        if not os.access(folder, os.W_OK | os.X_OK):
            raise UnstuckError(f"{path} cannot be written: the folder {folder} is read-only.") from None
        return None
    except OSError as error:
        raise UnstuckError(f"{path} cannot be written: {error.strerror or error}.") from error
    if stat.S_ISLNK(found.st_mode):
        to = os.readlink(path)
        raise WontReplace(f"{path} is a link to {to}; name the file itself.")
    if stat.S_ISDIR(found.st_mode):
        raise WontReplace(f"{path} is a directory; name a file.")
    if not stat.S_ISREG(found.st_mode):
        raise WontReplace(f"{path} is a pipe, a socket or a device, and no file; name another.")
    if not found.st_mode & 0o222:
        raise WontReplace(f"{path} is read-only; make it writable, or name another file.")
    if not force and not _may_go(path, found, ours):
        raise WontReplace(f"{path} is there already, and unstuck did not write it; {hint}.")
    return found


def _longest(folder: Path) -> int:
    try:
        return os.pathconf(folder, "PC_NAME_MAX")
    except (OSError, ValueError, AttributeError):
        return LONGEST


def _may_go(path: Path, found: os.stat_result, ours: Ours) -> bool:
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        with open(os.open(path, flags | getattr(os, "O_BINARY", 0)), "rb") as stream:
            return os.path.samestat(os.fstat(stream.fileno()), found) and ours(stream)
    except OSError:
        return False


def write_bytes(
    path: Path, data: bytes, *, force: bool = False, ours: Ours = is_ours, hint: str = "name another"
) -> None:
    """Write a file through a temporary one beside it, synced and put into place.

    A file that is replaced keeps its permissions. Where nothing was, the new one is linked into
    place, which fails if anything has come there in the meantime.

    Args:
        path: where to.
        data: what.
        force: replace a file that is not ours.
        ours: whether the file that is there may be replaced in any case.
        hint: what to do about a file that may not.

    Raises:
        UnstuckError: as `checked` does.
        OSError: it cannot be written; what was there is then as it was.
    """
    path = Path(path)
    before = checked(path, force=force, ours=ours, hint=hint)
    mode = 0o666 & ~_umask() if before is None else before.st_mode & 0o7777
    folder = path.parent
    handle, name = tempfile.mkstemp(prefix=".unstuck.", suffix=".tmp", dir=folder)
    try:
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(handle, view) :]
            os.fsync(handle)
        finally:
            os.close(handle)
        os.chmod(name, mode)
        if before is None:
            _linked(name, path, data)
        else:
            _replaced(name, path, before)
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), str(path)) from error
    finally:
        with contextlib.suppress(OSError):
            os.unlink(name)
    _sync_folder(folder)


def _linked(name: str, path: Path, data: bytes) -> None:
    """Give a file its name, if that is still free."""
    try:
        os.link(name, path)
    except FileExistsError:
        raise WontReplace(f"{path} was made by another while this was at work, and stays.") from None
    except OSError:  # a file system without links
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0))
        except FileExistsError:
            raise WontReplace(f"{path} was made by another while this was at work, and stays."
                              ) from None
        try:
            with open(handle, "wb") as stream:
                stream.write(data)
        except OSError:
            os.unlink(path)
            raise


def _replaced(name: str, path: Path, before: os.stat_result) -> None:
    """Put a file in the place of another, if that is still the one that was looked at."""
    try:
        now = os.lstat(path)
    except FileNotFoundError:
        now = None
    if now is None or (now.st_dev, now.st_ino, now.st_size, now.st_mtime_ns, now.st_mode) != (
            before.st_dev, before.st_ino, before.st_size, before.st_mtime_ns, before.st_mode):
        raise WontReplace(f"{path} was changed by another while this was at work, and stays.")
    os.replace(name, path)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _sync_folder(folder: Path) -> None:
    """Make the rename itself last, where the platform can (not on Windows)."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
