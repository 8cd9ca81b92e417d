"""A Normalization is adapted to rows that have a name, wherever that can be done safely."""

from __future__ import annotations

import pytest

from interventions.sameness import captured, comparable
from unstuck.interventions import edits_for
from unstuck.interventions.adapt_normalization import AdaptNormalization
from unstuck.interventions.scale_inputs import ScaleInputs

HEAD = """\
import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(1)
x_train = rng.normal(size=(60, {columns})) * 30 + 5000
y_train = x_train[:, 0]
"""
PLAIN = HEAD + """\
model = keras.Sequential([
    keras.Input(({columns},)),
    layers.Dense(1),
])
model.compile(loss="mse")
model.fit(x_train, y_train, epochs=2, validation_split=0.2)
"""
IN_A_FUNCTION = HEAD + """\
def make(columns):
    network = keras.Sequential()
    network.add(layers.Input((columns,)))
    network.add(layers.Dense(1))
    return network

model = make({columns})
model.compile(loss="mse")
model.fit(x_train, y_train, epochs=2)
"""


def written(source: str, *, compared: bool = True) -> str | None:
    """The script with scaled inputs, which is found to be what was tried."""
    change = ScaleInputs()
    script, recipe = captured(source)
    edits = edits_for((change,), script, recipe)
    if edits is None:
        return None
    text = script.apply(edits).text
    assert not compared or comparable(captured(text)[1]) == comparable(change.apply(recipe))
    return text


@pytest.mark.parametrize("columns", [3, 20])
def test_the_layer_is_made_and_adapted_before_the_network(columns: int) -> None:
    text = written(PLAIN.format(columns=columns))
    assert text is not None
    assert """\
# inputs had means up to 5,0""" in text
    assert f"""\
normalization = layers.Normalization()
normalization.adapt(x_train)
model = keras.Sequential([
    keras.Input(({columns},)),
    normalization,
    layers.Dense(1),
""" in text


def test_in_a_function_the_layer_has_a_name_and_is_adapted_before_fit() -> None:
    text = written(IN_A_FUNCTION.format(columns=20))
    assert text is not None
    assert '    network.add(layers.Normalization(name="normalization"))\n' in text
    assert 'model.get_layer("normalization").adapt(x_train)\nmodel.fit(' in text


@pytest.mark.parametrize(("old", "new"), [
    pytest.param("model.compile", "x_train = x_train * 1.5\nmodel.compile", id="bound again"),
    pytest.param("model.compile", "x_train[:9] = 0\nmodel.compile", id="changed in place"),
    pytest.param("model.compile", "x_train -= 1\nmodel.compile", id="changed by an operator"),
    pytest.param("model.fit(", "for _ in range(1):\n    model.fit(", id="fit in a loop"),
    pytest.param("model = ", "if 1:\n  model = ", id="a network in a block"),
])
def test_rows_that_are_others_in_between_are_adapted_to_before_fit(old: str, new: str) -> None:
    source = PLAIN.format(columns=2).replace(old, new)
    if "fit in a loop" not in new and "for" in new:
        source += "    x_train = x_train + 1\n"
    text = written(source)
    assert text is not None
    assert 'model.get_layer("normalization").adapt(x_train)' in text


@pytest.mark.parametrize(("columns", "numbers"), [(3, True), (20, False)])
def test_rows_without_a_name_have_few_numbers_or_none(columns: int, numbers: bool) -> None:
    source = PLAIN.format(columns=columns).replace("fit(x_train,", "fit(1 * x_train,")
    text = written(source)
    assert (text is not None and "Normalization(\n" in text) is numbers
    again = source.replace("fit(1 *", "fit(2 *") + "model.fit(x_train, y_train)\n"
    assert (written(again) is not None) is numbers


def test_rows_with_an_axis_too_few_and_frames_become_arrays() -> None:
    source = PLAIN.format(columns=1)
    text = written(source.replace("y_train = x", "x_train = y_train = x_train[:, 0]  # "))
    assert text is not None and "normalization.adapt(x_train.reshape(-1, 1))" in text
    frame = source.replace(
        "y_train = ", "import pandas\nx_train = pandas.DataFrame(x_train)\ny_train = ")
    text = written(frame.replace("x_train[:, 0]", "np.arange(60)"))
    assert text is not None and "normalization.adapt(np.asarray(x_train))" in text


def test_a_column_that_is_constant_and_a_name_that_is_taken() -> None:
    source = PLAIN.format(columns=3).replace(
        "y_train = ", "normalization = 3\nx_train[:, 1] = 7\ny_train = ")
    text = written(source)
    assert text is not None and "normalization_.adapt(x_train)" in text


def test_columns_of_a_mean_far_above_their_spread_are_adapted_to() -> None:
    text = written(PLAIN.format(columns=3).replace("+ 5000", "+ 5e5"), compared=False)
    assert text is not None and "normalization.adapt(x_train)" in text
    source = PLAIN.format(columns=3).replace("+ 5000", "+ 5e6")
    # In float32 Keras would be off by a share of the spread.
    text = written(source.replace("5e6\n", "5e6\nx_train = x_train.astype('float32')\n"))
    assert text is not None and "mean=[500" in text


@pytest.mark.parametrize(("layer", "lines"), [
    ("layers.Normalization(axis=-1)", "normalization = layers.Normalization(axis=-1)\n"
     "normalization.adapt(x_train)\nmodel = "),
    ("norm", "norm = layers.Normalization()\n# normalization: without adapt() it leaves the rows as"
     " they are\nnorm.adapt(x_train)\n"),
])
def test_a_layer_that_is_there_is_adapted(layer: str, lines: str) -> None:
    source = PLAIN.format(columns=20).replace("    layers.Dense", f"    {layer},\n    layers.Dense")
    if layer == "norm":
        source = source.replace("model = ", "norm = layers.Normalization()\nmodel = ")
    _, recipe = captured(source)
    name = next(one.name for one in recipe.layers if one.kind == "Normalization")
    script, _ = captured(source)
    change = AdaptNormalization(layer=name)
    edits = edits_for((change,), script, recipe)
    assert edits is not None
    text = script.apply(edits).text
    assert lines in text
    assert comparable(captured(text)[1]) == comparable(change.apply(recipe))
