"""Layers that draw without a seed, as Keras on TensorFlow lets them."""

from __future__ import annotations

import numpy as np
import pytest

from recipes import Watched
from unstuck.capture import capture_script
from unstuck.population.keras_engine.engine import KerasEngine

SAMPLED = """
import keras
import numpy as np
from keras import layers

class Noise(layers.Layer):
    def call(self, inputs):
        return inputs + keras.random.normal(shape=keras.ops.shape(inputs))

class Whole(keras.Model):
    def __init__(self):
        super().__init__()
        self.first, self.noise, self.last = layers.Dense(2), Noise(), layers.Dense(4)

    def call(self, x):
        return self.last(self.noise(self.first(x)))

inputs = keras.Input((4,))
model = MODEL
model.compile(keras.optimizers.SGD(0.0), "mse")
x = np.ones((8, 4), "float32")
model.fit(x, x, epochs=3, batch_size=8, shuffle=False, verbose=0)
"""
MODELS = {
    "a graph": "keras.Model(inputs, layers.Dense(4)(Noise()(layers.Dense(2)(inputs))))",
    "a class": "Whole()",
}


@pytest.mark.parametrize("name", MODELS)
def test_it_draws_other_numbers_in_every_step_and_replica(write, name):
    recipe = capture_script(write(SAMPLED.replace("MODEL", MODELS[name]))).recipe
    source = recipe.architecture.source
    start = {v.path: np.full((3, *v.shape), 0.1, "float32") for v in source.trainable_variables}
    population = KerasEngine(strategy="vmap").train(
        recipe, [1, 2, 3], Watched(recipe.x), probes=False, start=start)
    assert len(set(population.loss.flat)) == 9  # the weights never move
