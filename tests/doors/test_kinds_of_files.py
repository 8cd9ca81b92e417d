"""Each kind of file that the tool makes goes through the one writer, whatever lies where it goes."""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import socket
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from results_examples import TWO_BITS
from unstuck.base.errors import UnstuckError
from unstuck.diagnosis import encoder_decoder, saved
from unstuck.doors import crash
from unstuck.doors.commands.output import Detail, files_written
from unstuck.doors.fixing import Destination, backup_of
from unstuck.reports import render
from unstuck.reports.manual import site
from unstuck.result import locks
from unstuck.script.source import Script

DETAIL = Detail(verbose=0, diff=False, data=True)
TEXT = b"import keras\n"


@functools.cache
def page() -> bytes:
    """A page of ours; drawn once."""
    return render("html", TWO_BITS).encode()


def _json(path: Path, force: bool) -> bool:
    return files_written(TWO_BITS, path, None, DETAIL, force=force)


def _html(path: Path, force: bool) -> bool:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("unstuck.reports.render", lambda *_, **__: page().decode())
        return files_written(TWO_BITS, None, path, DETAIL, force=force)


def _saved(path: Path, force: bool) -> bool:
    saved.write(path, TWO_BITS, {}, force=force)
    return True


def _script(folder: Path) -> Script:
    path = folder / "script" / "train.py"
    path.parent.mkdir()
    path.write_bytes(TEXT)
    return Script.read(path)


def _fixed(path: Path, force: bool) -> bool:
    script = _script(path.parent)
    to = Destination(output=path, force=force)
    try:
        to.write(script, b"new", to.place(script.path))
    finally:
        shutil.rmtree(path.parent / "script")
    return True


def _backup(path: Path, force: bool) -> bool:
    """`fix --in-place`: the old script goes to `path`, which is the script's name and `.orig`."""
    script = path.with_name(path.name.removesuffix(".orig"))
    script.write_bytes(TEXT)
    to = Destination(in_place=True, force=force)
    try:
        assert backup_of(script) == path
        to.write(Script.read(script), b"new", to.place(script))
        assert script.read_bytes() == b"new" and path.read_bytes() == TEXT
    except BaseException:
        assert script.read_bytes() == TEXT
        raise
    finally:
        script.unlink()
    return True


def _exported(path: Path, force: bool) -> bool:
    for place in encoder_decoder.checked_places(path.parent, force=force):
        if place == path:
            from unstuck.base.atomic import write_bytes

            write_bytes(place, b"half", force=force)
    return True


def _manual(path: Path, force: bool) -> bool:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(site, "entries", dict)
        site.write_html(path.parent)
    return True


def _lock(path: Path, force: bool) -> bool:
    locks.write(path, ())
    return True


def _fault(path: Path, force: bool) -> bool:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("time.strftime", lambda _: "now")
        return crash.write(ValueError("x"), [], path.parent) is not None


KINDS: dict[str, tuple[str, Callable[[Path, bool], bool], bool]] = {
    "json": ("a.json", _json, True), "page": ("a.html", _html, True),
    "saved": ("a.unstuck", _saved, True), "fixed": ("train_unstuck.py", _fixed, True),
    "backup": ("train.py.orig", _backup, True), "export": (encoder_decoder.NAMES[0], _exported, True),
    "lock": ("unstuck.lock", _lock, False), "manual": ("index.html", _manual, False),
    "fault": (f"fault-now-{os.getpid()}.json", _fault, False),
}
"""By kind: its file's name, what writes it, and whether `--force` replaces another's."""


def _file(path: Path, data: bytes = b"precious", mode: int = 0o644) -> None:
    path.write_bytes(data)
    path.chmod(mode)


def _socket(path: Path) -> None:
    with contextlib.chdir(path.parent), socket.socket(socket.AF_UNIX) as one:
        one.bind(path.name)


def _device(path: Path) -> None:
    try:
        os.mknod(path, 0o666 | stat.S_IFCHR, os.makedev(1, 3))
    except OSError:  # only the administrator may
        path.symlink_to("/dev/null")


THERE: dict[str, Callable[[Path], object]] = {
    "nothing": lambda path: None, "a file": _file, "a script": lambda path: _file(path, TEXT),
    "ours": lambda path: _file(path, b'{"schema": "unstuck/1"}', 0o640),
    "a page of ours": lambda path: _file(path, page()),
    "a lock": lambda path: _file(path, locks.to_toml(()).encode()),
    "read-only": lambda path: _file(path, mode=0o444),
    "a folder": lambda path: path.mkdir(), "a full folder": lambda path: _file(_made(path) / "a"),
    "a pipe": lambda path: os.mkfifo(path), "a socket": _socket, "a device": _device,
    "a link": lambda path: path.symlink_to("target"),
    "a link to ours": lambda path: path.symlink_to("ours"),
    "a dangling link": lambda path: path.symlink_to("nowhere"),
    "a link to itself": lambda path: path.symlink_to(path.name),
    "a link to a folder": lambda path: path.symlink_to("."),
}
OURS = ("ours", "a page of ours")
FOREIGN = ("a file", "a script", "a lock")


def _made(path: Path) -> Path:
    path.mkdir()
    return path


def seen(folder: Path) -> dict[str, object]:
    """All that lies in a folder, and below: kinds, permissions and contents."""
    found: dict[str, object] = {}
    for path in sorted(folder.rglob("*")):
        kind = os.lstat(path).st_mode
        found[str(path.relative_to(folder))] = (
            kind, path.read_bytes() if stat.S_ISREG(kind) else
            os.readlink(path) if stat.S_ISLNK(kind) else None)
    return found


@contextlib.contextmanager
def place() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp())
    try:
        _file(folder / "target")
        _file(folder / "ours", b'{"schema": "unstuck/1"}')
        yield folder
    finally:
        shutil.rmtree(folder)


def wrote(kind: str, path: Path, force: bool) -> bool:
    """Whether the file was written; what keeps it from that is a sentence, or the system's error."""
    try:
        return KINDS[kind][1](path, force)
    except (UnstuckError, OSError):
        return False


@given(kind=st.sampled_from(sorted(KINDS)), there=st.sampled_from(sorted(THERE)), force=st.booleans(),
       meanwhile=st.sampled_from(["as it was", *sorted(THERE)]))
@settings(max_examples=600, deadline=None)
def test_whatever_lies_there_or_comes_there_no_kind_of_file_replaces_it(kind, there, force, meanwhile):
    with place() as folder:
        name, _, forced = KINDS[kind]
        path = folder / name
        THERE[there](path)
        before, after = seen(folder), {}
        original = os.fsync
        backups = ["train.py"] if kind == "backup" else ["script", "script/train.py"]

        def others_at_work(handle: int) -> None:
            original(handle)
            if meanwhile == "as it was" or after:
                return
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
            THERE[meanwhile](path)
            after.update({n: what for n, what in seen(folder).items()
                          if not n.startswith(".unstuck.") and n not in backups})

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(os, "fsync", others_at_work)
            done = wrote(kind, path, force)
        now = {n: what for n, what in seen(folder).items() if n not in backups}
        if not done:
            assert now == (after or before)
            return
        assert there == "nothing" or (
            there in OURS and kind not in ("fixed", "backup", "lock")) or (
            (there, kind) == ("a lock", "lock")) or (
            force and forced and there in (*FOREIGN, *OURS))
        assert meanwhile == "as it was" or not after or (there == "nothing" == meanwhile)
        assert set(now) == {*before, name}
        assert {n: what for n, what in now.items() if n != name} == {
            n: what for n, what in before.items() if n != name}
        assert stat.S_ISREG(path.lstat().st_mode)


@pytest.mark.parametrize("kind", KINDS)
def test_a_name_that_is_too_long_and_a_folder_that_is_read_only(kind):
    with place() as folder:
        before = seen(folder)
        if kind not in ("manual", "fault", "export", "backup"):  # their names are their own
            assert not wrote(kind, folder / ("a" * 300 + ".orig"), True)
            assert seen(folder) == before
        name = KINDS[kind][0]
        if kind in ("fixed", "backup"):  # they need the script beside it
            return
        with _as_nobody(folder):
            folder.chmod(0o555)
            assert not wrote(kind, folder / name, True)
            assert seen(folder) == before
            folder.chmod(0o755)


@contextlib.contextmanager
def _as_nobody(folder: Path) -> Iterator[None]:
    """Without the administrator's rights, who may write everywhere."""
    if os.geteuid():
        yield
        return
    for path in (folder, *folder.iterdir()):
        os.chown(path, 65534, 65534)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)
