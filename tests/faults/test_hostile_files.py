"""F10: files from strangers. Models are looked at before anything of them is built, or refused from
their first bytes; what we saved ourselves is checked before it is believed; no name in it becomes a
path, a command or markup."""

from __future__ import annotations

import io
import json
import pickle
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from safetensors.numpy import save
from typer.testing import CliRunner

import unstuck
from faults.fuzz import PARSERS
from results_examples import TWO_BITS
from unstuck import reports
from unstuck.base import journal as journals
from unstuck.base.errors import BadModelFile, BadSavedFile, NotSupported
from unstuck.capture import model_file
from unstuck.diagnosis import saved
from unstuck.doors.cli import app
from unstuck.population.packing import unpacked
from unstuck.reports.formats.json import document
from unstuck.result.documents import to_document


class Bomb:
    """Leaves a file behind when it is unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return exec, ("open('ran', 'w').close()",)


def zipped(**members: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name.replace("__", "/").replace("UP", ".."), data)
    return held.getvalue()


LAMBDA = json.dumps({"module": "keras.layers", "class_name": "Lambda", "config": {
    "function": {"class_name": "__lambda__", "config": {"code": "4wEAAAA="}}}}).encode()
MODULE = json.dumps({"module": "os", "class_name": "system", "config": {"command": "touch ran"},
                     "registered_name": "system"}).encode()
REST = {"metadata.json": b"{}", "model.weights.h5": b"\x89HDF\r\n\x1a\n"}
MODELS = {
    "an empty one": ("a.keras", b"", "saved model, not a script"),
    "a Lambda (CVE-2024-3660)": ("a.keras", zipped(config=LAMBDA), "saved model, not a script"),
    "any function (CVE-2025-1550)": ("a.keras", zipped(config=MODULE), "saved model, not a script"),
    "a whole one with a Lambda": (
        "a.keras", zipped(**{"config.json": LAMBDA, **REST}), "saved model, not a script"),
    "a whole one with any function": (
        "a.keras", zipped(**{"config.json": MODULE, **REST}), "saved model, not a script"),
    "a path out of the archive": ("a.keras", zipped(UP__UP__ran=b"x"), "saved model, not a script"),
    "a zip bomb": ("a.keras", zipped(config=b"\0" * 2**24), "saved model, not a script"),
    "without its suffix": ("model", zipped(config=LAMBDA), "saved model, not a script"),
    "HDF5 (CVE-2025-9905)": ("a.h5", b"\x89HDF\r\n\x1a\n" + b"\0" * 99, "a model in HDF5"),
    "HDF5 by another name": ("a.py", b"\x89HDF\r\n\x1a\n" + b"\0" * 99, "a model in HDF5"),
    "a pickle": ("a.pkl", pickle.dumps(Bomb()), "is a pickle"),
    "a pickle by another name": ("train.py", pickle.dumps(Bomb()), "is a pickle"),
    "joblib": ("a.joblib", pickle.dumps(Bomb()), "is a pickle"),
    "a SavedModel": ("folder", None, "TensorFlow SavedModel"),
}


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("command", ["run", "fix", "report"])
def test_models_are_refused_with_what_to_do_and_nothing_runs(
    name, command, tmp_path, monkeypatch, fault
):
    monkeypatch.chdir(tmp_path)
    file, data, said = MODELS[name]
    path = tmp_path / file
    if data is None:
        path.mkdir()
        (path / "saved_model.pb").write_bytes(b"x")
    else:
        path.write_bytes(data)
    before = sorted(p.name for p in tmp_path.rglob("*"))
    done = CliRunner().invoke(app, [command, file, "--no-journal"][: 3 if command != "report" else 2])
    assert done.exit_code == 2, done.output
    assert done.stdout == ""
    if command == "report":
        assert "is no saved diagnosis" in done.stderr or "cannot be read" in done.stderr
    else:
        assert said in done.stderr
        assert "write a script that makes the data" in done.stderr
    assert sorted(p.name for p in tmp_path.rglob("*")) == before
    fault("F10", 1, "a model file in place of a script: refused with what to do, never opened")


@pytest.mark.parametrize("name", MODELS)
def test_models_from_strangers_are_refused_before_anything_of_them_is_built(
    name, tmp_path, monkeypatch, fault
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(model_file.subprocess, "run", None)
    monkeypatch.setattr(model_file.adapter, "from_architecture", None)
    file, data, _ = MODELS[name]
    if data is None:
        (tmp_path / file).mkdir()
        (tmp_path / file / "saved_model.pb").write_bytes(b"x")
    else:
        (tmp_path / file).write_bytes(data)
    before = sorted(p.name for p in tmp_path.rglob("*"))
    with pytest.raises((NotSupported, BadModelFile)):
        unstuck.load_model(file)
    assert sorted(p.name for p in tmp_path.rglob("*")) == before
    fault("F10", 1, "a model file in place of a good one: refused before anything is built")


@pytest.mark.slow
@pytest.mark.skipif("not __import__('os').environ.get('UNSTUCK_SLOW')", reason="minutes")
def test_weights_with_a_flipped_bit(tmp_path, fault):
    """They are refused, or they are weights of which some number differs; the zip is whole."""
    path = tmp_path / "a.keras"
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, "relu")])
    model.save(path)
    with zipfile.ZipFile(path) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    good, refused = held["model.weights.h5"], 0
    places = range(0, len(good), len(good) // 40)
    for at in places:
        changed = bytearray(good)
        changed[at] ^= 1 << (at % 8)
        path.write_bytes(zipped(**{**held, "model.weights.h5": bytes(changed)}))
        try:
            assert [v.shape for v in unstuck.load_model(path).weights] == [(3, 2), (2,)]
        except BadModelFile:
            refused += 1
    assert 0 < refused < len(places)
    fault("F10", len(places), "weights in a model file with a flipped bit: refused, or other numbers")


SMALL = save({"a": np.zeros((2, 3), np.float32)},
             metadata={"diagnosis": json.dumps(document(TWO_BITS), sort_keys=True)})


def test_a_saved_diagnosis_with_a_flipped_bit(tmp_path, fault):
    """It is refused, or it is one in which some text or number differs: never anything else."""
    path = tmp_path / "a.unstuck"
    for at in range(0, len(SMALL), 211):
        changed = bytearray(SMALL)
        changed[at] ^= 1 << (at % 8)
        path.write_bytes(changed)
        try:
            result, _ = saved.read(path)
        except BadSavedFile:
            continue
        for name in reports.all_reports():
            assert reports.render(name, result)
    fault("F10", len(range(0, len(SMALL), 211)), "a saved diagnosis with a flipped bit: refused, or"
                                                " read as a diagnosis")


@pytest.mark.parametrize("header", [
    {"a": {"dtype": "F32", "shape": [2**40], "data_offsets": [0, 2**42]}},
    {"a": {"dtype": "F32", "shape": [2], "data_offsets": [-8, 0]}},
    {"a": {"dtype": "O", "shape": [1], "data_offsets": [0, 8]}},
    {"../../etc/passwd": {"dtype": "F32", "shape": [2], "data_offsets": [4, 12]}},
])
def test_arrays_that_point_elsewhere(tmp_path, header, fault):
    text = json.dumps({"__metadata__": {"diagnosis": json.dumps(document(TWO_BITS))}, **header})
    path = tmp_path / "a.unstuck"
    path.write_bytes(struct.pack("<Q", len(text)) + text.encode() + b"\0" * 8)
    with pytest.raises(BadSavedFile, match="damaged"):
        saved.read(path)
    fault("F10", 1, "arrays with false offsets: refused")


HOSTILE = st.sampled_from([
    "</script><img src=x onerror=alert(1)>", "\x1b]0;title\x07\x1b[2J", "\u202egnp.py", "\u2028",
    "../../../etc/passwd", "%0A::error::x", "::set-output name=a::b", "\x00", "$(touch ran)",
    "a" * 600, "\ud800", "\x9b2J", "\u2066a\u2069", "[31m", "=cmd|' /C calc'!A0",
]) | st.text(max_size=40)


def with_names(value: object, name: str) -> object:
    """A document in which every text that may be the user's is that one."""
    free = {"call", "source", "label", "title", "intervention", "message", "merged", "reading",
            "what", "reason", "model", "loss", "optimizer", "path"}
    if isinstance(value, dict):
        return {key: name if key in free and isinstance(entry, str) else with_names(entry, name)
                for key, entry in value.items()}
    return [with_names(entry, name) for entry in value] if isinstance(value, list) else value


@given(HOSTILE)
@hypothesis_settings(max_examples=16, suppress_health_check=[HealthCheck.too_slow])
def test_hostile_names_in_every_report(name):
    from unstuck.result.documents import from_document

    result = from_document(with_names(to_document(TWO_BITS), name))
    for report in reports.all_reports():
        text = reports.render(report, result)
        acting = {"\x1b", "\x00", "\x07", "\u202e", "\x9b", "\u2066", "\u2028"}
        assert not acting & set(text)
        if report == "github":
            assert all(line.startswith("::") for line in text.splitlines())
            assert "::set-output" not in [line[:12] for line in text.splitlines()]
        if report in ("json", "sarif"):
            loaded = json.loads(text)
        if report == "sarif":
            for found in loaded["runs"][0]["results"]:
                assert not acting & set(found["message"]["text"])


@given(st.binary(max_size=200))
@hypothesis_settings(max_examples=200)
@pytest.mark.parametrize("name", PARSERS)
def test_no_bytes_do_more_than_be_refused(name, data):
    PARSERS[name](data)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
                    lambda inner: st.lists(inner, max_size=3)
                    | st.dictionaries(st.text(max_size=5), inner, max_size=3), max_leaves=8),
       st.sampled_from(["seeds", "engine", "strategy", "block", "layers", "seconds", "code_layer",
                        "compile_seconds"]))
@hypothesis_settings(max_examples=150)
def test_a_population_that_is_none_is_refused(value, key):
    arrays = {"loss": np.zeros((2, 3), np.float32), "final_loss": np.zeros(2, np.float32),
              "score": np.zeros((2, 3))}
    good = {"seeds": [0, 1], "engine": "native", "strategy": "", "block": 1, "layers": {},
            "seconds": 1.0, "code_layer": None, "compile_seconds": 0.0}
    assert unpacked(good, arrays).replicas == 2
    try:
        found = unpacked({**good, key: value}, arrays)
    except ValueError:
        return
    assert found.replicas == 2 and found.seconds >= 0


def test_what_was_refused_leaves_no_journal(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.pkl").write_bytes(pickle.dumps(Bomb()))
    assert CliRunner().invoke(app, ["run", "a.pkl", "--journal", "j"]).exit_code == 2
    assert not list((tmp_path / "j").rglob("*.journal"))


def test_a_journal_names_no_path(tmp_path):
    """What a journal says is looked up by key; nothing in it is ever opened."""
    journal = journals.open_journal(tmp_path, Path("../../x.py"), {"script": "../../../etc/passwd"})
    assert journal.path.is_relative_to(tmp_path)
    assert all(c in "0123456789abcdef.journal" for c in journal.path.name)
    journal.close()


@pytest.mark.slow
@pytest.mark.skipif("not __import__('os').environ.get('UNSTUCK_SLOW')", reason="minutes")
def test_fuzzing_for_a_minute_a_parser(fault):
    pytest.importorskip("atheris")
    for name in PARSERS:
        done = subprocess.run([sys.executable, str(Path(__file__).with_name("fuzz.py")), name,
                               "-max_total_time=30"], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
        runs = [line for line in done.stderr.splitlines() if line.startswith("Done ")]
        fault("F10", int(runs[-1].split()[1]), f"bytes made by atheris for the parser of a {name}:"
                                               " refused")
