"""`tf.GradientTape`: gradients of blocks, as TensorFlow takes them."""

from __future__ import annotations

import ast

import keras
import numpy as np
import pytest

from unstuck.base.errors import NoFitCall, NotSupported
from unstuck.capture import capture_script, tensorflow
from unstuck.capture.patches import patched
from unstuck.capture.tensorflow.blocks import rewritten
from unstuck.capture.tensorflow.tensors import methods
from unstuck.network import adapter

TF = tensorflow.facade(lambda: keras)


def ran(source: str) -> dict:
    """What a source has left in its names."""
    names = {"tf": TF, "keras": keras, "np": np, "__name__": "__main__"}
    tree = rewritten(source, "train.py")
    assert tree is not None
    with patched(methods()), adapter.journalled():
        exec(compile(tree, "train.py", "exec"), names)
    return names


def test_of_a_watched_array_of_a_variable_and_of_what_hangs_on_neither():
    found = ran("""
x, v, w = tf.constant(3.0), tf.Variable(2.0), tf.Variable(5.0)
with tf.GradientTape(persistent=True) as tape:
    tape.watch(x)
    y = v * x * x
    z = y * y
one = tape.gradient(y, x)
by = tape.gradient(y, {"v": v, "w": w, "x": x})
middle = tape.gradient(z, y)
both = tape.gradient([y, z], x)
zero = tape.gradient(y, w, unconnected_gradients=tf.UnconnectedGradients.ZERO)
outside = tape.gradient(y * 2, x)
""")
    assert float(found["one"]) == 12
    assert [float(found["by"]["v"]), found["by"]["w"], float(found["by"]["x"])] == [9, None, 12]
    assert float(found["middle"]) == 36
    assert float(found["both"]) == 12 + 2 * 18 * 12
    assert float(found["zero"]) == 0
    assert found["outside"] is None  # computed where no tape records


def test_a_gradient_that_is_a_constant_is_none_of_none():
    found = ran("""
v, w = tf.Variable(2.0), tf.Variable(5.0)
with tf.GradientTape() as tape:
    y = v + 3.0
g = tape.gradient(y, [v, w])
""")
    assert float(found["g"][0]) == 1 and found["g"][1] is None


def test_tapes_within_tapes_and_within_their_own_blocks():
    found = ran("""
x = tf.constant(3.0)
with tf.GradientTape() as outer:
    outer.watch(x)
    with tf.GradientTape() as inner:
        inner.watch(x)
        y = x ** 3
    first = inner.gradient(y, x)
second = outer.gradient(first, x)
with tf.GradientTape(persistent=True) as tape:
    tape.watch(x)
    u = x ** 4
    ux = tape.gradient(u, x)
    uxx = tape.gradient(ux, x)
uxxx = tape.gradient(uxx, x)
""")
    assert [float(found[name]) for name in ("first", "second", "ux", "uxx", "uxxx")] == pytest.approx(
        [27, 18, 108, 108, 72])


def test_blocks_that_are_left_and_names_that_come_out_of_them():
    found = ran("""
v = tf.Variable(2.0)
kept = []
def trained(n):
    total = 0.0
    for i in range(10):
        with tf.GradientTape() as tape:
            a = v * i
            total += a
            if i == 2:
                continue
            if i == n:
                return a, tape
            if i == 7:
                break
            del a
            b = total
    return b, tape
value, tape = trained(5)
g = tape.gradient(value, v)
last, tape = trained(99)
""")
    assert float(found["value"]) == 10 and float(found["g"]) == 5
    assert float(found["last"]) == 2 * sum(range(7))


def test_methods_parents_and_attributes_that_are_watched():
    found = ran("""
v = tf.Variable(2.0)
class Parent:
    def loss(self):
        return v * v
class Child(Parent):
    def __init__(self):
        self.k = tf.constant(3.0)
    def loss(self):
        with tf.GradientTape() as tape:
            tape.watch(self.k)
            y = super().loss() * self.k
        return tape.gradient(y, [self.k, v])
k, g = Child().loss()
""")
    assert (float(found["k"]), float(found["g"])) == (4, 12)


def test_a_block_run_again_draws_and_measures_what_it_did():
    """Dropout's mask and running averages are those of the block, and move once."""
    found = ran("""
keras.utils.set_random_seed(3)
layer = keras.Sequential([keras.Input((50,)), keras.layers.BatchNormalization(),
                          keras.layers.Dropout(0.5)])
x = tf.constant(np.random.default_rng(0).normal(size=(40, 50)).astype("float32"))
gamma = layer.layers[0].gamma
with tf.GradientTape() as tape:
    out = layer(x, training=True)
    total = tf.reduce_sum(out)
g = tape.gradient(total, gamma)
moved = np.asarray(layer.layers[0].moving_mean)
""")
    # The sum is linear in gamma, which is 1: its gradient says what was summed, mask and all.
    np.testing.assert_allclose(found["g"], np.sum(found["out"], 0), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(found["moved"], 0.01 * np.mean(found["x"], 0), rtol=1e-3, atol=1e-6)


def test_weights_that_have_changed_since():
    """What the block has computed counts, not what the variables hold by now."""
    found = ran("""
v = tf.Variable(2.0)
with tf.GradientTape(persistent=True) as tape:
    y = v * v
first = tape.gradient(y, v)
v.assign(10.0)
second = tape.gradient(y, v)
""")
    assert float(found["first"]) == float(found["second"]) == 4


def test_a_number_that_only_an_object_knows_is_not_forgotten():
    """Gradients are compiled from loop to loop; what the program does not see shows by its value."""
    found = ran("""
class Settings: beta = 1.0
v, settings, found = tf.Variable(2.0), Settings(), []
for settings.beta in (1.0, 1.0, 5.0, 7.0, 7.0):
    with tf.GradientTape() as tape:
        loss = settings.beta * v * v
    found.append(float(tape.gradient(loss, v)))
""")
    assert found["found"] == [4, 4, 20, 28, 28]


def test_jacobians():
    found = ran("""
x = tf.constant([[1.0, 2.0], [3.0, 4.0]])
with tf.GradientTape(persistent=True) as tape:
    tape.watch(x)
    y = x * x
whole, rows = tape.jacobian(y, x), tape.batch_jacobian(y, x)
""")
    assert found["whole"].shape == (2, 2, 2, 2)
    np.testing.assert_allclose(found["rows"], [np.diag([2, 4]), np.diag([6, 8])])


def test_by_what_a_model_puts_out_and_goes_on_computing_with():
    """Which pixels a class is read off: the gradient by an output inside of the same call."""
    found = ran("""
seen = keras.Input((6, 6, 1))
maps = keras.layers.Conv2D(2, 3, activation="relu", name="maps")(seen)
scores = keras.layers.Dense(3)(keras.layers.GlobalAveragePooling2D()(maps))
whole = keras.Model(seen, [maps, scores])
picture = tf.constant(np.random.default_rng(0).normal(size=(1, 6, 6, 1)).astype("float32"))
with tf.GradientTape() as tape:
    inner, out = whole(picture)
    picked = out[:, 1]
by = tape.gradient(picked, inner)
with tf.GradientTape() as tape:
    tape.watch(picture)
    inner, out = whole(picture)
    first = tf.reduce_sum(inner * inner)
through = tape.gradient(first, picture)
""")
    kernel = np.asarray(found["whole"].layers[-1].kernel)
    np.testing.assert_allclose(found["by"], np.broadcast_to(kernel[:, 1] / 16, (1, 4, 4, 2)), rtol=1e-5)
    assert np.abs(found["through"]).max() > 0


def test_what_is_written_keeps_its_place():
    source = "a = 1\nwith tf.GradientTape() as tape:\n    loss = f(\n        model(x))\nb = loss\n"
    tree = rewritten(source, "train.py")
    assert tree is not None
    lines = {node.id: node.lineno for node in ast.walk(tree) if isinstance(node, ast.Name)
             and node.id in ("f", "model", "b")}
    assert lines == {"f": 3, "model": 4, "b": 5}
    assert rewritten("import numpy", "train.py") is None


def test_a_block_that_cannot_be_run_again_says_so():
    with pytest.raises(NotSupported, match="cannot be run a second time"):
        ran("""
v = tf.Variable(2.0)
with tf.GradientTape() as other:
    y = v * v
def steps():
    with tf.GradientTape() as tape:
        y = v * v
        yield y
    yield tape.gradient(y, v)
list(steps())
""")


KINKS = {
    "the slope of a ReLU": ("tf.nn.relu(x)", [0.0, 0.0]),
    "the slope of a leaky one": ("tf.nn.leaky_relu(x)", [0.0, 0.0]),
    "a straight line": ("3.0 * x", None),
}


@pytest.mark.parametrize("name", KINKS)
def test_a_second_derivative_is_zeros_at_a_kink_and_none_of_a_line(write, name):
    """As TensorFlow 2.21 gives them; there the slope of a line does not hang on x at all."""
    compute, expected = KINKS[name]
    path = write(f"""
import tensorflow as tf
x = tf.constant([-1.0, 2.0])
with tf.GradientTape() as outer:
    outer.watch(x)
    with tf.GradientTape() as inner:
        inner.watch(x)
        y = {compute}
    slope = inner.gradient(y, x)
found = outer.gradient(slope, x)
with open(__file__ + ".found", "w") as file:
    file.write(repr(None if found is None else found.numpy().tolist()))
""")
    with pytest.raises(NoFitCall):
        capture_script(path)
    assert ast.literal_eval(path.with_name("train.py.found").read_text()) == expected
