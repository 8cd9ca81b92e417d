"""Notebooks, executed: a cell is diagnosed where it stands, and its repair offered below."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import unstuck
from unstuck.base.errors import UnstuckError
from unstuck.doors.notebook import repaired_cell, switches

SOURCE = Path(unstuck.__file__).parent.parent

DATA = """\
import numpy as np
import keras
rng = np.random.default_rng(7)
x = rng.normal(size=(64, 2)).astype("float32")
y = (x[:, 0] > 0).astype("float32")
"""

CELL = """\
%%unstuck --budget 200runs --replicas 32
%config InlineBackend.close_figures = True
before = x.shape
model = keras.Sequential([
    keras.Input((2,)), keras.layers.Dense(8, "tanh"), keras.layers.Dense(1, "sigmoid")])
model.compile(optimizer=keras.optimizers.SGD(learning_rate=1e-7), loss="binary_crossentropy")
model.fit(x, y, epochs=30, batch_size=16, verbose=0)
after = True
"""


@pytest.mark.filterwarnings("ignore")
def test_a_notebook_with_a_cell_that_does_not_learn(tmp_path, monkeypatch):
    pytest.importorskip("ipykernel")
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    paths = [str(SOURCE), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    cells = [
        "%load_ext unstuck\n" + DATA, CELL,
        "d = _\nprint(d.outcome, d.result.arms[0].location, before, 'after' in globals())",
        "%%unstuck --replica\nmodel.fit(x, y)",
        "%%unstuck\n1 / 0",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    nbclient.NotebookClient(notebook, timeout=300, kernel_name="python3",
                            resources={"metadata": {"path": str(tmp_path)}}).execute()
    _, diagnosed, told, misspelled, failed = (cell.outputs for cell in notebook.cells)
    shown = next(output for output in diagnosed if output.output_type == "execute_result")
    assert "In [2]:7" in shown.data["text/plain"]
    assert "\nSTUCK. " in shown.data["text/plain"]
    text = "".join(output.get("text", "") for output in told)
    assert text.startswith("STUCK")
    assert "(64, 2) False" in text
    assert "unstuck: " in misspelled[0].text and "--budget 2m" in misspelled[0].text
    errors = "".join(output.get("text", "") for output in failed)
    assert "ZeroDivisionError" in errors and 'File "In [5]", line 2' in errors


def test_the_repaired_cell_keeps_its_magics():
    pytest.importorskip("IPython")
    from types import SimpleNamespace

    cell = "%matplotlib inline\nmodel.fit(x, y, epochs=1)  # größe\n"
    source = "get_ipython().run_line_magic('matplotlib', 'inline')\n" + cell.split("\n", 1)[1]
    start = source.encode().index(b"epochs=1") + len("epochs=")
    edit = SimpleNamespace(start=start, end=start + 1, replacement="50")
    inside = SimpleNamespace(start=3, end=5, replacement="oops")
    found = SimpleNamespace(repairs=(SimpleNamespace(edits=None), SimpleNamespace(edits=(inside,)),
                                     SimpleNamespace(edits=(edit,))))
    assert repaired_cell(cell, source, found) == cell.replace("epochs=1", "epochs=50")
    assert repaired_cell(cell, source, SimpleNamespace(repairs=())) is None


@pytest.mark.parametrize("line", ["--budget soon", "--nonsense", "'open", "--replicas many",
                                  "--horizon soon", "--horizon 0", "--rows 0"])
def test_switches_that_are_not_understood(line):
    with pytest.raises(UnstuckError):
        switches(line)


def test_switches():
    options, fit = switches("--budget 30s --goal 'accuracy >= 0.9' --fit 2 --seed 5 --replicas 8")
    assert (options.budget.text, options.goal, fit, options.seed, options.replicas) == (
        "30s", "accuracy >= 0.9", "2", 5, 8)
    options, _ = switches("--horizon 200 --rows 1000")
    assert (options.horizon, options.whole, options.rows) == (200, False, 1000)
    options, _ = switches("--horizon full")
    assert (options.horizon, options.whole, options.rows) == (None, True, None)
