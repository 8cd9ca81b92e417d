"""Lengths computed with tensors, layers without a configuration, what Keras needs TensorFlow for."""

from __future__ import annotations

import importlib.util

import jax
import keras
import numpy as np
import pytest
from keras import layers

from recipes import Watched
from unstuck.base.errors import NotSupported
from unstuck.capture import capture_model, capture_script
from unstuck.capture.tensorflow import lengths
from unstuck.network.architecture import Architecture
from unstuck.network.rebuilding import rebuilt
from unstuck.population.keras_engine.engine import KerasEngine

HEAD = """
import os
os.environ["KERAS_BACKEND"] = "tensorflow"
import numpy as np
import keras
from keras import layers, ops
x = np.random.RandomState(0).rand(8, 4, 2).astype("float32")
"""


@pytest.mark.parametrize("body", [
    "return ops.tile(ops.ones((1, 4, 2)), ops.concatenate("
    "[ops.expand_dims(ops.shape(x)[0], -1), ops.convert_to_tensor([1, 1])], 0)) + x",
    "return ops.reshape(ops.reshape(x, ops.stack([ops.shape(x)[0], 8])), (-1, 4, 2))",
    "return ops.ones((ops.cast(ops.shape(x)[0], 'int64'), 1, 1)) * x",
    "return ops.zeros([ops.shape(x)[0], 4, 2]) + x",
    "return ops.pad(x, [[0, 0], [0, 0], [1, 1]], mode='REFLECT')[..., 1:-1]",
])
def test_a_layer_whose_lengths_are_tensors_is_taken(write, body):
    found = capture_script(write(HEAD + f"""
class Own(layers.Layer):
    def call(self, x):
        {body}

rows = keras.Input((4, 2))
model = keras.Model(rows, layers.Dense(1)(layers.Flatten()(Own()(rows))))
model.compile("sgd", "mse")
model.fit(x, x[:, 0, :1])
"""))
    assert found.parameters == 9


def test_numbers_that_are_known_stay_known_inside_of_a_computation():
    seen = []

    def traced(x):
        seen.append(np.asarray(lengths.of_keras()["expand_dims"](3, -1)).tolist())
        return x

    jax.jit(traced)(np.zeros(2))
    assert seen == [[3]]


class Scaled(keras.Model):
    """Neither it nor Keras tells what it was made with: an array, in a model inside of a model."""

    def __init__(self, width, scale):
        super().__init__()
        self.dense, self.scale = layers.Dense(width), scale

    def call(self, x):
        return self.dense(x) * self.scale


@pytest.mark.parametrize("config", ["", """
    def get_config(self):
        super().get_config().update(width=2)  # and returns nothing
""", """
    def get_config(self):
        return {"width": 2}  # and leaves out scale
"""])
def test_a_model_inside_a_model_is_made_again_from_its_arguments(write, config):
    found = capture_script(write("""
import numpy as np
import keras

class Scaled(keras.Model):
    def __init__(self, width, scale):
        super().__init__()
        self.dense, self.scale = keras.layers.Dense(width), scale
""" + config + """

    def call(self, x):
        return self.dense(x) * self.scale

rows = keras.Input((3,))
model = keras.Model(rows, Scaled(2, np.array([1.0, 2.0], "float32"))(rows))
model.compile("sgd", "mse")
model.fit(np.ones((8, 3), "float32"), np.ones((8, 2), "float32"))
"""))
    source = found.recipe.architecture.source
    again = rebuilt(Architecture(source=source)).model
    mine, other = source.layers[-1], again.layers[-1]
    assert other is not mine and other.name == mine.name
    np.testing.assert_array_equal(other.scale, [1.0, 2.0])
    assert [v.shape for v in again.variables] == [(3, 2), (2,)]


def test_one_whose_arguments_nobody_noted_is_refused():
    rows = keras.Input((3,))
    model = keras.Model(rows, Scaled(2, np.ones(2, "float32"))(rows))
    model.compile("sgd", "mse")
    with pytest.raises(NotSupported, match=r"\(Scaled\) cannot be made again: its class has no"):
        capture_model(model, np.ones((8, 3)), np.ones((8, 2)))


def test_what_keras_needs_tensorflow_for_is_told_in_a_sentence(write, capsys):
    if importlib.util.find_spec("tensorflow"):
        pytest.skip("TensorFlow is installed")
    with pytest.raises(NotSupported, match=r"train.py, line 3: Here Keras needs TensorFlow itself"):
        capture_script(write("""
import keras
keras.layers.Hashing(num_bins=3)
"""))
    assert "Traceback" not in capsys.readouterr().err


def test_a_mask_that_is_as_long_as_the_batch_and_metrics_that_keras_2_logged(write):
    """The causal mask of TensorFlow's Transformers: lengths put together by tf.concat."""
    recipe = capture_script(write("""
import numpy as np
import tensorflow as tf

class Decoder(tf.keras.layers.Layer):
    def __init__(self, **options):
        super().__init__(**options)
        self.attention = tf.keras.layers.MultiHeadAttention(num_heads=2, key_dim=4)

    def call(self, x):
        batch, length = tf.shape(x)[0], tf.shape(x)[1]
        mask = tf.reshape(tf.range(length)[:, None] >= tf.range(length), [1, length, length])
        ones = tf.constant([1, 1], dtype=tf.int32)
        mask = tf.tile(mask, tf.concat([tf.expand_dims(batch, -1), ones], 0))
        self.add_metric(tf.reduce_mean(x), name="mean", aggregation="mean")
        return self.attention(x, x, attention_mask=mask) * float(x.shape.rank)

class Model(tf.keras.Model):
    def __init__(self):
        super().__init__()
        self.decoder, self.last = Decoder(), tf.keras.layers.Dense(3)

    def call(self, x):
        return self.last(self.decoder(x))

model = Model()
model.compile("adam", "mse")
x = np.random.default_rng(0).normal(size=(8, 5, 3)).astype("float32")
model.fit(x, x, epochs=2, batch_size=4, verbose=0)
""")).recipe
    population = KerasEngine(strategy="vmap").train(recipe, [1, 2], Watched(recipe.x), probes=False)
    assert np.isfinite(population.final_loss).all()
    first = outputs_of(recipe, recipe.x)
    changed = recipe.x.copy()
    changed[:, 3:] += 1.0  # what comes later is not seen before
    np.testing.assert_allclose(outputs_of(recipe, changed)[:, :3], first[:, :3], rtol=1e-5)


def outputs_of(recipe, x):
    """What the script's own network puts out."""
    return np.asarray(recipe.architecture.source(x))
