"""Targets that are scaled in the data under SGD: what is written, and when nothing is."""

from __future__ import annotations

import numpy as np
import pytest

from interventions.sameness import captured, comparable
from unstuck.diagnosis.units import in_units_of
from unstuck.interventions import edits_for
from unstuck.interventions.scale_data import ScaleData
from unstuck.interventions.scale_targets import ScaleTargets

SOURCE = """\
import keras
import numpy as np

rng = np.random.default_rng(1)
x = rng.normal(size=(60, 2))
y = {targets}
x_val, y_val = x[:9], y[:9]
model = keras.Sequential([keras.Input((2,)), keras.layers.Dense({units})])
model.compile(optimizer="sgd", loss="mse")
model.fit({given}, epochs=2)
"""
PRICES = "20000 + 5000 * x[:, 0]"


def source(later: str = "", *, targets: str = PRICES, units: int = 1, given: str = "x, y") -> str:
    return SOURCE.format(targets=targets, units=units, given=given) + later


def written(text: str) -> str | None:
    """The script with scaled targets, which is found to be what was tried."""
    script, recipe = captured(text)
    edits = edits_for((ScaleTargets(),), script, recipe)
    if edits is None:
        return None
    edited = script.apply(edits).text
    after, changed = captured(edited)[1], ScaleTargets().apply(recipe)
    assert comparable(after) == comparable(changed)
    known = in_units_of(recipe, after)
    np.testing.assert_allclose(known.y, recipe.y, rtol=1e-4)
    np.testing.assert_allclose(known.train.y, changed.train.y, atol=1e-4)
    return edited


def test_targets_are_scaled_on_lines_before_fit() -> None:
    text = written(source())
    assert text is not None
    assert text.endswith("""\
# in the old units: model.predict(x) * y_std + y_mean
y_mean, y_std = y.mean(), y.std()
y = (y - y_mean) / y_std
model.fit(x, y, epochs=2)
""")
    assert "# targets had mean " in text and "loss_weights" not in text


def test_those_held_back_are_scaled_alike_and_columns_each() -> None:
    text = written(source(targets="x * [1, 5000] + 7", units=2,
                          given="x, y, validation_data=(x_val, y_val)"))
    assert text is not None
    assert """\
y_mean, y_std = y.mean(axis=0), y.std(axis=0)
y = (y - y_mean) / y_std
y_val = (y_val - y_mean) / y_std
model.fit(""" in text


def test_a_network_that_is_asked_later_puts_out_the_old_units() -> None:
    text = written(source("print(np.abs(model.predict(x) - y.reshape(-1, 1)).mean())\n"))
    assert text is not None
    assert """\
y_mean, y_std = y.mean(), y.std()
model.fit(x, (y - y_mean) / y_std, epochs=2)
# what the network puts out is in the old units again
model = keras.Sequential([model, keras.layers.Rescaling(scale=y_std, offset=y_mean)])
print(""" in text
    namespace: dict[str, object] = {}
    exec(text, namespace)
    predicted = namespace["model"].predict(namespace["x"], verbose=0)  # type: ignore[attr-defined]
    assert 15000 < predicted.mean() < 25000


@pytest.mark.parametrize(("later", "given"), [
    pytest.param("model.evaluate(x, y)\n", "x, y", id="evaluated later"),
    pytest.param("plot(model)\n", "x, y", id="given away later"),
    pytest.param("print(model.get_weights())\n", "x, y", id="weights read later"),
    pytest.param("", "x, 1 * y", id="no name"),
    pytest.param("", "x, y, validation_data=(x_val, y[:9])", id="no name for those held back"),
])
def test_where_something_would_mean_something_else_nothing_is_written(later: str, given: str) -> None:
    script, recipe = captured(source("def plot(model): pass\n" + later, given=given))
    assert edits_for((ScaleTargets(),), script, recipe) is None


def test_targets_that_are_the_inputs_too_keep_their_name() -> None:
    text = written(source(given="x, x", units=2))
    assert text is not None and "model.fit(x, (x - y_mean) / y_std, epochs=2)" in text


def test_data_that_were_divided_are_known_again() -> None:
    text = source(targets="np.abs(x)", units=2, given="y, y").replace("np.abs(x)", "np.abs(x) * 1e4")
    script, recipe = captured(text)
    change = ScaleData.of(recipe)
    edits = edits_for((change,), script, recipe)
    assert edits is not None
    after = captured(script.apply(edits).text)[1]
    known = in_units_of(recipe, after)
    assert known.data_units is not None and known.target_units is None
    assert known.data_units.spread == pytest.approx(change.by, rel=1e-4)
    assert known.data_units.mean == pytest.approx(0, abs=1e-3)
    np.testing.assert_allclose(known.x, recipe.x, rtol=1e-4)
    assert in_units_of(recipe, recipe) is recipe
