"""Saved diagnoses: whole or absent, and nothing in them is believed unread."""

from __future__ import annotations

import json
import os
import pickle
import stat
import struct
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

from results_examples import EXAMPLES, TWO_BITS
from unstuck.base import atomic
from unstuck.base.errors import BadSavedFile, UnstuckError
from unstuck.diagnosis import saved
from unstuck.diagnosis.diagnosis import Diagnosis, diagnose_script
from unstuck.reports import render
from unstuck.reports.formats.json import document


@pytest.mark.parametrize("name", EXAMPLES)
def test_there_and_back(name: str, tmp_path: Path) -> None:
    arrays = {
        "control/loss": np.arange(12, dtype=np.float32).reshape(3, 4),
        "control/learned": np.array([True, False]),
        "turned": np.arange(6.0).reshape(2, 3).T,
        "foreign": np.array([1.0, 2.5], dtype=">f8"),
        "nothing": np.zeros((0, 3)),
        "lost": np.array([np.nan, np.inf]),
    }
    path = tmp_path / "a.unstuck"
    saved.write(path, EXAMPLES[name], arrays)
    result, read = saved.read(path)
    assert render("json", result) == render("json", EXAMPLES[name])
    assert set(read) == set(arrays)
    for key, array in arrays.items():
        np.testing.assert_array_equal(read[key], array)
    assert saved.is_saved(path)
    assert list(tmp_path.iterdir()) == [path]


def test_what_could_hold_code_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="'evil' holds object"):
        saved.write(tmp_path / "a", TWO_BITS, {"evil": np.array([print], dtype=object)})
    assert not list(tmp_path.iterdir())


def written(folder: Path, **changes: object) -> Path:
    """A file whose document has some keys changed."""
    text = json.dumps({**document(TWO_BITS), **changes})
    path = folder / "x.unstuck"
    path.write_bytes(save({"a": np.zeros(2)}, metadata={"diagnosis": text}))
    return path


@pytest.mark.parametrize(("changes", "said"), [
    ({"schema": "unstuck/9"}, "was written in the form 'unstuck/9'"),
    ({"schema": None}, "was written in the form None"),
    ({"outcome": "FINE"}, r"breaks the contract \(at \$.outcome"),
    ({"arms": 3}, r"breaks the contract \(at \$.arms"),
    ({"fit": {}}, r"breaks the contract \(at \$.fit"),
])  # fmt: skip
def test_documents_that_are_none(changes: dict[str, object], said: str, tmp_path: Path) -> None:
    with pytest.raises(BadSavedFile, match=said):
        saved.read(written(tmp_path, **changes))


def header(text: bytes, length: int | None = None) -> bytes:
    """A file of the format with such a header."""
    return struct.pack("<Q", len(text) if length is None else length) + text


@pytest.mark.parametrize(("data", "said"), [
    pytest.param(b"", "is no saved diagnosis", id="empty"),
    pytest.param(b"import keras\n" * 9, "is no saved diagnosis", id="a script"),
    pytest.param(pickle.dumps(print), "is no saved diagnosis", id="a pickle"),
    pytest.param(header(b"{}"), "is no saved diagnosis", id="no metadata"),
    pytest.param(header(b'{"__metadata__": {"format": "pt"}}'), "is no saved", id="weights"),
    pytest.param(header(b'{"__metadata__": 3}'), "is no saved diagnosis", id="odd metadata"),
    pytest.param(header(b"{", 2**40), "is no saved diagnosis", id="a giant header"),
    pytest.param(header(b'{"a": 1}', 500), "its end is missing", id="cut short"),
    pytest.param(header(b"{nonsense}"), "header is not JSON", id="a broken header"),
    pytest.param(header(b'{"__metadata__":{"diagnosis":"]"}}'), "document is not JSON", id="text"),
    pytest.param(header(b"{" + b'"a":{' * 100_000), "header is not JSON", id="a deep header"),
])  # fmt: skip
def test_files_that_are_none(data: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(data)
    with pytest.raises(BadSavedFile, match=said):
        saved.read(path)


def test_a_file_cut_off_anywhere_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path)
    data = path.read_bytes()
    for length in range(0, len(data), 997):
        path.write_bytes(data[:length])
        with pytest.raises(BadSavedFile):
            saved.read(path)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadSavedFile, match="cannot be read: No such file"):
        saved.read(tmp_path / "gone")


def test_a_script_is_no_saved_file(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text("{1: 2}\n" * 9)
    assert not saved.is_saved(script)


def test_a_failed_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        atomic.write_bytes(path, b"new", force=True)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_permissions_are_kept_and_links_are_not_followed(tmp_path: Path) -> None:
    path, link = tmp_path / "a.py", tmp_path / "b.py"
    path.write_bytes(b"old")
    path.chmod(0o751)
    link.symlink_to(path)
    with pytest.raises(atomic.WontReplace, match="is a link to"):
        atomic.write_bytes(link, b"new", force=True)
    assert path.read_bytes() == b"old"
    atomic.write_bytes(path, b"new", force=True)
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o751


def test_a_saved_diagnosis_is_no_script(tmp_path: Path) -> None:
    path = tmp_path / "a.unstuck"
    Diagnosis(result=TWO_BITS).save(path)
    with pytest.raises(UnstuckError, match=r"is a saved diagnosis: `unstuck report "):
        diagnose_script(path)
