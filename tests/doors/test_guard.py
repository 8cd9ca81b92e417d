"""`unstuck guard`: a lock file, trainings measured again, and a failure only where fewer learn."""

from __future__ import annotations

import os
import re

import pytest
from typer.testing import CliRunner

from unstuck.base.errors import UnstuckError
from unstuck.doors.cli import app
from unstuck.result import locks

SCRIPT = """\
import keras
import numpy as np

x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32")
model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(16, "tanh"),
                          keras.layers.Dense(2, "sigmoid")])
model.compile(keras.optimizers.Adam({rate}), "binary_crossentropy")
model.fit(x, x, epochs=80, batch_size=4, verbose=0)
"""


@pytest.fixture
def call(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text(SCRIPT.format(rate=0.1))
    return lambda *arguments: CliRunner().invoke(app, ["guard", *arguments])


def test_it_fails_where_a_training_learns_less_often_and_only_there(call, tmp_path):
    done = call("--update", "train.py")
    assert done.exit_code == 0, done.output
    assert "train.py: 64 of 64 trainings learned" in done.stdout
    text = (tmp_path / "unstuck.lock").read_text()
    (locked,) = locks.read(tmp_path / "unstuck.lock")
    assert (locked.script, locked.trainings, locked.successes) == ("train.py", 64, 64)
    assert locks.to_toml([locked]) == text
    same = call()
    assert same.exit_code == 0, same.output
    assert "unstuck: running train.py up to its fit" in same.stderr
    assert "not less often than before" in same.stdout
    assert "misses a fall to 47% 1 in " in same.stdout
    assert (tmp_path / "unstuck.lock").read_text() == text
    (tmp_path / "train.py").write_text(SCRIPT.format(rate=1e-5))
    worse = call("train.py")
    assert worse.exit_code == 1 and "LESS OFTEN than before" in worse.stdout
    short = call("train.py", "--budget", "2runs")
    assert short.exit_code == 3 and "give more with --budget" in short.stdout
    nothing = call("--update")
    assert nothing.exit_code == 2 and "nothing to guard" in nothing.stderr


def test_a_training_that_is_not_in_the_file_is_told(call):
    done = call()
    assert done.exit_code == 2 and "unstuck guard --update SCRIPT" in done.stderr
    assert "unstuck guard --update train.py" in call("train.py").stderr


GOOD = locks.Locked(script="train.py", trainings=64, successes=60, rate=0.94, low=0.85, high=0.98,
                    yardstick="accuracy", sha256="", unstuck="", keras="", jax="", numpy="", python="")


def written(folder, **changed):
    text = locks.to_toml([GOOD])
    for name, value in changed.items():
        text = re.sub(f"^{name} = .*$", f"{name} = {value}", text, flags=re.MULTILINE)
    (folder / "unstuck.lock").write_text(text)


@pytest.mark.parametrize("text", [
    "", "schema = 3", "schema = 'unstuck-lock/1'\ntraining = 3",
    "schema = 'unstuck-lock/1'\n[[training]]\nscript = 'a.py'",
    "schema = 'unstuck-lock/1'\n[[training]]\nscript = 'a.py'\nother = 1"])
def test_what_is_no_lock_file_is_refused(text, tmp_path):
    (tmp_path / "unstuck.lock").write_text(text)
    with pytest.raises(UnstuckError, match="no lock file of unstuck's"):
        locks.read(tmp_path / "unstuck.lock")


@pytest.mark.parametrize("changed", [
    {"arguments": "[1]"}, {"trainings": "true"}, {"trainings": "0"}, {"successes": "65"},
    {"low": "nan"}, {"low": "2.0"}, {"high": "inf"}, {"seed": "-1"}, {"horizon": "-1"},
    {"script": "['a.py']"}])
def test_numbers_that_nobody_measured_are_refused(changed, tmp_path):
    written(tmp_path)
    assert locks.read(tmp_path / "unstuck.lock") == (GOOD,)
    written(tmp_path, **changed)
    with pytest.raises(UnstuckError, match="no lock file of unstuck's"):
        locks.read(tmp_path / "unstuck.lock")


@pytest.mark.parametrize("update", [(), ("--update",)])
def test_a_lock_file_chooses_nothing_that_lies_elsewhere(call, tmp_path, update):
    elsewhere = tmp_path.parent / f"{tmp_path.name}-elsewhere.py"
    elsewhere.write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    for name in (str(elsewhere), f"../{elsewhere.name}"):
        written(tmp_path, script=repr(name))
        done = call(*update)
        assert done.exit_code == 2 and "A file cannot choose what is run" in done.stderr
        assert not (tmp_path / "ran").exists()


def _link(path):
    path.symlink_to("train.py")


def _nowhere(path):
    path.symlink_to("nowhere")


def _sparse(path):
    with path.open("wb") as stream:
        stream.truncate(20 << 30)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with a name here")
@pytest.mark.parametrize("lies", [os.mkfifo, os.mkdir, _link, _nowhere, _sparse,
                                  lambda path: path.write_bytes(b"\xff\xfe\0"),
                                  lambda path: path.write_text("a = " + "[" * 100_000)])
def test_what_lies_where_the_lock_file_should_be_is_told_before_anything_is_run(call, tmp_path, lies):
    (tmp_path / "train.py").write_text("open('ran', 'w')\n")
    lies(tmp_path / "unstuck.lock")
    for arguments in (("--update", "train.py"), ()):
        done = call(*arguments)
        assert done.exit_code == 2 and done.stderr.count("\n") == 1, done.output
        assert "unstuck.lock" in done.stderr and "fault of unstuck" not in done.stderr
    assert not (tmp_path / "ran").exists()


def test_a_folder_for_the_lock_file_that_is_not_there_is_told_before_anything_is_run(call, tmp_path):
    (tmp_path / "train.py").write_text("open('ran', 'w')\n")
    done = call("--update", "train.py", "--lock", "no/such/unstuck.lock")
    assert done.exit_code == 2 and "the folder no/such is not there" in done.stderr
    assert not (tmp_path / "ran").exists()
