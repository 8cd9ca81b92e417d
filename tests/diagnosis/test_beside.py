"""What comes along with a repair though no training shows it: it is listed, stored and written."""

from __future__ import annotations

import pytest

from unstuck.capture import capture_text
from unstuck.diagnosis import changes
from unstuck.diagnosis.diagnosis import Options, diagnose_script
from unstuck.reports import render
from unstuck.result.results import Result
from unstuck.script import Script
from unstuck.search.budget import Budget

SCRIPT = """
import numpy as np
import keras

x = np.random.default_rng(0).normal(size=(200, 2))
y = x[:, :1] - 2 * x[:, 1:]
model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
model.compile(keras.optimizers.Adam(1e-6), "mse", metrics=["accuracy"])
model.fit(x, y, epochs=20)
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Result:
    path = tmp_path_factory.mktemp("beside") / "train.py"
    path.write_text(SCRIPT)
    return diagnose_script(path, options=Options(
        budget=Budget.parse("400runs"), replicas=16, pictures=False)).result


def test_a_metric_that_says_nothing_is_in_the_list_of_what_is_changed(found: Result) -> None:
    best = found.repairs[0]
    assert best.beside == ("metric accuracy → mean absolute error",)
    assert "metric" not in best.kinds
    assert 'metrics=["mae"]' in best.diff
    shown = " ".join(render("text", found, width=100, verbose=1).split())
    assert "* metric accuracy → mean absolute error (for you to see it by; no training depends" in shown
    assert "metric accuracy → mean absolute error" in render("html", found)


def test_it_is_written_again_from_what_is_stored(found: Result) -> None:
    recipe = capture_text(SCRIPT).recipe
    again = changes.written(changes.of(found.repairs[0], recipe), Script.parse(SCRIPT), recipe)
    assert 'metrics=["mae"]' in again.text
