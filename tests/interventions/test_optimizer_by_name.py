"""An optimizer that `compile` is given by a name that stands for a string."""

from __future__ import annotations

from interventions.sameness import captured, comparable
from unstuck.interventions import apply_all, edits_for
from unstuck.interventions.learning_rate import LearningRate

SCRIPT = """\
import numpy as np
import keras


def compiled(model, optimizer="adam"):
    model.compile(optimizer=optimizer, loss="mse")
    return model


x = np.eye(4, dtype="float32")
model = compiled(keras.Sequential([keras.Input((4,)), keras.layers.Dense(4)]))
model.fit(x, x, epochs=2)
"""


def test_it_is_written_where_it_is_given() -> None:
    script, recipe = captured(SCRIPT)
    change = LearningRate.of(recipe, 0.01)
    edits = edits_for((change,), script, recipe)
    assert edits is not None
    edited = script.apply(edits)
    assert "model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.01), loss" in edited.text
    assert comparable(captured(edited.text)[1]) == comparable(apply_all((change,), recipe))
