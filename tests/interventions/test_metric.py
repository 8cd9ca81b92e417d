"""A metric that can say whether the network learns, in the script's own spelling."""

from __future__ import annotations

import pytest

from interventions.sameness import captured, comparable
from unstuck.base.errors import NotSupported
from unstuck.interventions import Intervention, apply_all, edits_for
from unstuck.interventions.metric import Metric
from unstuck.interventions.output_and_loss import OutputAndLoss

XOR = """\
import numpy as np
import keras
from keras import layers
from keras.losses import BinaryCrossentropy

x = np.array([[-1, -1], [-1, 1], [1, -1], [1, 1]], "float32")
y = {targets}
model = keras.Sequential([
    keras.Input((2,)), layers.Dense(4, activation="tanh"), layers.Dense(1, activation="{output}")])
model.compile({compile})
model.fit(x, y, epochs=50, verbose=0{fit})
"""
SIGNS = "x[:, 0] * x[:, 1]"
BITS = "(x[:, 0] * x[:, 1] < 0).astype(int)"
LOGITS = "loss=BinaryCrossentropy(from_logits=True), "


def script(targets: str, output: str, given: str, fit: str = "") -> str:
    return XOR.format(targets=targets, output=output, compile=given, fit=fit)


def written(text: str, *changes: Intervention) -> str:
    """The script with these changes; its recipe is what they make of the original one."""
    source, recipe = captured(text)
    edits = edits_for(changes, source, recipe)
    assert edits is not None
    edited = source.apply(edits).text
    assert comparable(captured(edited)[1]) == comparable(apply_all(changes, recipe))
    return edited


@pytest.mark.parametrize(("given", "edited"), [
    ('loss="mse", metrics=["accuracy"]', 'loss="mse", metrics=["mae"]'),
    ("loss='mse', metrics=['acc', 'mse']", "loss='mse', metrics=[\"mae\", 'mse']"),
    ('"adam", "mse", None, ["é".replace("é", "mse"), "accuracy"]',
     '"adam", "mse", None, ["é".replace("é", "mse"), "mae"]'),
    ('loss="mse", metrics={"dense_1": "accuracy"}', 'loss="mse", metrics={"dense_1": "mae"}'),
])
def test_the_mean_absolute_error_in_the_place_of_accuracy(given: str, edited: str) -> None:
    text = script(SIGNS, "tanh", given).replace(
        '"tanh")])', '"tanh", name="dense_1")])')
    assert edited in written(text, Metric())


def test_accuracy_of_logits_has_its_border_at_0() -> None:
    text = script(BITS, "linear", LOGITS + 'metrics=["accuracy"]')
    assert "metrics=[keras.metrics.BinaryAccuracy(threshold=0.0)])" in written(
        text, Metric(threshold=0.0))


def test_where_the_repair_makes_probabilities_the_border_stays() -> None:
    _, recipe = captured(script(BITS, "linear", LOGITS + 'metrics=["accuracy"]'))
    sigmoid = OutputAndLoss.of(recipe, "sigmoid", "binary_crossentropy").apply(recipe)
    with pytest.raises(NotSupported, match="no logits"):
        Metric(threshold=0.0).apply(sigmoid)


@pytest.mark.parametrize(("given", "fit"), [
    ('loss="mse"', ""),
    ('loss="mse", metrics=["accuracy"]',
     ', callbacks=[keras.callbacks.EarlyStopping("accuracy", patience=3)]'),
])
def test_nothing_is_changed_where_there_is_none_or_somebody_waits_for_it(
    given: str, fit: str
) -> None:
    _, recipe = captured(script(SIGNS, "tanh", given, fit))
    with pytest.raises(NotSupported):
        Metric().apply(recipe)


@pytest.mark.parametrize("given", [
    'loss="mse", metrics=WATCHED', 'loss="mse", metrics=[keras.metrics.Accuracy()]'])
def test_what_does_not_stand_there_as_a_word_is_left_alone(given: str) -> None:
    text = script(SIGNS, "tanh", given).replace("y = ", "WATCHED = ['accuracy']\ny = ", 1)
    source, recipe = captured(text)
    assert edits_for((Metric(),), source, recipe) is None
