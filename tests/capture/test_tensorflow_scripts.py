"""What scripts with TensorFlow's names meet besides its functions: faults, messages, other years."""

from __future__ import annotations

import subprocess
import sys
from contextlib import nullcontext

import keras
import numpy as np
import pytest

from two_environments import environment
from unstuck.base.errors import NotSupported, ScriptFailed
from unstuck.capture import capture_script

TF = """
import numpy as np
import tensorflow as tf
x = np.random.RandomState(0).rand(40, 2).astype("float32")
y = x.sum(1, keepdims=True)
"""
MODEL = """
model = tf.keras.Sequential([tf.keras.layers.Dense(3, activation="relu", input_shape=(2,)),
                             tf.keras.layers.Dense(1)])
"""


def test_a_generator_that_is_a_data_set_has_an_epoch(write):
    recipe = capture_script(write("""
import numpy as np
from keras.preprocessing.image import ImageDataGenerator
from keras.models import Sequential
from keras.layers import Dense, Flatten
x = np.random.rand(64, 4, 4, 3); y = np.random.rand(64, 1)
model = Sequential([Flatten(input_shape=(4, 4, 3)), Dense(1)])
model.compile("sgd", "mse")
model.fit(ImageDataGenerator(horizontal_flip=True).flow(x, y, batch_size=32), epochs=3)
""")).recipe
    assert (recipe.batch_size, recipe.epochs, recipe.train.rows) == (32, 3, 192)


def test_a_sentence_of_ours_comes_out_of_a_layer_as_it_was_said(write):
    with pytest.raises(NotSupported) as raised:
        capture_script(write(TF + """
class Own(tf.keras.layers.Layer):
    def call(self, x):
        return tf.nothing_of_that_name(x)

Own()(tf.keras.Input((2,)))"""))
    assert str(raised.value).startswith("train.py, line 9: tf.nothing_of_that_name is not among")
    assert "Exception encountered" not in str(raised.value)


def test_parts_of_keras_have_tensorflows_name_as_well(write):
    recipe = capture_script(write(TF + MODEL + """
model.compile(tf.optimizers.SGD(0.5), tf.losses.MeanSquaredError())
model.fit(x, y)""")).recipe
    assert (recipe.optimizer.cls, recipe.optimizer.learning_rate) == (keras.optimizers.SGD, 0.5)


def test_a_model_that_makes_its_layers_in_build_is_taken(write):
    found = capture_script(write(TF + """
class Own(tf.keras.Model):
    def build(self, shape):
        self.inner = tf.keras.layers.Dense(1, name="inner")
        super().build(shape)

    def call(self, x):
        return self.inner(x)

model = Own()
model.compile("sgd", "mse")
model.fit(x, y)"""))
    assert found.parameters == 3


def test_sizes_may_be_numbers_of_numpy(write):
    recipe = capture_script(write(TF + """
labels = np.array([0, 1, 2, 1] * 10)
model = tf.keras.Sequential([tf.keras.layers.Dense(np.max(labels) + 1, activation="softmax")])
model.compile("sgd", "sparse_categorical_crossentropy")
model.fit(x, labels)""")).recipe
    assert recipe.layers[-1].config["units"] == 3


def test_a_batch_size_of_a_layer_is_left_out(write):
    source = """
import numpy as np
from keras.models import Sequential
from keras.layers import LSTM
model = Sequential([LSTM(3, batch_size=1, input_shape=(4, 1){stateful})])
model.compile("sgd", "mse")
model.fit(np.zeros((8, 4, 1)), np.zeros((8, 3)))"""
    recipe = capture_script(write(source.format(stateful=""))).recipe
    assert recipe.layers[-1].config["units"] == 3
    with pytest.raises(NotSupported, match=r"line 5: .*batch_shape=\(1, 4, 1\)"):
        capture_script(write(source.format(stateful=", stateful=True")))


def test_what_only_draws_is_left_out(write, monkeypatch):
    original = keras.utils.plot_model
    capture_script(write("$DATA\n$MODEL\nfrom keras.utils import plot_model\n"
                         "plot_model(model, to_file='model.png')\nmodel.fit(x, x)"))
    assert keras.utils.plot_model is original


def test_six_and_other_aliases_are_there(write):
    capture_script(write("""$DATA
import six
from six.moves import range, cPickle
from keras import backend as K
assert list(six.iteritems({"a": 1})) == [("a", 1)] and cPickle.loads(cPickle.dumps(2)) == 2
$MODEL
assert isinstance(model.weights[0], K.Variable)
model.fit(x, x)"""))


@pytest.mark.parametrize("second", [True, False])
def test_a_first_fit_without_weights_is_not_the_one_to_choose(write, second):
    found = capture_script(write("""$DATA
first = keras.Sequential([keras.Input((2,)), layers.Flatten()])
first.compile("sgd", "mse")
first.fit(x, x, verbose=0)
$MODEL
""" + ("model.fit(x, x, epochs=7)" if second else "")))
    assert found.index == (2 if second else 1)
    assert any("without weights" in note for note in found.notes) is second
    assert found.recipe.epochs == (7 if second else 1)


def test_a_rate_that_a_schedule_sets_is_left_to_it(write):
    source = TF + MODEL + """
rate = tf.keras.optimizers.schedules.ExponentialDecay(1e-2, 10, 0.9)
model.compile(tf.keras.optimizers.Adam(rate), "mse")
stopping = tf.keras.callbacks.EarlyStopping("loss", patience=3)
model.fit(x, y, epochs=4, callbacks=[stopping, {callback}])"""
    found = capture_script(write(source.replace(
        "{callback}", "tf.keras.callbacks.ReduceLROnPlateau('loss', patience=2)")))
    assert [rule.kind for rule in found.recipe.rules.rules] == ["EarlyStopping"]
    assert "ReduceLROnPlateau" in found.recipe.left_out
    assert any("ReduceLROnPlateau cannot lower" in note for note in found.notes)
    with pytest.raises(NotSupported, match=r"^LearningRateScheduler sets the learning rate"):
        capture_script(write(source.replace(
            "{callback}", "tf.keras.callbacks.LearningRateScheduler(lambda epoch: 0.1)")))


def test_keras_itself_trains_beside_a_schedule_until_a_plateau():
    x = np.zeros((8, 2), "float32")
    for patience, raises in ((9, False), (1, True)):
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, use_bias=False)])
        rate = keras.optimizers.schedules.ExponentialDecay(1e-2, 10, 0.9)
        model.compile(keras.optimizers.Adam(rate), "mse")
        plateau = keras.callbacks.ReduceLROnPlateau("loss", patience=patience)
        refusing = pytest.raises(TypeError, match="not settable") if raises else nullcontext()
        with refusing:
            model.fit(x, x[:, :1], epochs=4, verbose=0, callbacks=[plateau])


def test_a_strategy_is_one_device_and_said(write):
    found = capture_script(write(TF + "strategy = tf.distribute.MirroredStrategy()\n"
                                 "with strategy.scope():\n" + MODEL.replace("\n", "\n    ") + """
model.compile("sgd", "mse")
model.fit(x, y, batch_size=4 * strategy.num_replicas_in_sync)"""))
    assert found.recipe.batch_size == 4
    assert any(note.startswith("tf.distribute shares") for note in found.notes)


INSIDE = {
    "if": ("def loss(t, p):\n    if tf.reduce_mean(p) > 0:\n        return tf.reduce_mean(t - p)\n"
           "    return tf.reduce_mean(p)", "line 10: The value of a tensor is asked for"),
    "numpy": ("def loss(t, p):\n    return tf.reduce_mean(p) * t.numpy().mean()",
              r"line 10: \.numpy is asked of a tensor"),
    "np": ("def loss(t, p):\n    return tf.reduce_mean(np.abs(np.array(t)) - p)",
           "line 10: The value of a tensor is asked for"),
}


@pytest.mark.parametrize("name", INSIDE)
def test_what_asks_for_numbers_inside_the_network_is_told_with_its_line(write, name):
    source, told = INSIDE[name]
    with pytest.raises(NotSupported, match=told):
        capture_script(write(f"{TF}{MODEL}{source}\nmodel.compile('sgd', loss)\nmodel.fit(x, y)"))


def test_an_exception_of_the_scripts_is_told_by_its_own_frames(write, capsys):
    with pytest.raises(ScriptFailed):
        capture_script(write(
            TF + "def product(a):\n    return tf.matmul(a, tf.ones((7, 2)))\nproduct(x)"))
    said = capsys.readouterr().err
    assert [line.split(", in ")[1] for line in said.splitlines() if line.startswith("  File")] == [
        "<module>", "product"]
    assert "JAX has removed" not in said
    assert said.splitlines()[-1].startswith("unstuck: this arose where the script calls tf or Keras.")
    with pytest.raises(ScriptFailed):
        capture_script(write(TF + "1 / 0"))
    assert "unstuck:" not in capsys.readouterr().err


def test_no_other_package_meets_the_stand_in(write):
    capture_script(write(TF + MODEL + """
import sys
assert "unstuck" in type(tf).__module__
assert not any("unstuck" in type(module).__module__ for module in sys.modules.values())
assert tf.constant([1.0, 2.0]).numpy().sum() == 3
model.compile("sgd", "mse")
model.fit(x, y)"""))
    with pytest.raises(AttributeError):
        _ = keras.ops.ones(2).numpy


VARIABLE = """
class Scaled(tf.keras.layers.Layer):
    def __init__(self):
        super().__init__()
        self.by = tf.Variable(2.0)

    def build(self, shape):
        self.shift = tf.Variable(tf.zeros((shape[-1],)))

    def call(self, x):
        return x * self.by + self.shift

model = tf.keras.Sequential([tf.keras.Input((2,)), Scaled(), tf.keras.layers.Dense(1)])
model.compile("sgd", "mse")
model.fit(x, y)
print("trained", len(model.trainable_variables), float(model.layers[0].by))
"""


def test_a_variable_in_a_layer_is_trained_as_keras_trains_it(write):
    def in_the_layer(found):
        model = found.recipe.architecture.source
        return {v.trainable for layer in model.layers if type(layer).__name__ == "Scaled"
                for v in layer.variables if v.name != "seed_generator_state"}

    found = capture_script(write(TF + VARIABLE))
    assert in_the_layer(found) == {False}
    assert any(note.startswith("A tf.Variable in a layer") for note in found.notes)
    found = capture_script(write(
        TF + VARIABLE.replace("tf.keras", "tf_keras").replace("class", "import tf_keras\nclass", 1)))
    assert in_the_layer(found) == {True}
    assert not any(note.startswith("A tf.Variable in a layer") for note in found.notes)


def test_a_variable_outside_of_layers_is_trainable(write):
    capture_script(write(TF + MODEL + """
assert tf.Variable(1.0).trainable and not tf.Variable(1.0, trainable=False).trainable
model.compile("sgd", "mse")
model.fit(x, y)"""))


@pytest.mark.tensorflow
def test_keras_on_tensorflow_leaves_a_variable_in_a_layer_as_it_is(write, tmp_path):
    pytest.importorskip("tensorflow")
    path = write(TF + VARIABLE)
    done = subprocess.run([sys.executable, path], env=environment(
        tmp_path, tensorflow=True, backend="tensorflow"), capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "trained 2 2.0"
