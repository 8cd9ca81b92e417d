"""A number that marks missing values, filled in a training and written so."""

from __future__ import annotations

import numpy as np
import pytest

from interventions.sameness import captured, comparable
from unstuck.base.errors import NotSupported
from unstuck.diagnosis.units import in_units_of
from unstuck.goal import make_goal
from unstuck.interventions import Intervention, apply_all, edits_for
from unstuck.interventions.fill_missing import FillMissing, missing_marks
from unstuck.interventions.scale_inputs import ScaleInputs

pytestmark = pytest.mark.filterwarnings("ignore:Do not pass an `input_shape`")

DATA = """\
import numpy as np
import keras

rng = np.random.default_rng(0)
x, late, new = (rng.normal(5, 2, size=(n, 3)) for n in (40, 20, 6))
y, held = x[:, 0] * 1.0, late[:, 0] * 1.0
x[::9, 1], x[::7, 0], late[2:5, 1] = -999, -999, -999
"""
MODELS = {
    "list": ("model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4),"
             " keras.layers.Dense(1)])\n"),
    "by columns": "model = keras.Sequential([keras.Input(shape=x.shape[1:]), keras.layers.Dense(1)])\n",
    "old": "model = keras.Sequential([keras.layers.Dense(4, input_dim=3), keras.layers.Dense(1)])\n",
    "function": ("def make():\n    inputs = keras.Input((3,))\n"
                 "    return keras.Model(inputs, keras.layers.Dense(1)(inputs))\n\nmodel = make()\n"),
}
FITS = {
    "split": "model.fit(x, y, validation_split=0.2, epochs=2)\n",
    "pair": "model.fit(x, y, epochs=2, validation_data=(late, held))\nprint(model.predict(new))\n",
}
COMPILE = 'model.compile("adam", "mse")\n'
PLAIN, TOLD = (FillMissing(mark=-999.0, columns=(0, 1), told=told) for told in (False, True))


@pytest.mark.parametrize("changes", [(PLAIN,), (TOLD,), (PLAIN, ScaleInputs()), (TOLD, ScaleInputs())],
                         ids=["median", "told", "scaled", "told and scaled"])
@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize("model", MODELS)
def test_what_is_written_is_what_was_tried(
    model: str, fit: str, changes: tuple[Intervention, ...]
) -> None:
    script, recipe = captured(DATA + MODELS[model] + COMPILE + FITS[fit])
    tried = apply_all(changes, recipe)
    assert tried.train.x.shape[1] == (5 if TOLD in changes else 3)
    assert tried.train.x.min() > -20
    assert tried.validation is not None
    assert tried.validation.x.min() > -20
    edits = edits_for(changes, script, recipe)
    if model == "old" and changes == (TOLD, ScaleInputs()):
        assert edits is None  # both would write the argument of the first layer
        return
    assert edits is not None
    edited = script.apply(edits).text
    assert "-999 marks a missing value" in edited
    _, again = captured(edited)
    assert comparable(again) == comparable(tried), edited
    if ScaleInputs() in changes:
        assert ".adapt(x)" in edited
        assert "mean=[" not in edited


def test_the_medians_are_those_of_the_rows_of_fit_whatever_else_is_filled() -> None:
    script, recipe = captured(DATA + MODELS["list"] + COMPILE + FITS["pair"])
    edits = edits_for((PLAIN,), script, recipe)
    assert edits is not None
    lines = script.apply(edits).text
    assert "\nlate = np.where(late == -999, medians, late)\n" in lines
    assert "\nnew = np.where(new == -999, medians, new)\n" in lines
    x = np.asarray(recipe.x)
    there = PLAIN.apply(recipe).scaled(x)[x[:, 1] == -999, 1]
    assert there == pytest.approx(np.median(x[x[:, 1] != -999, 1]))


def test_a_number_that_is_a_value_in_other_columns_stays_there() -> None:
    text = (DATA + MODELS["list"] + COMPILE + FITS["split"]).replace(
        "x[::9, 1]", "x[:, 2] = np.where(x[:, 0] > 5, -999, 900)\nx[::9, 1]")
    script, recipe = captured(text)
    assert missing_marks(np.asarray(recipe.x)) == {-999.0: (0, 1)}
    tried = PLAIN.apply(recipe)
    assert (tried.train.x[:, 2] == -999).any()
    edits = edits_for((PLAIN,), script, recipe)
    assert edits is not None
    assert comparable(captured(script.apply(edits).text)[1]) == comparable(tried)


@pytest.mark.parametrize("fit", [
    "model.fit(x[:30], y[:30], epochs=2)\n",
    "def train():\n    model.fit(x, y, epochs=2)\ntrain()\n",
    "model.fit(x, y, epochs=2, validation_data=(late[:9], held[:9]))\n",
    "model.fit(x, y)\nfor part in (late, new):\n    print(model.predict(part))\n",
])
def test_where_not_all_rows_have_a_name_it_is_tried_and_not_written(fit: str) -> None:
    script, recipe = captured(DATA + MODELS["list"] + COMPILE + fit)
    assert PLAIN.apply(recipe).train.x.min() > -20
    assert edits_for((PLAIN,), script, recipe) is None


@pytest.mark.parametrize(("old", "new", "words"), [
    ("fit(x, y", "fit(x, x", "too"),
    ("-999", "1", "is -999"),
    ("x[::9, 1]", "x[:, 1]", "all of a column"),
])
def test_where_nothing_can_be_filled_it_is_refused(old: str, new: str, words: str) -> None:
    text = DATA + MODELS["list"] + COMPILE + "model.fit(x, y, epochs=2)\n"
    if old.startswith("fit"):
        text = text.replace("Dense(1)", "Dense(3)")
    with pytest.raises(NotSupported, match=words):
        PLAIN.apply(captured(text.replace(old, new))[1])


@pytest.mark.parametrize("change", [PLAIN, TOLD], ids=["median", "told"])
def test_a_rewritten_script_is_judged_on_the_rows_of_the_first(change: FillMissing) -> None:
    script, recipe = captured(DATA + MODELS["list"] + COMPILE + FITS["split"])
    edits = edits_for((change,), script, recipe)
    assert edits is not None
    _, again = captured(script.apply(edits).text)
    known = in_units_of(recipe, again)
    assert known.x is recipe.x
    assert known.filled == change.apply(recipe).filled
    assert known.scaled(make_goal(recipe).inputs).min() > -20
