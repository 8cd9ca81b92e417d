"""Rows that come in batches: what is written about the arrays that they are cut from."""

from __future__ import annotations

import numpy as np
import pytest

from interventions.sameness import captured, comparable
from unstuck.interventions import Changes, apply_all, edits_for
from unstuck.interventions.batch_size import BatchSize
from unstuck.interventions.fill_missing import FillMissing
from unstuck.interventions.scale_inputs import ScaleInputs
from unstuck.interventions.scale_targets import ScaleTargets
from unstuck.interventions.shuffle import Shuffle
from unstuck.interventions.target_shape import TargetShape

pytestmark = pytest.mark.filterwarnings("ignore:Do not pass an `input_shape`")

DATA = """\
import numpy as np
import tensorflow as tf

X = np.random.RandomState(0).normal(50, 8, (40, 3))
y = X[:, 0] * 100
X[::9, 1] = -999

"""
MODEL = """\
model = tf.keras.Sequential([
    tf.keras.layers.Dense(4, activation="relu", input_shape=(3,)),
    tf.keras.layers.Dense(1),
])
model.compile("sgd", "mse")
"""
SOURCES = {
    "reads": DATA + """\
def batches():
    while True:
        for i in range(0, 40, 4):
            yield X[i:i + 4], y[i:i + 4]

""" + MODEL + "model.fit(batches(), steps_per_epoch=10, epochs=2)\n",
    "is given": DATA + """\
def batches(x, t, n):
    while True:
        for i in range(0, len(x), n):
            yield x[i:i + n], t[i:i + n]

""" + MODEL + """\
model.fit(batches(X, y, 4), steps_per_epoch=len(X) // 4,
          epochs=2)
print(y.mean())
""",
    "tf.data": DATA + "ds = tf.data.Dataset.from_tensor_slices((X, y)).batch(4)\n" + MODEL
    + "model.fit(ds, epochs=2)\nprint(model.predict(X))\n",
}
FILL = FillMissing(mark=-999.0, columns=(1,))
CHANGES: dict[str, Changes] = {
    "batches": (BatchSize(value=8, was=4),),
    "rows": (FILL, ScaleInputs()),
    "targets": (ScaleTargets(),),
    "shape": (TargetShape(column=True),),
}


@pytest.mark.parametrize("changes", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("source", SOURCES)
def test_what_is_written_is_what_was_tried(source: str, changes: Changes) -> None:
    script, recipe = captured(SOURCES[source])
    assert recipe.named == {"x": "X", "y": "y"}
    edits = edits_for(changes, script, recipe)
    assert edits is not None
    edited = script.apply(edits).text
    _, again = captured(edited)
    assert comparable(again) == comparable(apply_all(changes, recipe)), edited


@pytest.mark.parametrize(("source", "written"), [
    ("reads", "model.fit(X, y, batch_size=4, epochs=2)"),
    ("is given", "model.fit(X, y, batch_size=4,"),
    ("tf.data", "from_tensor_slices((X, y)).shuffle(40).batch(4)"),
])
def test_rows_in_a_fixed_order_are_shuffled(source: str, written: str) -> None:
    script, recipe = captured(SOURCES[source])
    assert not recipe.shuffle
    edits = edits_for((Shuffle(),), script, recipe)
    assert edits is not None
    edited = script.apply(edits).text
    assert written in edited
    _, again = captured(edited)
    assert again.shuffle
    assert np.array_equal(np.sort(np.asarray(again.y)), np.sort(np.asarray(recipe.y)))


def test_rows_that_are_made_on_the_way_have_no_name() -> None:
    script, recipe = captured(SOURCES["reads"].replace("yield X[i:i + 4]", "yield X[i:i + 4] / 10"))
    assert not recipe.named
    assert edits_for((Shuffle(),), script, recipe) is None
    assert edits_for((ScaleTargets(),), script, recipe) is None
