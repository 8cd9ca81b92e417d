"""Rows with missing values, left out of a training and written so."""

from __future__ import annotations

import numpy as np
import pytest

from interventions.sameness import captured, comparable
from unstuck.base.errors import NotSupported
from unstuck.goal import make_goal
from unstuck.interventions import apply_all, edits_for
from unstuck.interventions.drop_missing import DropMissing
from unstuck.interventions.scale_inputs import ScaleInputs

HEAD = """\
import numpy as np
import keras

rng = np.random.default_rng(0)
x, late = rng.normal(5, 2, size=(40, 3)), rng.normal(5, 2, size=(20, 3))
y, held = x[:, 0] * 1.0, late[:, 0] * 1.0
x[3, 1], x[9, 0], y[11], late[2, 2] = np.nan, np.inf, np.nan, np.nan
model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
model.compile("adam", "mse")
"""
FITS = {
    "split": "model.fit(x, y, validation_split=0.2, epochs=2)\n",
    "pair": "model.fit(x, y, epochs=2, validation_data=(late, held))\n",
}


@pytest.mark.parametrize("fit", FITS)
def test_what_is_written_is_what_was_tried(fit: str) -> None:
    script, recipe = captured(HEAD + FITS[fit])
    for changes in ((DropMissing(),), (DropMissing(), ScaleInputs())):
        tried = apply_all(changes, recipe)
        assert len(tried.x) == 37
        assert np.isfinite(tried.train.x).all()
        assert np.isfinite(tried.train.y).all()
        assert tried.validation is not None
        assert np.isfinite(tried.validation.x).all()
        edits = edits_for(changes, script, recipe)
        assert edits is not None
        _, again = captured(script.apply(edits).text)
        assert comparable(again) == comparable(tried)


@pytest.mark.parametrize("fit", [
    "model.fit(x[:30], y[:30], epochs=2)\n",
    "def train():\n    model.fit(x, y, epochs=2)\ntrain()\n",
    "model.fit(x, y, epochs=2, validation_data=(late[:9], held[:9]))\n",
    "for _ in range(2):\n    model.fit(x, y)\n",
])
def test_where_no_name_holds_the_rows_it_is_tried_and_not_written(fit: str) -> None:
    script, recipe = captured(HEAD + fit)
    assert np.isfinite(DropMissing().apply(recipe).x).all()
    assert edits_for((DropMissing(),), script, recipe) is None


@pytest.mark.parametrize(("missing", "words"), [
    ("", "No value is missing"), ("x[::2] = x[1] = np.nan\n", "missing in 5"),
    ("x[:] = np.nan\n", "in every row"),
])
def test_without_missing_values_or_with_too_many_it_is_refused(missing: str, words: str) -> None:
    lines = [line for line in HEAD.splitlines(keepends=True) if not line.startswith("x[3, 1]")]
    lines.insert(5, missing)
    _, recipe = captured("".join(lines) + FITS["split"])
    with pytest.raises(NotSupported, match=words):
        DropMissing().apply(recipe)


def test_no_output_is_judged_by_a_row_that_holds_nan() -> None:
    _, recipe = captured(HEAD + FITS["pair"])
    goal = make_goal(recipe)
    assert np.isfinite(goal.inputs).all()
    assert np.isfinite(goal.task.targets).all()
    assert goal.rows == 40
    assert goal.judged_rows == 37 + 19
    assert goal.baseline is not None
