"""Classes with TensorFlow's `train_step(self, data)`, and a `compile` of their own, or no `call`."""

from __future__ import annotations

import numpy as np

from recipes import Watched
from unstuck.capture import capture_script
from unstuck.population.keras_engine.engine import KerasEngine

HEAD = """
import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers
rng = np.random.default_rng(0)
x = rng.normal(size=(40, 3)).astype("float32")
y = (x[:, :1] - x[:, 1:2]).astype("float32")
"""
STEP = """
class Own(keras.Model):
    def train_step(self, data):
        rows, targets = data
        with tf.GradientTape() as tape:
            out = self(rows, training=True)
            loss = $LOSS
        grads = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(grads, self.trainable_variables))
        return {"loss": loss}

inputs = keras.Input((3,))
model = Own(inputs, layers.Dense(1)(layers.Dense(4, activation="tanh")(inputs)))
model.compile(optimizer=keras.optimizers.SGD(0.01), loss="mse")
model.fit(x, y, batch_size=10, epochs=3, shuffle=False, verbose=0)
"""


def test_a_step_that_does_what_fit_does_is_a_network_like_any_other(write):
    source = HEAD + STEP.replace("$LOSS", "self.compute_loss(y=targets, y_pred=out)")
    captured = capture_script(write(source))
    assert type(captured.recipe.architecture.source).__name__ == "Functional"
    assert any("Own's train_step does what fit does" in note for note in captured.notes)


def test_a_step_as_keras_2_had_it(write):
    source = HEAD + STEP.replace(
        "$LOSS", "self.compiled_loss(targets, out, regularization_losses=self.losses)").replace("""
        grads = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(grads, self.trainable_variables))
        return {"loss": loss}""", """
        self.optimizer.minimize(loss, self.trainable_variables, tape=tape)
        self.compiled_metrics.update_state(targets, out)
        return {m.name: m.result() for m in self.metrics}""").replace(
        'loss="mse")', 'loss="mse", metrics=["mae"])')
    captured = capture_script(write(source))
    assert any("Own's train_step does what fit does" in note for note in captured.notes)


def test_a_step_that_does_something_else_is_trained_as_it_stands(write):
    source = HEAD + STEP.replace("$LOSS", "tf.reduce_mean((targets - 3 * out) ** 2)")
    recipe = capture_script(write(source)).recipe
    assert type(recipe.architecture.source).__name__ == "Own"
    source_model = recipe.architecture.source
    start = {v.path: np.array(v.value)[None] for v in source_model.trainable_variables}
    population = KerasEngine(strategy="vmap").train(
        recipe, [1], Watched(recipe.x), probes=False, start=start, keep_weights=True)
    kernel, bias, kernel2, bias2 = (start[v.path][0] for v in source_model.trainable_variables)
    for _ in range(3):
        for at in range(0, 40, 10):
            rows, targets = recipe.x[at:at + 10], recipe.y[at:at + 10]
            hidden = np.tanh(rows @ kernel + bias)
            error = 2 * 3 * (3 * (hidden @ kernel2 + bias2) - targets) / 10
            back = (error @ kernel2.T) * (1 - hidden**2)
            kernel2, bias2 = kernel2 - 0.01 * hidden.T @ error, bias2 - 0.01 * error.sum(0)
            kernel, bias = kernel - 0.01 * rows.T @ back, bias - 0.01 * back.sum(0)
    for variable, value in zip(source_model.trainable_variables, (kernel, bias, kernel2, bias2),
                               strict=True):
        np.testing.assert_allclose(population.weights[variable.path][0], value, rtol=1e-3, atol=1e-5)


VARIATIONAL = HEAD + """
class Pair(keras.Model):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder
        self.tracker = keras.metrics.Mean(name="total_loss")

    @property
    def metrics(self):
        return [self.tracker]

    def compile(self, rate_of, weight):
        super().compile()
        self.weight, self.optimizer = weight, rate_of

    def train_step(self, rows):
        with tf.GradientTape() as tape:
            mean, log_var = tf.split(self.encoder(rows), 2, axis=1)
            code = mean + tf.exp(0.5 * log_var) * tf.random.normal(tf.shape(mean))
            back = self.decoder(code)
            kl = -0.5 * tf.reduce_mean(1 + log_var - mean ** 2 - tf.exp(log_var))
            total = tf.reduce_mean((rows - back) ** 2) + self.weight * kl
        variables = self.trainable_weights
        self.optimizer.apply_gradients(zip(tape.gradient(total, variables), variables))
        self.tracker.update_state(total)
        return {"total_loss": self.tracker.result()}

pair = Pair(keras.Sequential([keras.Input((3,)), layers.Dense(4)]),
            keras.Sequential([keras.Input((2,)), layers.Dense(3)]))
pair.compile(keras.optimizers.Adam(0.05), weight=0.001)
pair.fit(x, batch_size=20, epochs=30, verbose=0)
"""


def test_a_class_without_call_is_judged_by_what_its_step_compares_with_the_rows(write):
    captured = capture_script(write(VARIATIONAL))
    recipe = captured.recipe
    assert recipe.rows_alone and recipe.loss is None and recipe.optimizer.learning_rate == 0.05
    assert np.array_equal(recipe.x, recipe.y)
    population = KerasEngine(strategy="vmap").train(
        recipe, [1, 2], Watched(recipe.x), probes=False)
    assert np.all(np.isfinite(population.final_loss))
    assert population.final_loss.max() < population.loss[:, 0].min()
    assert not np.allclose(population.final_loss[0], population.final_loss[1])


def test_a_second_optimizer_that_nobody_uses_is_no_second_training(write):
    source = VARIATIONAL.replace("def compile(self, rate_of, weight)",
                                 "def compile(self, rate_of, weight, second=None)").replace(
        "weight=0.001)", "weight=0.001, second=keras.optimizers.SGD())")
    recipe = capture_script(write(source)).recipe
    assert not recipe.rivals and [one.kind for one in recipe.others] == ["SGD"]


def test_an_optimizer_under_another_name_than_keras_has(write):
    """`super().compile()` makes one that nobody uses."""
    source = VARIATIONAL.replace("self.optimizer", "self.mine")
    recipe = capture_script(write(source)).recipe
    assert (recipe.optimizer.kind, recipe.optimizer.learning_rate) == ("Adam", 0.05)
    population = KerasEngine(strategy="vmap").train(recipe, [1], Watched(recipe.x), probes=False)
    assert population.final_loss[0] < population.loss[0, 0]


def test_the_users_class_is_left_as_it_was(write):
    capture_script(write(VARIATIONAL + "\nassert Pair.compile.__qualname__ == 'Pair.compile'\n"))


def test_a_class_whose_step_calls_its_parts_alone_is_judged_by_its_call(write):
    source = VARIATIONAL.replace("    def train_step", """    def call(self, rows):
        return self.decoder(self.encoder(rows)[:, :2])

    def train_step""")
    recipe = capture_script(write(source)).recipe
    assert recipe.rows_alone and not recipe.by_loss
