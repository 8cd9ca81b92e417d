"""Loops that call a model more than once in an update, or several models, or take derivatives."""

from __future__ import annotations

import numpy as np
import pytest

from recipes import Watched
from unstuck.base.errors import NotSupported
from unstuck.capture import capture_script
from unstuck.goal import make_goal
from unstuck.interventions.loss import Loss
from unstuck.network.rebuilding import rebuilt
from unstuck.population.keras_engine.engine import KerasEngine

HEAD = """
import numpy as np
import tensorflow as tf
from tensorflow.keras import layers
tf.keras.utils.set_random_seed(2)
rng = np.random.default_rng(0)
opt = tf.keras.optimizers.Adam(0.01)
"""
DECAY = HEAD + """
model = tf.keras.Sequential([
    tf.keras.Input((1,)), layers.Dense(6, activation="ACTIVATION"), layers.Dense(1)])
t = tf.constant(np.linspace(0, 1, 16, dtype="float32").reshape(-1, 1))

def residual(points):
    with tf.GradientTape() as inner:
        inner.watch(points)
        u = model(points)
    return inner.gradient(u, points) + 2.0 * u

for step in range(8):
    with tf.GradientTape() as tape:
        start = model(tf.zeros((1, 1))) - 1.0
        loss = tf.reduce_mean(tf.square(residual(t))) + tf.reduce_mean(tf.square(start))
    grads = tape.gradient(loss, model.trainable_variables)
    opt.apply_gradients(zip(grads, model.trainable_variables))
with open(__file__ + ".loss", "w") as file:
    with tf.GradientTape() as tape:
        start = model(tf.zeros((1, 1))) - 1.0
        loss = tf.reduce_mean(tf.square(residual(t))) + tf.reduce_mean(tf.square(start))
    file.write(repr(float(loss)))
"""
CODES = HEAD + """
x = rng.normal(size=(40, 4)).astype("float32")
encoder = tf.keras.Sequential([
    tf.keras.Input((4,)), layers.Dense(3, activation="tanh"), layers.Dense(2)])
decoder = tf.keras.Sequential([
    tf.keras.Input((2,)), layers.Dense(3, activation="tanh"), layers.Dense(4)])

for epoch in range(4):
    for at in range(0, 40, 10):
        rows = x[at:at + 10]
        with tf.GradientTape() as tape:
            back = decoder(encoder(rows, training=True), training=True)
            loss = tf.reduce_mean(tf.square(rows - back))
        both = encoder.trainable_variables + decoder.trainable_variables
        opt.apply_gradients(zip(tape.gradient(loss, both), both))
"""


def trained_from_the_users_weights(recipe, seeds):
    """Final losses of two replicas that begin with the weights of the script's own model."""
    source = recipe.architecture.source
    prefix = f"{source.name}/"
    start = {v.path.removeprefix(prefix): np.stack([np.array(v.value)] * len(seeds))
             for v in source.trainable_variables}
    return KerasEngine(strategy="vmap").train(
        recipe, seeds, Watched(recipe.x), probes=False, start=start)


def test_a_physics_informed_loop_is_trained_as_it_trains(write):
    path = write(DECAY.replace("ACTIVATION", "tanh"))
    captured = capture_script(path)
    recipe = captured.recipe
    assert recipe.by_loss and recipe.loop.block is not None and recipe.loss is None
    assert any("judged by what it minimises" in note for note in captured.notes)
    goal = make_goal(recipe)
    population = trained_from_the_users_weights(recipe, [1, 2])
    own = float(path.with_name("train.py.loss").read_text())
    np.testing.assert_allclose(population.final_loss, own, rtol=1e-4)
    assert goal.by_loss and goal.asked[:2] == ("loss", "<=")
    untrained = -goal.constant
    assert untrained > own > goal.threshold == pytest.approx(0.1 * untrained)
    wider = recipe.with_layer("dense", units=9)
    assert {v.shape[-1] for v in rebuilt(wider.architecture).model.trainable_variables} == {9, 1}


def test_the_slope_of_a_relu_has_a_derivative_of_zeros(write):
    """As in TensorFlow: `None` would end the script."""
    source = DECAY.replace("ACTIVATION", "relu").replace(
        "    return inner.gradient(u, points) + 2.0 * u\n",
        "    return inner.gradient(u, points)\n").replace(
        "tf.square(residual(t))", "tf.square(curve(t))").replace("for step", """
def curve(points):
    with tf.GradientTape() as outer:
        outer.watch(points)
        slope = residual(points)
    return outer.gradient(slope, points) + 1.0

for step""", 1)
    path = write(source)
    assert capture_script(path).recipe.by_loss


def test_an_encoder_and_a_decoder_of_one_loop_are_one_network(write):
    captured = capture_script(write(CODES))
    recipe = captured.recipe
    assert captured.model_kind == "Models" and not recipe.by_loss
    assert [v.shape for v in recipe.architecture.source.trainable_variables] == [
        (4, 3), (3,), (3, 2), (2,), (2, 3), (3,), (3, 4), (4,)]
    hidden = [layer.name for layer in recipe.layers if layer.config.get("units") == 3]
    wider = recipe.with_layer(hidden[0], units=5).with_layer(hidden[1], units=6)
    population = KerasEngine(strategy="vmap").train(wider, [1, 2], Watched(recipe.x), probes=False)
    assert [v.shape[-1] for v in wider.build().model.trainable_variables] == [5, 5, 2, 2, 6, 6, 4, 4]
    assert np.isfinite(population.final_loss).all() and len(set(population.final_loss)) == 2
    assert make_goal(recipe).is_autoencoder
    with pytest.raises(NotSupported, match="own step"):
        Loss(value="mean_squared_error").apply(recipe)


TWICE = HEAD + """
x = rng.normal(size=(20, 3)).astype("float32")
y = x[:, :1]
model = tf.keras.Sequential([tf.keras.Input((3,)), layers.Dense(1)])
for i in range(4):
    with tf.GradientTape() as tape:
        loss = LOSS
    v = model.trainable_variables
    opt.apply_gradients(zip(tape.gradient(loss, v), v))
"""


@pytest.mark.parametrize(("loss", "by_loss"), [
    ("tf.reduce_mean((model(x) + model(-x) - y) ** 2)", True),
    ("tf.keras.losses.MeanSquaredError()(y, model(x)) + 0.1 * tf.reduce_mean(model(-x) ** 2)", False),
])
def test_a_model_called_twice_is_judged_by_targets_only_where_a_loss_says_so(write, loss, by_loss):
    recipe = capture_script(write(TWICE.replace("LOSS", loss))).recipe
    assert recipe.loop.block is not None and recipe.by_loss is by_loss
    assert recipe.y.shape == (20, 1)


SAMPLED = HEAD + """
x = rng.normal(size=(40, 4)).astype("float32")


class Sampled(tf.keras.Model):
    def __init__(self):
        super().__init__()
        self.encoder = tf.keras.Sequential([tf.keras.Input((4,)), layers.Dense(4)])
        self.decoder = tf.keras.Sequential([tf.keras.Input((2,)), layers.Dense(4)])


def compute_loss(model, rows):
    mean, log_variance = tf.split(model.encoder(rows), 2, axis=1)
    code = mean + tf.exp(0.5 * log_variance) * tf.random.normal(tf.shape(mean))
    error = tf.reduce_mean(tf.square(rows - model.decoder(code)))
    return error + 0.01 * tf.reduce_mean(mean ** 2 + tf.exp(log_variance) - log_variance)


WRAP
def train_step(model, rows):
    with tf.GradientTape() as tape:
        loss = compute_loss(model, rows)
    grads = tape.gradient(loss, model.trainable_variables)
    opt.apply_gradients(zip(grads, model.trainable_variables))

model = Sampled()
for epoch in range(4):
    for at in range(0, 40, 10):
        train_step(model, x[at:at + 10])
    model.decoder(tf.random.normal((3, 2)))  # draws in between move the generator, too
"""


@pytest.mark.parametrize("wrap", ["", "@tf.function"])
def test_noise_drawn_within_the_tape_is_the_users_in_the_shadow_and_anew_in_replicas(write, wrap):
    captured = capture_script(write(SAMPLED.replace("WRAP", wrap)))
    recipe = captured.recipe
    assert any("Shadow check" in note for note in captured.notes)
    assert not recipe.by_loss and make_goal(recipe).is_autoencoder
    still = recipe.with_optimizer(learning_rate=0.0)
    population = trained_from_the_users_weights(still, [1, 2])
    # The weights never move: what differs between epochs, and between replicas, is the noise.
    assert len(set(population.loss.flat)) == population.loss.size


def test_what_is_another_in_each_update_is_named(write):
    source = CODES.replace("        with tf.GradientTape", """\
        target = rng.normal(size=(7, 2)).astype("float32")
        with tf.GradientTape""").replace(
        "tf.square(rows - back))", "tf.square(rows - back)) + tf.reduce_mean(decoder(target) ** 2)")
    with pytest.raises(NotSupported, match="target is another in each update, besides the rows rows"):
        capture_script(write(source))


def test_models_inside_a_class_are_drawn_anew(write):
    """Their weights were zeros in every replica: the inner model's initialisers were not told."""
    recipe = capture_script(write("""
        import keras
        from keras import layers
        import numpy as np

        class Both(keras.Model):
            def __init__(self, encoder, decoder):
                super().__init__()
                self.encoder, self.decoder = encoder, decoder

            def call(self, x):
                return self.decoder(self.encoder(x))

        encoder = keras.Sequential([keras.Input((3,)), layers.Dense(4, name="hidden"), layers.Dense(2)])
        decoder = keras.Sequential([keras.Input((2,)), layers.Dense(3, name="back")])
        model = Both(encoder, decoder)
        model.compile(optimizer="sgd", loss="mse")
        x = np.random.default_rng(0).normal(size=(20, 3)).astype("float32")
        model.fit(x, x, epochs=1)
        """)).recipe
    built = recipe.build()
    kernels = [v for v in built.model.trainable_variables if v.name == "kernel"]
    assert len(kernels) == 3 and all(id(v) in built.initializers for v in kernels)
    wider = recipe.with_layer("hidden", units=7).build().model
    assert wider.trainable_variables[0].shape == (3, 7)
