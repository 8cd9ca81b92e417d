"""The callback on TensorFlow's backend: the user's training is bit for bit its own there, too."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.tensorflow

TRAINING = """
import hashlib, io, json, random, sys
{imports}
import numpy as np
assert keras.backend.backend() == "tensorflow"

def ends(watched):
    keras.utils.clear_session()
    keras.utils.set_random_seed(3)
    x = np.random.normal(size=(60, 2)).astype("float32") * 200
    y = (np.hypot(*x.T) > 240).astype("float32")
    model = keras.Sequential([
        keras.Input((2,)), keras.layers.Dense(6, "relu"), keras.layers.BatchNormalization(),
        keras.layers.Dropout(0.1), keras.layers.Dense(1, activation="sigmoid")])
    {compile}
    out = io.StringIO()
    callbacks = [unstuck.Callback(out=out)] if watched else []
    history = model.fit({data}, epochs=4, verbose=0, {more}callbacks=callbacks)
    held = [np.asarray(v).tobytes() for v in (*model.variables, *model.optimizer.variables)]
    after = (history.history, random.random(), np.random.rand(), keras.layers.Dense(1).name,
             np.asarray(keras.random.normal((3,))).tolist())
    return [hashlib.sha256(b"".join(held)).hexdigest(), repr(after)], out.getvalue().splitlines()

without, nothing = ends(False)
watched, lines = ends(True)
print(json.dumps([without == watched, nothing, lines]))
"""
IMPORTS = {
    "tensorflow first": "import tensorflow as tf\nimport unstuck\nkeras = tf.keras",
    "keras first": "import keras\nimport unstuck",
    "unstuck first": "import unstuck\nimport keras",
}
PLAIN = {"imports": IMPORTS["keras first"], "data": "x, y", "more": "validation_split=0.2, ",
         "compile": 'model.compile("adadelta", "binary_crossentropy", metrics=["accuracy"])'}


def run(tmp_path, **parts):
    """Whether the two trainings end alike, and what the callback said."""
    pytest.importorskip("tensorflow")
    (tmp_path / "mine.py").write_text(TRAINING.format(**{**PLAIN, **parts}))
    env = {**os.environ, "KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3",
           "CUDA_VISIBLE_DEVICES": "", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run([sys.executable, "mine.py"], cwd=tmp_path, env=env, capture_output=True,
                          text=True, check=False)
    assert done.returncode == 0, done.stderr
    same, nothing, lines = json.loads(done.stdout.splitlines()[-1])
    assert nothing == []
    return same, lines


@pytest.mark.parametrize("order", IMPORTS)
def test_the_training_is_bit_for_bit_what_it_is_without(order, tmp_path):
    same, lines = run(tmp_path, imports=IMPORTS[order])
    assert same
    names = {line.split(": ")[1] for line in lines}
    assert {"optimizer-barely-moves", "unscaled-inputs"} <= names
    assert lines[-1].startswith("unstuck: it did not learn (accuracy 0.")


def test_code_of_the_users_own_stays_where_it_runs(tmp_path):
    same, lines = run(tmp_path, compile='model.compile("adam", lambda t, p: (t - p[:, 0]) ** 2)')
    assert same
    assert lines == [lines[0]] and "holds code of its own, which only runs with tensorflow" in lines[0]
    assert "unstuck run mine.py finds out why" in lines[0]


def test_a_pipeline_is_not_looked_at(tmp_path):
    same, lines = run(tmp_path, imports=IMPORTS["tensorflow first"], more="",
                      data="tf.data.Dataset.from_tensor_slices((x, y)).batch(8)")
    assert same and "its data are no arrays" in lines[-1]


def test_diagnosing_says_where_it_is_done(tmp_path):
    same, lines = run(tmp_path, compile=PLAIN["compile"] + """
    try:
        unstuck.Callback().diagnosis()
    except unstuck.base.errors.UnstuckError as error:
        assert "trains with JAX. unstuck run mine.py" in str(error)
    else:
        raise AssertionError""")
    assert same and lines
