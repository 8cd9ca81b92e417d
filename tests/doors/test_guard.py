"""`unstuck guard`: a lock file, trainings measured again, and a failure only where fewer learn."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from unstuck.base.errors import UnstuckError
from unstuck.doors.cli import app
from unstuck.result.locks import from_toml, to_toml

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
    (locked,) = from_toml(text, "unstuck.lock")
    assert (locked.script, locked.trainings, locked.successes) == ("train.py", 64, 64)
    assert to_toml([locked]) == text
    same = call()
    assert same.exit_code == 0, same.output
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


@pytest.mark.parametrize("text", [
    "", "schema = 3", "schema = 'unstuck-lock/1'\ntraining = 3",
    "schema = 'unstuck-lock/1'\n[[training]]\nscript = 'a.py'",
    "schema = 'unstuck-lock/1'\n[[training]]\nscript = 'a.py'\nother = 1", "]["])
def test_what_is_no_lock_file_is_refused(text):
    with pytest.raises(UnstuckError, match="no lock file of unstuck's"):
        from_toml(text, "unstuck.lock")
