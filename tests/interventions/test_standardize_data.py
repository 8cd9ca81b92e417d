"""Tables that are inputs and targets at once, columns brought to one scale in the data."""

from __future__ import annotations

import numpy as np
import pytest

from interventions.sameness import captured
from unstuck.base.errors import NotSupported
from unstuck.diagnosis.units import in_units_of
from unstuck.goal import make_goal
from unstuck.interventions import edits_for
from unstuck.interventions.scale_data import ScaleData
from unstuck.interventions.scale_targets import ScaleTargets
from unstuck.interventions.standardize_data import StandardizeData
from unstuck.search.candidates import singles


def source(later: str = "", *, data: str = "", fit: str = "data, data", columns: int = 12) -> str:
    return f"""\
import numpy as np
import keras

rng = np.random.default_rng(0)
data = (rng.normal(size=(80, {columns})) + 3) * np.logspace(0, 5, {columns})
test = data[:20] + 1
{data}
model = keras.Sequential([
    keras.Input(({columns},)),
    keras.layers.Dense(3, activation="relu"),
    keras.layers.Dense({columns}, activation="relu"),
])
model.compile(optimizer="adam", loss="mse")
model.fit({fit}, epochs=2)
{later}"""


def written(text: str) -> str | None:
    script, recipe = captured(text)
    edits = edits_for((StandardizeData(),), script, recipe)
    return None if edits is None else script.apply(edits).text


def test_it_is_written_as_people_write_it_and_known_again() -> None:
    text = source(fit="data, data, validation_data=(test, test)")
    after = written(text)
    assert after is not None
    assert """\
brought to mean 0, spread 1
# in the old units: model.predict(data) * data_std + data_mean
data_mean, data_std = data.mean(axis=0), data.std(axis=0)
data = (data - data_mean) / data_std
test = (test - data_mean) / data_std
model.fit(""" in after
    _, before = captured(text)
    changed = StandardizeData().apply(before)
    np.testing.assert_allclose(changed.train.x.mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(changed.train.y.std(0), 1, atol=1e-5)
    np.testing.assert_allclose(changed.unscaled(changed.train.y), before.y, rtol=1e-5)
    known = in_units_of(before, captured(after)[1])
    assert known.data_units is not None and known.target_units is None
    np.testing.assert_allclose(known.train.x, changed.train.x, atol=1e-4)
    np.testing.assert_allclose(known.validation.x, changed.validation.x, atol=1e-4)
    np.testing.assert_allclose(known.y, before.y, rtol=1e-4)


def test_a_column_that_is_constant_keeps_its_unit() -> None:
    text = source(data="data[:, 5] = 7.1")
    after = written(text)
    assert after is not None and "data_std[data.max(axis=0) == data.min(axis=0)] = 1" in after
    found = captured(after)[1]
    assert np.isfinite(found.x).all()
    known = in_units_of(captured(text)[1], found)
    assert known.data_units is not None
    assert np.asarray(known.data_units.spread)[5] == 1


@pytest.mark.parametrize(("later", "fit"), [
    pytest.param("model.predict(other)", "data, data", id="other data later"),
    pytest.param("", "data * 1, data * 1", id="no name"),
])
def test_where_something_would_mean_something_else_nothing_is_written(later: str, fit: str) -> None:
    assert written(source(f"other = test\n{later}\n", fit=fit)) is None


@pytest.mark.parametrize("data", [
    pytest.param("data = rng.integers(0, 256, (80, 12)).astype(float)", id="pixels"),
    pytest.param("data = (data - data.mean(0)) / data.std(0)", id="standardised already"),
    pytest.param("data = data.reshape(80, 3, 4)", id="no table"),
])
def test_what_shares_a_scale_or_is_no_table_is_left_alone(data: str) -> None:
    text = source(data=data)
    if "reshape" in data:
        text = text.replace("Input((12,)),", "Input((3, 4)),").replace("Dense(12", "Dense(4")
    with pytest.raises(NotSupported):
        StandardizeData().apply(captured(text)[1])


def test_only_the_same_rows_are_scaled_together() -> None:
    with pytest.raises(NotSupported, match="targets too"):
        StandardizeData().apply(captured(source(fit="data, data + 1"))[1])


def test_columns_of_sizes_of_their_own_are_not_divided_by_the_largest() -> None:
    _, recipe = captured(source())
    with pytest.raises(NotSupported):
        ScaleData.of(recipe)
    labels = [c.change.label for c in singles(recipe, make_goal(recipe), ())]
    assert "data standardised" in labels


def test_numbers_that_nobody_can_read_are_not_written() -> None:
    script, recipe = captured(source(fit="data, data + 1"))
    change = ScaleTargets()
    change.apply(recipe)
    assert edits_for((change,), script, recipe) is None
