"""Model files: what Keras saved comes back the same; what a stranger made is refused unopened."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import unstuck
from unstuck.base.errors import BadModelFile, NotSupported, UnstuckError
from unstuck.capture import model_file, opening

layers = keras.layers
RNG = np.random.default_rng(0)


def dense() -> keras.Model:
    return keras.Sequential([keras.Input((8,)), layers.Dense(4, "relu"), layers.Dropout(0.1, seed=3),
                             layers.BatchNormalization(), layers.Dense(1)])


def branches() -> keras.Model:
    entry = keras.Input((8,))
    shared = layers.Dense(8, keras.activations.gelu, kernel_regularizer="l2",
                          kernel_initializer=keras.initializers.HeNormal(seed=1))
    means = keras.ops.mean(shared(shared(entry)), axis=1, keepdims=True)
    return keras.Model(entry, layers.Dense(1)(layers.Concatenate()([means, layers.LeakyReLU()(entry)])))


def recurrent() -> keras.Model:
    return keras.Sequential([
        keras.Input((8,)), layers.Reshape((4, 2)),
        layers.Bidirectional(layers.GRU(3, return_sequences=True)),
        layers.TimeDistributed(layers.Dense(2)), layers.Flatten(), layers.Dense(1)])


def nested() -> keras.Model:
    entry = keras.Input((8,))
    half = keras.Sequential([keras.Input((8,)), layers.Dense(8), layers.Normalization()])
    return keras.Model(entry, layers.Dense(1)(half(half(entry))))


def half_precise() -> keras.Model:
    return keras.Sequential([keras.Input((8,)), layers.Dense(4, dtype="bfloat16"), layers.Dense(1)])


@pytest.mark.parametrize("make", [dense, branches, recurrent, nested, half_precise],
                         ids=lambda make: make.__name__)
def test_what_keras_saved_comes_back(make, tmp_path):
    model = make()
    schedule = keras.optimizers.schedules.ExponentialDecay(0.01, 10, 0.9)
    model.compile(keras.optimizers.Adam(schedule), keras.losses.Huber(),
                  metrics=["mae", keras.metrics.RootMeanSquaredError()])
    x, y = RNG.normal(size=(32, 8)).astype("float32"), RNG.normal(size=(32, 1)).astype("float32")
    model.fit(x, y, epochs=2, verbose=0)
    path = tmp_path / "a.keras"
    model.save(path)
    keras.utils.set_random_seed(7)
    before = np.random.get_state()[1].tolist()
    ours = unstuck.load_model(path)
    assert np.random.get_state()[1].tolist() == before
    theirs = keras.saving.load_model(path)
    assert [type(layer) for layer in ours.layers] == [type(layer) for layer in theirs.layers]
    for mine, other in zip(ours.weights, theirs.weights, strict=True):
        np.testing.assert_array_equal(np.asarray(mine.value), np.asarray(other.value))
    assert int(ours.optimizer.iterations.value) == 2
    for one in (ours, theirs):
        one.fit(x, y, epochs=2, shuffle=False, verbose=0)
    np.testing.assert_array_equal(ours.predict(x, verbose=0), theirs.predict(x, verbose=0))


def test_a_diagnosis_takes_where_the_file_is(tmp_path):
    bits = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32")
    model = keras.Sequential([keras.Input((2,)), layers.Dense(8, "tanh"), layers.Dense(2, "sigmoid")])
    model.compile(keras.optimizers.Adam(0.1), "binary_crossentropy")
    model.save(tmp_path / "a.keras")
    for path in (tmp_path / "a.keras", str(tmp_path / "a.keras")):
        unstuck.assert_learns(path, bits, bits, epochs=80, batch_size=4, replicas=8)
    with pytest.raises(UnstuckError, match=r"b\.keras cannot be read: No such file"):
        unstuck.diagnose(tmp_path / "b.keras", bits, bits)


def test_one_that_is_not_compiled_is_told_so(tmp_path):
    dense().save(tmp_path / "a.keras")
    assert not unstuck.load_model(tmp_path / "a.keras").compiled
    with pytest.raises(UnstuckError, match="not compiled"):
        unstuck.diagnose(tmp_path / "a.keras", np.zeros((4, 8)), np.zeros((4, 1)))


@keras.saving.register_keras_serializable()
class Own(layers.Layer):
    """A class of the user's."""

    def call(self, x: Any) -> Any:
        """What it was given."""
        return x


def own_loss(y: Any, p: Any) -> Any:
    return keras.ops.mean(keras.ops.square(y - p))


def saved(path: Path, *more: Any, **compiled: Any) -> Path:
    model = keras.Sequential([keras.Input((3,)), layers.Dense(3), *more])
    if compiled:
        model.compile("sgd", **compiled)
    model.save(path)
    return path


@pytest.mark.filterwarnings("ignore")
def test_code_that_is_not_keras_s_is_named(tmp_path):
    for said, path in {
        r"test_model_file\.Own'": saved(tmp_path / "a.keras", Own()),
        r"builtins\.own_loss'": saved(tmp_path / "b.keras", loss=own_loss),
        "contains a lambda": saved(tmp_path / "c.keras", loss=lambda y, p: p),
        "contains the layer Lambda": saved(tmp_path / "d.keras", layers.Lambda(lambda x: x)),
        "contains the layer StringLookup": rewritten(
            saved(tmp_path / "e.keras"), lambda c: c["config"]["layers"][1].update(
                class_name="StringLookup", config={"vocabulary": "/etc/passwd"})),
    }.items():
        with pytest.raises(NotSupported) as raised:
            unstuck.load_model(path)
        assert path.name in str(raised.value)
        assert re.search(said, str(raised.value)), raised.value
        assert "script" in str(raised.value)


def rewritten(path: Path, edit: Any, **members: bytes) -> Path:
    """The file with another architecture or other members."""
    with zipfile.ZipFile(path) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(held["config.json"])
    held["config.json"] = json.dumps(edit(config) or config).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in (held | members).items():
            archive.writestr(name, data)
    return path


def wide(config: dict[str, Any]) -> None:
    for layer in config["config"]["layers"]:
        layer["config"]["units"] = 10**7
        layer.pop("build_config", None)
    config["config"]["layers"][0]["config"]["batch_shape"] = [None, 10**6]
    config["config"].pop("build_input_shape", None)
    config.pop("build_config", None)


def other_width(config: dict[str, Any]) -> None:
    config["config"]["layers"][1]["config"]["units"] = 5


@pytest.mark.parametrize(("edit", "members", "said"), [
    (wide, {}, "it wants more than 4,096 MiB"),
    (other_width, {}, "cannot be opened: |not those of its architecture"),
    (lambda c: None, {"model.weights.h5": b"\x89HDF\r\n\x1a\n" + b"\0" * 99}, "cannot be opened: "),
    (lambda c: None, {"assets/a.txt": b"x"}, "more than the architecture"),
    (lambda c: {"class_name": "Dense", "module": "keras.layers", "config": {"units": 3}}, {},
     "tells no model"),
    (lambda c: c | {"metrics": {"class_name": 3}}, {}, "without a name"),
    (lambda c: [c], {}, "tells no model"),
    (lambda c: c | {"registered_name": "os>system"}, {}, "names 'os>system'"),
    (lambda c: c | {"a": {"module": "keras.src.utils.python_utils", "class_name": "func_load"}}, {},
     "none of Keras's own"),
    (lambda c: c | {"a": {"module": "keras.utils", "class_name": "get_file"}}, {},
     "names 'keras.utils.get_file'"),
    (lambda c: c | {"a": {"module": "keras.utils", "class_name": "function",
                          "config": "get_file"}}, {}, "names 'keras.utils.get_file'"),
    (lambda c: c["config"]["layers"][1]["config"].update(
        activation={"module": "builtins", "class_name": "function", "config": "exec",
                    "registered_name": "function"}), {}, "'builtins.exec'"),
], ids=["too wide", "other weights", "no HDF5", "assets", "no model", "no name", "a list",
        "registered", "private", "a function as a class", "a function", "built in"])
def test_what_does_not_fit_is_refused(edit, members, said, tmp_path):
    path = rewritten(saved(tmp_path / "a.keras"), edit, **members)
    with pytest.raises((NotSupported, BadModelFile), match=said) as raised:
        unstuck.load_model(path)
    assert len(str(raised.value)) < 500 and "\n" not in str(raised.value)


def test_sizes_are_looked_at_before_anything_is_unpacked(tmp_path, monkeypatch):
    path = rewritten(saved(tmp_path / "a.keras"), lambda c: None,
                     **{"model.weights.h5": b"\0" * 2**24})
    assert path.stat().st_size < 2**20
    monkeypatch.setitem(model_file.LARGEST, "model.weights.h5", 2**23)
    monkeypatch.setattr(zipfile.ZipFile, "read", None)
    with pytest.raises(BadModelFile, match=r"16 MiB for model\.weights\.h5; unstuck opens at most 8"):
        unstuck.load_model(path)


def test_a_process_that_takes_too_long_is_left(tmp_path, monkeypatch):
    monkeypatch.setattr(model_file, "SECONDS", 1)
    monkeypatch.setattr(opening, "__file__", str(tmp_path / "sleeps.py"))
    (tmp_path / "sleeps.py").write_text("import time\ntime.sleep(60)")
    with pytest.raises(BadModelFile, match="it takes more than 2 s"):
        unstuck.load_model(saved(tmp_path / "a.keras"))


def test_the_process_has_no_network():
    """Where the system gives a user's process a network of its own (unshare)."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        code = (f"import runpy, socket, ctypes; it = runpy.run_path({opening.__file__!r})\n"
                "can = ctypes.CDLL(None).unshare(0x50000000) == 0 if {tried} else True\n"
                "it['_leave_the_network']()\n"
                f"to = '127.0.0.1', {port}\n"
                "socket.create_connection(to, 2).close() if can else print('cannot')")
        tried = subprocess.run([sys.executable, "-c", code.replace("{tried}", "True")],
                               capture_output=True, text=True, check=False)
        if "cannot" in tried.stdout or "AttributeError" in tried.stderr:
            pytest.skip("this system gives users no network of their own")
        done = subprocess.run([sys.executable, "-c", code.replace("{tried}", "False")],
                              capture_output=True, text=True, check=False)
    assert "Network is unreachable" in done.stderr
