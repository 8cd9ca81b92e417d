"""The command that tries the official examples, on a clone made up here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("PIL")
pytest.importorskip("pandas")

TOOL = Path(__file__).parents[2] / "benchmarks" / "official.py"

TAKEN = """
import numpy as np
from keras.datasets import cifar10, mnist
from keras.models import Sequential
from keras.layers import Dense
(x, y), _ = mnist.load_data()
assert x.shape == (60000, 28, 28) and x.dtype == np.uint8
assert len(cifar10.load_data()[0][1]) == 50000
model = Sequential([Dense(10, activation="softmax", input_dim=784)])
model.compile("sgd", "sparse_categorical_crossentropy")
model.fit(x[:64].reshape(64, 784) / 255, y[:64], nb_epoch=1)
"""
FILES = """
import keras
import tensorflow as tf
rows = keras.utils.image_dataset_from_directory("PetImages", image_size=(8, 8), batch_size=20)
model = keras.Sequential([
    keras.layers.Rescaling(1 / 255), keras.layers.Flatten(), keras.layers.Dense(2)])
model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
assert len(keras.datasets.mnist.load_data()[0][0]) == 4 * 1000
model.fit(rows)
"""
REFUSED = """
import keras
keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]).fit([[1.0, 2.0]], [1.0])
"""
CRASHED = """
raise RuntimeError("of its own")
"""
ASLEEP = """
import time
time.sleep(1000)
"""
WITHOUT = """
print("nothing to train")
"""
LACKS = """
import a_package_that_nobody_has
"""


def git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=a", "-c", "user.email=a@b.c")
    subprocess.run(["git", "-C", str(folder), *who, *arguments], check=True, capture_output=True)


def committed(clone: Path, tag: str, scripts: dict[str, str]) -> None:
    for name, text in scripts.items():
        (clone / name).parent.mkdir(parents=True, exist_ok=True)
        (clone / name).write_text(text)
    git(clone, "add", ".")
    git(clone, "commit", "-m", tag)
    git(clone, "tag", tag)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    folder = tmp_path / "clone"
    folder.mkdir()
    git(folder, "init")
    committed(folder, "2.3.1", {"examples/taken.py": TAKEN, "examples/crashed.py": CRASHED,
                                "examples/notes.md": "no script", "other/left_out.py": CRASHED})
    committed(folder, "v3.0.0", {
        "examples/keras_io/a/files.py": FILES, "examples/keras_io/without.py": WITHOUT,
        "guides/refused.py": REFUSED, "guides/lacks.py": LACKS, "guides/asleep.py": ASLEEP})
    return folder


def told(clone: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(TOOL), str(clone), *more], text=True, cwd=clone.parent,
                          capture_output=True, timeout=600, env=dict(os.environ))


def test_what_came_of_each_script(clone):
    file, outputs = clone.parent / "answers.json", clone.parent / "outputs"
    outputs.mkdir()
    wanted = "taken,files,refused,crashed,without,lacks"
    done = told(clone, "--json", str(file), "--outputs", str(outputs), "--only", wanted, "--timed")
    assert done.returncode == 0, done.stderr
    answers = {Path(one["path"]).name: one for one in json.loads(file.read_text())}
    outcomes = {name: one["outcome"] for name, one in answers.items()}
    assert outcomes == {
        "taken.py": "taken", "files.py": "taken", "refused.py": "refused", "crashed.py": "crashed",
        "without.py": "without", "lacks.py": "without"}
    assert answers["taken.py"]["engine"] == "native"
    assert answers["taken.py"]["one"] > 0 and answers["files.py"]["captured"] > 0
    assert "7,850 weights" in answers["taken.py"]["training"]
    assert "not compiled" in answers["refused.py"]["why"]
    assert "a_package_that_nobody_has is not installed" in answers["lacks.py"]["why"]
    assert "of its own" in answers["crashed.py"]["why"]
    assert "Of the 4 that train a single network and lack nothing, 2 were taken (50 %)." in done.stdout
    assert "nothing to train" in (outputs / "v3.0.0-examples-keras_io-without.py.txt").read_text()
    assert sorted(os.listdir(clone.parent)) == ["answers.json", "clone", "outputs"]
    again = told(clone, "--json", str(file), "--only", "asleep", "--seconds", "2")
    assert "ran longer than 2 s" in again.stdout and len(json.loads(file.read_text())) == 7


def test_a_clone_without_the_tags_is_told_what_to_fetch(tmp_path):
    git(tmp_path, "init")
    done = told(tmp_path)
    assert done.returncode == 1 and "has no tag 2.3.1. Fetch it: git -C" in done.stderr
