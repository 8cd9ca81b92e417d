"""tf.data pipelines, from the script to the diagnosis, whether TensorFlow is installed or not."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

DATA = """\
import tensorflow as tf
from tensorflow import keras
import numpy as np

x = np.arange(192, dtype="float32").reshape(64, 3) / 192
y = (x.sum(1) > 1.5).astype("int32")
ds = tf.data.Dataset.from_tensor_slices({rows}){more}
model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, activation="relu"),
                          keras.layers.Dense(1, activation="sigmoid")])
model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
model.fit(ds, {fit}verbose=0)
"""
PIPELINES = {
    "plain": ("(x, y)", ".batch(16)", "epochs=3, ", 64, 12),
    "shuffled": ("(x, y)", ".shuffle(64).batch(16).prefetch(tf.data.AUTOTUNE)", "epochs=3, ", 64, 12),
    "mapped": ("(x, y)", ".map(lambda a, b: (a * 2, b)).cache().batch(16)", "epochs=3, ", 64, 12),
    "short batch": ("(x, y)", ".batch(24)", "epochs=3, ", 64, 9),
    "without end": ("(x, y)", ".repeat().batch(16)", "epochs=3, steps_per_epoch=4, ", 64, 12),
    "weighted": ("(x, y, np.ones(64))", ".batch(16)", "epochs=3, ", 64, 12),
}


@pytest.mark.parametrize("name", PIPELINES)
def test_a_pipeline_is_taped(name, tmp_path):
    rows, more, fit, count, updates = PIPELINES[name]
    (tmp_path / "train.py").write_text(DATA.format(rows=rows, more=more, fit=fit))
    done = subprocess.run(
        [sys.executable, "-m", "unstuck", "run", "train.py", "--budget", "100runs", "--replicas", "16",
         "--no-journal", "--format", "json"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1, 3), done.stderr
    told = json.loads(done.stdout)
    assert (told["fit"]["rows"], told["fit"]["updates"]) == (count, updates)
    assert any("tf.data.Dataset was taped" in note for note in told["notes"])
    assert told["population"]["replicas"] >= 16
