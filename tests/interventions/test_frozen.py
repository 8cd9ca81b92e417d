"""Layers frozen by a statement: the one that froze them is turned round, or nothing is written."""

from __future__ import annotations

import pytest

from interventions.sameness import captured, comparable
from unstuck.interventions import edits_for
from unstuck.interventions.unfreeze import Unfreeze

SCRIPT = """\
import numpy as np
import keras
from keras import layers

x = np.ones((8, 2), dtype="float32")
body = layers.Dense(4, activation="relu")
middle = layers.Dense(4, activation="relu")
model = keras.Sequential([keras.Input((2,)), body, middle, layers.Dense(1)])
{freeze}
model.compile("adam", "mse")
model.fit(x, x[:, :1], epochs=2)
"""


@pytest.mark.parametrize("freeze", [
    "body.trainable = False",
    "for layer in (body, middle):\n    layer.trainable=False",
])
def test_the_statement_is_turned_round(freeze: str) -> None:
    script, recipe = captured(SCRIPT.format(freeze=freeze))
    edits = edits_for((Unfreeze(),), script, recipe)
    assert edits is not None
    _, after = captured(script.apply(edits).text)
    assert comparable(after) == comparable(Unfreeze().apply(recipe))


NESTED = """\
import numpy as np
import keras
from keras import layers

x = np.ones((8, 2), dtype="float32")
{body}
model = keras.Sequential([keras.Input((2,)), body, layers.Dense(1)])
{freeze}
model.compile("adam", "mse")
model.fit(x, x[:, :1], epochs=2)
"""
SEQUENTIAL = """\
body = keras.Sequential([keras.Input((2,)), layers.Dense(4), layers.Dense(3)], name="body")"""
FUNCTIONAL = """\
entry = keras.Input((2,))
body = keras.Model(entry, layers.Dense(3)(layers.Dense(4)(entry)), name="body")"""


@pytest.mark.parametrize("body", [SEQUENTIAL, FUNCTIONAL], ids=["sequential", "functional"])
@pytest.mark.parametrize(("freeze", "trained"), [
    ("body.trainable = False", 2),
    ("for layer in body.layers[:-1]:\n    layer.trainable = False", 4),
])
def test_a_nested_model_is_frozen_as_it_was_and_thawed_with_all_within(
    body: str, freeze: str, trained: int
) -> None:
    script, recipe = captured(NESTED.format(body=body, freeze=freeze))
    assert len(recipe.build().model.trainable_variables) == trained
    thawed = Unfreeze(layer="body")
    assert len(thawed.apply(recipe).build().model.trainable_variables) == 6
    edits = edits_for((thawed,), script, recipe)
    assert edits is not None
    _, after = captured(script.apply(edits).text)
    assert len(after.build().model.trainable_variables) == 6
    assert comparable(after) == comparable(thawed.apply(recipe))


@pytest.mark.parametrize(("freeze", "layer"), [
    ("body.trainable = False\nmiddle.trainable = False", None),
    ("for layer in (body, middle):\n    layer.trainable = False", "dense"),
])
def test_nothing_is_written_where_it_would_thaw_more_or_less(
    freeze: str, layer: str | None
) -> None:
    script, recipe = captured(SCRIPT.format(freeze=freeze))
    assert edits_for((Unfreeze(layer=layer),), script, recipe) is None
