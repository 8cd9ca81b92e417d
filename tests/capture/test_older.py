"""Scripts in the spelling of other years run as they are; Keras and Python are left as they were."""

from __future__ import annotations

import builtins
import importlib
import os
import sys

import keras
import numpy as np
import pytest

from unstuck.base.errors import NoFitCall, NotSupported, ScriptFailed, UnstuckError
from unstuck.capture import capture_script
from unstuck.capture.older import backend

OLD = """
import numpy as np
import tensorflow as tf
from keras.models import Sequential
from keras.layers.core import Dense
from keras.optimizers import SGD
x = np.random.RandomState(0).rand(40, 2)
model = Sequential()
model.add(Dense(output_dim=3, input_dim=2, init="uniform"))
model.add(Dense(2))
model.compile(loss="mse", optimizer=SGD(lr=0.5, decay=0.25))
"""


def found():
    """Everything of Keras, and of Python's imports, that a stand-in could leave behind."""
    public = [m for name, m in sorted(sys.modules.items())
              if name.split(".")[0] == "keras" and "keras.src" not in name and m is not None]
    classes = {c for m in public for c in vars(m).values() if isinstance(c, type)}
    classes |= {base for c in classes for base in c.__mro__ if base.__module__.startswith("keras.")}
    return {
        "modules": {name: id(module) for name, module in sys.modules.items()
                    if name.split(".")[0] in ("keras", "tensorflow", "tf_keras")},
        "module attributes": {m.__name__: {k: id(v) for k, v in vars(m).items()} for m in public},
        "class attributes": {f"{c.__module__}.{c.__qualname__}": {
            k: id(v) for k, v in vars(c).items() if k != "__static_attributes__"} for c in classes},
        "finders": list(map(id, sys.meta_path)), "hooks": list(map(id, sys.path_hooks)),
        "import": id(builtins.__import__), "path": list(sys.path), "environment": dict(os.environ),
        "matplotlib": sys.modules.get("matplotlib"),
    }


ENDINGS = {
    "success": ("model.fit(x, x, nb_epoch=2)", None),
    "exception": ("1 / 0", ScriptFailed),
    "sys.exit": ("import sys; sys.exit(3)", NoFitCall),
    "KeyboardInterrupt": ("raise KeyboardInterrupt", KeyboardInterrupt),
    "refused": ("tf.estimator.Estimator(x)", NotSupported),
    "not trainable": ("model.fit(x, x[:3], nb_epoch=1)", UnstuckError),
}


@pytest.mark.parametrize("name", ENDINGS)
def test_keras_is_left_exactly_as_found(write, name, capsys):
    ending, raised = ENDINGS[name]
    capture_script(write(OLD + ENDINGS["success"][0]))  # whatever is imported by then stays
    before = found()
    if raised is None:
        capture_script(write(OLD + ending))
    else:
        with pytest.raises(raised):
            capture_script(write(OLD + ending))
    after = found()
    for part, content in before.items():
        assert after[part] == content, part


def test_a_script_of_today_meets_no_stand_in(write):
    recipe = capture_script(write("""$DATA
import builtins
assert builtins.__import__.__module__ == "builtins" or "unstuck" not in builtins.__import__.__module__
assert not hasattr(keras.Model, "fit_generator")
$MODEL
model.fit(x, x, epochs=2)""")).recipe
    assert recipe.written_for == ""


def test_only_the_users_own_files_see_stand_ins(write):
    write("from keras.layers.core import Dense\nimport keras as KERAS", "mine.py")
    capture_script(write(OLD + """
import importlib, json, mine
assert mine.Dense(output_dim=2).units == 2
assert importlib.import_module("keras") is not mine.KERAS
assert "tensorflow" not in __import__("sys").modules
model.fit(x, x, nb_epoch=1)"""))


def test_what_is_meant_is_what_is_trained(write):
    recipe = capture_script(write(OLD + "model.fit(x, x, nb_epoch=3, batch_size=8)")).recipe
    assert (recipe.epochs, recipe.batch_size, recipe.written_for) == (3, 8, "Keras 1")
    assert recipe.layers[1].config["units"] == 3
    assert recipe.layers[1].config["kernel_initializer"]["class_name"] == "RandomUniform"
    rate = recipe.optimizer.build().learning_rate
    assert np.isclose(np.asarray(rate), 0.5)
    schedule = keras.optimizers.schedules.deserialize(recipe.optimizer.config["learning_rate"])
    assert np.isclose(float(schedule(4)), 0.5 / (1 + 0.25 * 4))


def test_decay_that_keras_3_leaves_out_is_left_out(write):
    with pytest.warns(UserWarning, match="decay"):
        recipe = capture_script(write("""$DATA
$MODEL
model.compile(loss="mse", optimizer=keras.optimizers.SGD(learning_rate=0.5, decay=0.25))
model.fit(x, x)""")).recipe
    assert recipe.optimizer.config["learning_rate"] == 0.5


REFUSED = {
    "tf.estimator": ("import tensorflow as tf\nx = 1\ntf.estimator.Estimator(x)", 3, "tf.estimator"),
    "Merge": ("x = 1\nfrom keras.layers.core import Dense\nfrom keras.layers import Merge", 3,
              "keras.layers.Merge"),
    "samples": (OLD + "model.fit_generator(iter([]), samples_per_epoch=100, nb_epoch=1)", 12,
                "samples_per_epoch"),
    "batch_input_shape": (
        "from keras.layers.core import Dense\nDense(3, batch_input_shape=(5, 2))", 2, "batch_shape"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_done_is_refused_by_name_and_line(write, name):
    source, line, what = REFUSED[name]
    with pytest.raises(NotSupported) as raised:
        capture_script(write(source))
    assert f"train.py, line {line}: " in str(raised.value)
    assert what in str(raised.value)


def test_an_import_of_tensorflow_that_is_not_served(write, capsys):
    with pytest.raises(ScriptFailed):
        capture_script(write("from tensorflow.examples.tutorials.mnist import input_data"))
    last = capsys.readouterr().err.splitlines()[-1]
    assert "train.py needs tensorflow.examples.tutorials.mnist, which is not installed" in last


@pytest.mark.parametrize(
    ("before", "inside"), [(None, "module://unstuck.capture.no_windows"), ("svg", "svg")],
    ids=["nothing set", "chosen"])
def test_no_window_opens(write, monkeypatch, before, inside):
    pytest.importorskip("matplotlib")
    monkeypatch.delenv("MPLBACKEND", raising=False)
    if before:
        monkeypatch.setenv("MPLBACKEND", before)
    for name in [name for name in sys.modules if name.split(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    capture_script(write(f"""$DATA
import os
assert os.environ["MPLBACKEND"].lower() == "{inside}"
$MODEL
model.fit(x, x)"""))
    assert os.environ.get("MPLBACKEND") == before


def test_a_figure_that_was_shown_is_closed_as_its_window_would_be(write, monkeypatch):
    """Keras imports Matplotlib itself, so that its settings have been read by then."""
    matplotlib = pytest.importorskip("matplotlib")
    monkeypatch.delenv("MPLBACKEND", raising=False)
    for name in [name for name in sys.modules if name.startswith("matplotlib.pyplot")]:
        monkeypatch.delitem(sys.modules, name)
    before = dict.__getitem__(matplotlib.rcParams, "backend")
    capture_script(write("""$DATA
import matplotlib.pyplot as plt
plt.figure().add_subplot(projection="3d").scatter([1], [2], [3])
plt.show()
plt.plot([1, 2, 3])
plt.show()
assert not plt.get_fignums()
$MODEL
model.fit(x, x)"""))
    assert dict.__getitem__(matplotlib.rcParams, "backend") == before


@pytest.mark.parametrize("year", ["keras.layers.core", "keras.objectives", "keras.utils.np_utils"])
def test_keras_itself_does_not_learn_old_names(write, year):
    capture_script(write(OLD + "model.fit(x, x, nb_epoch=1)"))
    with pytest.raises(ImportError):
        importlib.import_module(year)


def test_the_cost_of_sequences_without_alignment_is_what_all_alignments_come_to():
    chances = np.array([[[0.6, 0.3, 0.1], [0.5, 0.2, 0.3]]], "float32")  # two steps; the last is blank
    found = backend.functions()["ctc_batch_cost"](
        np.array([[0]]), chances, np.array([[2]]), np.array([[1]]))
    ways = 0.6 * 0.5 + 0.6 * 0.3 + 0.1 * 0.5  # aa, a-, -a
    np.testing.assert_allclose(found, [[-np.log(ways)]], rtol=1e-4)
    labels, _ = backend.functions()["ctc_decode"](chances, np.array([2]))
    assert np.asarray(labels[0])[0, 0] == 0
