"""Which of several calls of `fit` is diagnosed, from the command line."""

from __future__ import annotations

import json

from typer.testing import CliRunner

from unstuck.doors.cli import app

TWO_FITS = """
import numpy as np, keras
x = np.eye(4, dtype="float32")[np.arange(40) % 4]
def build():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(4, activation="softmax")])
    model.compile("sgd", "categorical_crossentropy")
    return model
easy, short = build(), build()
easy.compile(keras.optimizers.Adam(0.1), "categorical_crossentropy")
for _ in range(20):
    easy.fit(x, x, batch_size=8, verbose=0)
short.fit(x, x, epochs=1, verbose=0)
"""


def run(*arguments):
    """Exit code, standard output and standard error of `unstuck run`."""
    done = CliRunner().invoke(app, ["run", *arguments])
    return done.exit_code, done.stdout, done.stderr


def test_the_first_fit_that_looks_stuck_is_taken_and_all_can_be_had(tmp_path):
    path = tmp_path / "two.py"
    path.write_text(TWO_FITS)
    code, out, _ = run(str(path), "--budget", "20s", "--replicas", "16",
                        "--format", "json")
    fit = json.loads(out)["fit"]
    assert (code, fit["index"], fit["of"], fit["epochs"]) == (1, 2, 2, 1)
    code, out, _ = run(str(path), "--budget", "20s", "--replicas", "16", "-q",
                        "--fit", "all")
    assert code == 1
    assert out.index("LEARNS.") < out.index("STUCK.")
    code, _, err = run(str(path), "--fit", "all", "--format", "json")
    assert (code, "choose one fit by its number" in err) == (2, True)
    code, _, err = run(str(path), "--fit", "ask")
    assert (code, "needs a terminal" in err) == (2, True)
