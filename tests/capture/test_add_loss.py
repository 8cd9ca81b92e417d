"""Models that `add_loss` trains, and layers that stand inside a nested model and outside of it."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers, ops

from recipes import Watched
from unstuck.base.errors import NotSupported
from unstuck.capture import capture_model, capture_script
from unstuck.population.keras_engine.engine import KerasEngine

ROWS = np.random.default_rng(0).random((24, 4)).astype("float32")


class Distance(layers.Layer):
    """Hands on the second of two tensors, and adds how far it is from the first."""

    def call(self, inputs):
        self.add_loss(ops.mean(ops.square(inputs[0] - inputs[1])))
        return inputs[1]


def shared():
    """An autoencoder whose encoder is a model too, of which a layer is used by itself besides."""
    inputs = keras.Input((4,))
    code = layers.Dense(3, activation="tanh", name="code")(inputs)
    encoder = keras.Model(inputs, code, name="encoder")
    output = layers.Dense(4)(layers.Concatenate()([encoder(inputs), code]))
    model = keras.Model(inputs, Distance()([inputs, output]))
    model.compile(keras.optimizers.SGD(0.1))
    return model


def test_replicas_train_on_what_is_added_and_share_what_is_shared():
    model = shared()
    captured = capture_model(model, ROWS, epochs=6, batch_size=8, shuffle=False)
    recipe = captured.recipe
    assert captured.parameters == model.count_params() == 3 * 5 + 4 * 7
    assert recipe.loss_config == ("none", {}) and recipe.y is not None
    assert "judged by how well it gives its input back" in captured.notes[-1]
    start = {v.path: np.stack([np.array(v.value)] * 2) for v in model.trainable_variables}
    history = model.fit(ROWS, epochs=6, batch_size=8, shuffle=False, verbose=0).history
    population = KerasEngine(strategy="vmap").train(
        recipe, [1, 2], Watched(ROWS), probes=False, start=start)
    np.testing.assert_allclose(population.loss[1], history["loss"], rtol=1e-5)


ADDED = """$DATA
from keras import backend as K
inputs = keras.Input((2,))
outputs = layers.Dense(2)(inputs)
model = keras.Model(inputs, outputs)
model.add_loss(K.mean(K.square(inputs - outputs)))
model.compile(optimizer="adam")
model.fit(x, epochs=3, validation_data=(x, None))
"""


def test_a_loss_made_of_the_models_tensors_is_added_within_it(write):
    recipe = capture_script(write(ADDED)).recipe
    assert [layer.kind for layer in recipe.layers][-1] == "AddedLoss"
    assert recipe.validation_data is not None and recipe.epochs == 3


def test_without_targets_or_any_loss_there_is_nothing_to_judge():
    model = keras.Sequential([keras.Input((4,)), layers.Dense(2)])
    model.compile("adam")
    with pytest.raises(NotSupported, match="compiled without a loss"):
        capture_model(model, ROWS)
    with pytest.raises(NotSupported, match="compiled without a loss"):
        capture_model(model, ROWS, ROWS[:, :2])


def test_targets_that_stand_among_the_inputs_are_what_is_judged_by():
    inputs, targets = keras.Input((4,), name="rows"), keras.Input((2,), name="wanted")
    output = Distance()([targets, layers.Dense(2)(inputs)])
    model = keras.Model({"rows": inputs, "wanted": targets}, output)
    model.compile("sgd")
    wanted = ROWS[:, :2]
    captured = capture_model(model, {"rows": ROWS, "wanted": wanted}, epochs=2)
    np.testing.assert_array_equal(captured.recipe.y, wanted)
    assert "judged by x['wanted']" in captured.notes[-1]
