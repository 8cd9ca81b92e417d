"""The writer of files: what may lie at the destination, and what may come there meanwhile."""

from __future__ import annotations

import json
import os
import shutil
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from results_examples import TWO_BITS
from unstuck.base import atomic
from unstuck.base.errors import UnstuckError
from unstuck.diagnosis import saved
from unstuck.reports import render

PRECIOUS = b"precious"


def _file(path: Path, data: bytes = PRECIOUS, mode: int = 0o644) -> None:
    path.write_bytes(data)
    path.chmod(mode)


THERE: dict[str, Callable[[Path], object]] = {
    "nothing": lambda path: None,
    "a file": _file,
    "a script": lambda path: _file(path, b"import keras\n"),
    "other JSON": lambda path: _file(path, b'{"schema": "other/1"}'),
    "damaged JSON": lambda path: _file(path, b"{" * 9999),
    "ours": lambda path: _file(path, b'{\n "schema": "unstuck/1"}', 0o640),
    "read-only": lambda path: _file(path, mode=0o444),
    "ours, read-only": lambda path: _file(path, b'{"schema": "unstuck/1"}', 0o444),
    "a folder": lambda path: path.mkdir(),
    "a pipe": lambda path: os.mkfifo(path),
    "a link": lambda path: path.symlink_to("target"),
    "a dangling link": lambda path: path.symlink_to("nowhere"),
    "a link to a device": lambda path: path.symlink_to("/dev/null"),
}


def seen(folder: Path) -> dict[str, object]:
    """All that lies in a folder: kinds, permissions and contents."""
    found: dict[str, object] = {}
    for path in sorted(folder.iterdir()):
        kind = os.lstat(path).st_mode
        found[path.name] = (kind, path.read_bytes() if stat.S_ISREG(kind) else
                            os.readlink(path) if stat.S_ISLNK(kind) else None)
    return found


@given(before=st.sampled_from(sorted(THERE)), meanwhile=st.sampled_from(["as it was", *sorted(THERE)]),
       force=st.booleans())
@settings(max_examples=400, deadline=None)
def test_nothing_is_lost_whatever_lies_there_or_comes_there(before, meanwhile, force):
    """Written, or everything is as it was when it was last looked at; and never anything between."""
    folder = Path(tempfile.mkdtemp())
    try:
        (folder / "target").write_bytes(PRECIOUS)
        path = folder / "out"
        THERE[before](path)
        after: dict[str, object] = {}
        original = os.fsync

        def others_at_work(handle: int) -> None:
            original(handle)
            if meanwhile != "as it was" and not after:
                if path.is_dir() and not path.is_symlink():
                    path.rmdir()
                else:
                    path.unlink(missing_ok=True)
                THERE[meanwhile](path)
            after.update({name: what for name, what in seen(folder).items()
                          if not name.startswith(".unstuck.")})

        at_first = seen(folder)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(os, "fsync", others_at_work)
            try:
                atomic.write_bytes(path, b"new", force=force)
                written = True
            except UnstuckError:
                written = False
        if not written:
            assert seen(folder) == (after or at_first)
            return
        assert before in ("nothing", "ours") or (force and before in (
            "a file", "a script", "other JSON", "damaged JSON"))
        # What came meanwhile is another file, unless there was none before and is none now.
        assert meanwhile == "as it was" or (before == "nothing" and meanwhile == "nothing")
        assert path.read_bytes() == b"new"
        assert (folder / "target").read_bytes() == PRECIOUS
        assert sorted(p.name for p in folder.iterdir()) == ["out", "target"]
        if before == "ours":
            assert path.stat().st_mode & 0o777 == 0o640
    finally:
        shutil.rmtree(folder)


@pytest.mark.parametrize(("path", "said"), [
    ("no/such/a.py", "the folder no/such is not there"),
    ("file/a.py", "the folder file is no folder"),
    ("a" * 300, "its name is too long"),
    ("/dev/null", "is a pipe, a socket or a device"),
    (".", "is a directory|names no file"),
])
def test_what_cannot_be_written_is_known_before_the_work(path, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    _file(tmp_path / "file")
    with pytest.raises(UnstuckError, match=said):
        atomic.checked(Path(path), force=True)


def test_without_links_nothing_is_replaced_either(tmp_path, monkeypatch):
    def unlinkable(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(os, "link", unlinkable)
    atomic.write_bytes(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"new"
    monkeypatch.setattr(atomic, "checked", lambda *_, **__: None)
    with pytest.raises(atomic.WontReplace, match="made by another"):
        atomic.write_bytes(tmp_path / "a", b"newer")
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("a", b"new")]


def test_what_the_tool_writes_is_known_as_its_own(tmp_path):
    saved.write(tmp_path / "saved", TWO_BITS, {})
    (tmp_path / "json").write_text(render("json", TWO_BITS))
    (tmp_path / "page").write_text(render("html", TWO_BITS))
    (tmp_path / "notes").write_text(json.dumps({"about": "unstuck/1"}))
    for name in ("saved", "json", "page", "notes"):
        with (tmp_path / name).open("rb") as stream:
            assert atomic.is_ours(stream) is (name != "notes")
