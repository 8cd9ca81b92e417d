"""Inputs scaled in models written as classes: the layer stands at the top of `call`."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from checks.helpers import findings, observed
from interventions.sameness import captured
from unstuck.base.errors import NotSupported
from unstuck.interventions import edits_for
from unstuck.interventions.add_dropout import AddDropout
from unstuck.interventions.scale_inputs import ScaleInputs
from unstuck.network.recipe import Recipe

TABLE = """\
import numpy as np
import keras
from keras import layers

rng = np.random.default_rng(0)
x = rng.uniform(0, 1000, (40, 3)) * [1, 10, 0.1]
y = (x[:, :1] > 500).astype("float32")


class Net(keras.Model):
    def __init__(self, units=4):
        super().__init__()
        self.hidden = layers.Dense(units, activation="tanh")
        self.out = layers.Dense(1, activation="sigmoid")

    def call(self, inputs):
        return self.out(self.hidden(inputs))


model = Net()
model.compile(loss="binary_crossentropy")
model.fit(x, y, epochs=2, verbose=0)
"""
PIXELS = """\
import numpy as np
from tensorflow import keras

images = np.random.default_rng(0).integers(0, 256, (20, 6, 6, 1))
labels = np.arange(20) % 2


class Classifier(keras.Model):
    \"\"\"Small.\"\"\"

    def __init__(self):
        super(Classifier, self).__init__()
        self.flat = keras.layers.Flatten()
        self.out = keras.layers.Dense(2)

    def call(self, x, training=None):
        \"\"\"Logits.\"\"\"
        if training:
            x = keras.ops.cast(x, "float32")
        return self.out(self.flat(x))

    def get_config(self):
        return {}


model = Classifier()
model.compile(loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
model.fit(images, labels, verbose=0)
"""


def outputs(recipe: Recipe) -> np.ndarray:
    """The answers for the first rows, for fixed weights."""
    model = recipe.build().model
    rng = np.random.default_rng(7)
    for variable in model.trainable_variables:
        variable.assign(rng.normal(size=variable.shape))
    return np.asarray(model(recipe.train.x[:8], training=False))


@pytest.mark.parametrize(("text", "kept", "read"), [
    (TABLE, "self.input_scaling = layers.Rescaling(", "inputs = self.input_scaling(inputs)\n"),
    (PIXELS, "self.input_scaling = keras.layers.Rescaling(scale=1 / 255)",
     "x = self.input_scaling(x)\n        if training:"),
])
def test_what_is_written_is_what_was_tried(text: str, kept: str, read: str) -> None:
    script, recipe = captured(text)
    changed = ScaleInputs().apply(recipe)
    edits = edits_for((ScaleInputs(),), script, recipe)
    assert edits is not None
    edited = script.apply(edits)
    assert kept in edited.text
    assert read in edited.text
    _, by_source = captured(edited.text)
    assert outputs(by_source) == pytest.approx(outputs(changed), abs=1e-4)
    assert outputs(recipe) != pytest.approx(outputs(changed), abs=1e-2)
    assert changed.parameters == recipe.parameters


def test_the_check_sees_it_and_the_recipes_are_not_taken_for_one() -> None:
    _, recipe = captured(TABLE)
    changed = ScaleInputs().apply(recipe)
    assert changed.signature != recipe.signature
    assert findings("unscaled-inputs", observed(recipe))
    assert not findings("unscaled-inputs", observed(changed))


def test_an_argument_by_name_is_scaled_too() -> None:
    _, recipe = captured(TABLE)
    model = ScaleInputs().apply(recipe).build().model
    x = recipe.train.x[:4]
    assert keras.ops.convert_to_numpy(model(inputs=x)) == pytest.approx(
        keras.ops.convert_to_numpy(model(x)))


@pytest.mark.parametrize(("old", "new"), [
    ("        super().__init__()\n", "        self.input_scaling = None; super().__init__()\n"),
    ("        super().__init__()\n", "        super().__init__(); self.units = units\n"),
    ("    def call(self, inputs):\n        return", "    def call(self, inputs): return"),
    ("class Net(", "class Net:\n    pass\n\n\nclass Net("),
    ("model.fit(", "print(model.layers[0])\nmodel.fit("),
])
def test_classes_written_otherwise_are_left_alone(old: str, new: str) -> None:
    script, recipe = captured(TABLE.replace(old, new))
    ScaleInputs().apply(recipe).build()
    assert edits_for((ScaleInputs(),), script, recipe) is None


def test_an_embedding_may_read_the_inputs() -> None:
    embedded = TABLE.replace("layers.Dense(units, activation=\"tanh\")", "layers.Embedding(99999, 4)")
    _, recipe = captured(embedded.replace("self.hidden(inputs)", "self.hidden(inputs)[:, 0]"))
    with pytest.raises(NotSupported, match="Embedding 'embedding'"):
        ScaleInputs().apply(recipe)


def test_other_layers_are_still_not_put_in() -> None:
    _, recipe = captured(TABLE)
    with pytest.raises(NotSupported, match=r"subclassed|functional or Sequential"):
        AddDropout(rate=0.5).apply(recipe).build()
