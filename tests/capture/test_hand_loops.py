"""Loops with `tf.GradientTape`: what they are taken for, and that replicas do the same."""

from __future__ import annotations

import numpy as np
import pytest

from recipes import Watched
from unstuck.base.errors import NoFitCall, NotSupported
from unstuck.capture import capture_script
from unstuck.interventions.batch_size import BatchSize
from unstuck.interventions.train_as_fit import TrainAsFit, left_out
from unstuck.network.loops import Loop
from unstuck.population.keras_engine.engine import KerasEngine

HEAD = """
import numpy as np
import tensorflow as tf
from tensorflow.keras import layers
rng = np.random.default_rng(0)
x = rng.normal(size=(40, 3)).astype("float32")
y = (x[:, :1] - x[:, 1:2]).astype("float32")
model = tf.keras.Sequential([tf.keras.Input((3,)), layers.Dense(4, activation="tanh"), layers.Dense(1)])
opt = tf.keras.optimizers.Adam(0.01)
"""
PLAIN = HEAD + """
mse = tf.keras.losses.MeanSquaredError()

@tf.function
def step(rows, targets):
    with tf.GradientTape() as tape:
        loss = mse(targets, model(rows, training=True))
    grads = tape.gradient(loss, model.trainable_variables)
    opt.apply_gradients(zip(grads, model.trainable_variables))
    return loss

EPOCHS = 6
for epoch in range(EPOCHS):
    for rows, targets in tf.data.Dataset.from_tensor_slices((x, y)).batch(10):
        loss = step(rows, targets)
        mse(targets, model(rows, training=False))
    for rows in (x[:20], x[20:]):  # what validates is no part of the training
        model(rows, training=False)
with open(__file__ + ".loss", "w") as file:
    file.write(repr(float(mse(y, model(x)))))
"""


def test_a_replica_does_what_the_loop_did(write):
    path = write(PLAIN)
    captured = capture_script(path)
    recipe = captured.recipe
    assert captured.call == "opt.apply_gradients(zip(grads, model.trainable_variables))"
    assert (recipe.loss_name, recipe.optimizer.kind, recipe.epochs, recipe.batch_size) == (
        "mean_squared_error", "Adam", 6, 10)
    assert recipe.loop is None and recipe.rounds == 6
    assert {"optimizer", "loss", "forward", "rounds", "layer:dense"} <= recipe.sites.keys()
    assert any("Shadow check: the first 24 updates" in note for note in captured.notes)
    source = recipe.architecture.source
    start = {v.path.removeprefix("sequential/"): np.stack([np.array(v.value)] * 2)
             for v in source.trainable_variables}
    population = KerasEngine(strategy="vmap").train(
        recipe, [1, 2], Watched(recipe.x), probes=False, start=start)
    own = float(path.with_name("train.py.loss").read_text())
    np.testing.assert_allclose(population.final_loss[1], own, rtol=1e-4)


LOSSES = {
    "written out": ("tf.reduce_mean(tf.square(targets - out))", "mean_squared_error"),
    "a function": ("tf.reduce_mean(tf.keras.losses.mean_absolute_error(targets, out))",
                   "mean_absolute_error"),
    "summed": ("tf.reduce_sum((targets - out) ** 2)", "mean_squared_error"),
    "of one's own": ("tf.reduce_mean(tf.where(targets > out, 3 * (targets - out), out - targets))",
                     "custom"),
    "all pairs": ("tf.reduce_mean((targets[:, 0] - out) ** 2)", "custom"),
}
EAGER = HEAD + """
for epoch in range(4):
    order = rng.permutation(40)
    for at in range(0, 40, 10):
        rows, targets = x[order[at:at + 10]], y[order[at:at + 10]]
        with tf.GradientTape() as tape:
            out = model(rows, training=True)
            loss = $LOSS
        variables = model.trainable_variables
        opt.apply_gradients(zip(tape.gradient(loss, variables), variables))
"""


@pytest.mark.parametrize("name", LOSSES)
def test_what_its_loss_is_shows_by_its_values(write, name):
    written, expected = LOSSES[name]
    recipe = capture_script(write(EAGER.replace("$LOSS", written))).recipe
    assert recipe.loss_name == expected
    assert (recipe.epochs, recipe.shuffle, recipe.loop) == (4, True, None)
    assert recipe.loss_config[1].get("reduction") == ("sum" if name == "summed" else
                                                      recipe.loss_config[1].get("reduction"))


ODD = HEAD.replace("layers.Dense(1)", "layers.BatchNormalization(), layers.Dense(1)").replace(
    'activation="tanh"', 'activation="tanh", kernel_regularizer="l2"') + """
for epoch in range(5):
    opt = tf.keras.optimizers.Adam(0.01)
    for at in range(0, 40, 10):
        with tf.GradientTape() as tape:
            out = model(x[at:at + 10])
            loss = tf.reduce_mean((y[at:at + 10] - out) ** 2)
        variables = model.trainable_variables[2:]
        opt.apply_gradients(zip(tape.gradient(loss, variables), variables))
"""


def test_what_a_loop_leaves_out_is_part_of_the_recipe(write):
    recipe = capture_script(write(ODD)).recipe
    assert recipe.loop == Loop(training=False, regularised=False, optimizer_for=4,
                               untrained=frozenset({"dense/kernel", "dense/bias"}))
    before = {v.path: np.array(v.value) for v in recipe.architecture.source.trainable_variables}
    start = {path.removeprefix("sequential/"): value[None] for path, value in before.items()}
    population = KerasEngine(strategy="vmap").train(
        recipe, [1], Watched(recipe.x), probes=False, start=start, keep_weights=True)
    moved = {path: not np.allclose(population.weights[path][0], value[0])
             for path, value in start.items()}
    assert moved == {path: "dense/" not in path for path in start}
    assert set(left_out(recipe.loop)) == {"training", "regularised", "untrained", "optimizer_for"}
    for what in left_out(recipe.loop):
        recipe = TrainAsFit(what=what).apply(recipe)
    assert recipe.loop is None
    with pytest.raises(NotSupported):
        TrainAsFit(what="training").apply(recipe)


def test_the_mode_of_the_forward_pass_is_written_into_the_call(write):
    path = write(ODD)
    captured = capture_script(path)
    change = TrainAsFit(what="training")
    edits = change.edit(captured.script, captured.recipe, change.apply(captured.recipe))
    assert edits is not None
    write(captured.script.apply(edits).text, "edited.py")
    again = capture_script(path.with_name("edited.py")).recipe
    assert again.loop is not None and again.loop.training


def test_variables_that_were_left_out_are_written_where_some_were(write):
    source = HEAD + """
head = model.layers[-1]
for at in range(0, 40, 10):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(x[at:at + 10], training=True) - y[at:at + 10]) ** 2)
    grads = tape.gradient(loss, head.trainable_variables)
    opt.apply_gradients(zip(grads, head.trainable_variables))
"""
    path = write(source)
    captured = capture_script(path)
    change = TrainAsFit(what="untrained")
    edits = change.edit(captured.script, captured.recipe, change.apply(captured.recipe))
    assert edits is not None
    edited = captured.script.apply(edits).text
    assert edited == path.read_text().replace("head.trainable", "model.trainable")
    assert capture_script(write(edited)).recipe.loop is None


def test_a_long_loop_is_known_after_some_passes(write):
    source = PLAIN.replace("EPOCHS = 6", "EPOCHS = 4000").replace(
        "    for rows, targets in", "    assert epoch < 20\n    for rows, targets in")
    captured = capture_script(write(source))
    assert (captured.recipe.epochs, captured.recipe.batch_size) == (4000, 10)
    assert "rounds" in captured.recipe.sites
    assert any("13 of its 4000 passes over the rows were run" in note for note in captured.notes)


def test_batches_of_a_data_set_have_their_size_where_it_is_written(write):
    captured = capture_script(write(PLAIN))
    change = BatchSize.of(captured.recipe, 5)
    edits = change.edit(captured.script, captured.recipe, change.apply(captured.recipe))
    assert edits is not None
    again = capture_script(write(captured.script.apply(edits).text)).recipe
    assert (again.batch_size, again.epochs) == (5, 6)


def test_a_fit_behind_a_loop_is_what_is_taken(write):
    recipe = capture_script(write(PLAIN.replace("EPOCHS = 6", "EPOCHS = 20") + """
model.compile(optimizer="sgd", loss="mae")
model.fit(x, y, epochs=3, verbose=0)
""")).recipe
    assert (recipe.epochs, recipe.loss_name) == (3, "mean_absolute_error")


def test_gradients_that_nobody_applies(write):
    with pytest.raises(NoFitCall, match="no optimizer of Keras's applies them"):
        capture_script(write(HEAD + """
w = tf.Variable(1.0)
for i in range(3):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((w * x[:, :1] - y) ** 2)
    w.assign_sub(0.1 * tape.gradient(loss, w))
"""))


REFUSED = {
    "two models in turn": ("""
other = tf.keras.Sequential([tf.keras.Input((3,)), layers.Dense(1)])
for i in range(4):
    for one in (model, other):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((one(x) - y) ** 2)
        v = one.trainable_variables
        tf.keras.optimizers.SGD(0.1).apply_gradients(zip(tape.gradient(loss, v), v))
""", "trains two models in turn"),
    "rates": ("""
for i in range(4):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(x) - y) ** 2)
    v = model.trainable_variables
    opt.learning_rate.assign(0.1 / (i + 1))
    opt.apply_gradients(zip(tape.gradient(loss, v), v))
""", "its learning rate is changed on the way (update 2)"),
    "gradients of its own": ("""
for i in range(4):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(x) - y) ** 2)
    v = model.trainable_variables
    opt.apply_gradients([(g * (3 if i == 2 else 1) + 5 * (i == 2), w)
                         for g, w in zip(tape.gradient(loss, v), v)])
""", "at update 4 your loss is"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_replicas_would_not_do_is_refused_with_the_step(write, name):
    source, words = REFUSED[name]
    with pytest.raises(NotSupported) as raised:
        capture_script(write(HEAD + source))
    assert words in str(raised.value)


IN_JAX_FORM = """
import jax, keras, numpy as np
from keras import layers
rng = np.random.default_rng(0)
x = rng.normal(size=(40, 3)).astype("float32")
y = (x[:, :1] - x[:, 1:2]).astype("float32")
model = keras.Sequential([keras.Input((3,)), layers.Dense(4, activation="tanh"),
                          layers.BatchNormalization(), layers.Dropout(0.2), layers.Dense(1)])
opt = keras.optimizers.Adam(0.01)
mse = keras.losses.MeanSquaredError()

def loss_and_updates(weights, others, rows, targets):
    out, others = model.stateless_call(weights, others, rows, training=True)
    return mse(targets, out), others

gradients = jax.value_and_grad(loss_and_updates, has_aux=True)

@jax.jit
def step(state, rows, targets):
    weights, others, remembered = state
    (loss, others), grads = gradients(weights, others, rows, targets)
    weights, remembered = opt.stateless_apply(remembered, grads, weights)
    return loss, (weights, others, remembered)

opt.build(model.trainable_variables)
state = tuple([v.value for v in part] for part in (
    model.trainable_variables, model.non_trainable_variables, opt.variables))
for epoch in range(100):
    for at in range(0, 40, 10):
        loss, state = step(state, x[at:at + 10], y[at:at + 10])
"""


def test_loops_in_jax_form_are_taken_alike(write):
    captured = capture_script(write(IN_JAX_FORM))
    recipe = captured.recipe
    assert captured.call == "opt.stateless_apply(remembered, grads, weights)"
    assert (recipe.loss_name, recipe.epochs, recipe.batch_size, recipe.loop, recipe.written_for) == (
        "mean_squared_error", 100, 10, None, "")
    assert any("Shadow check: the first 50 updates" in note for note in captured.notes)
