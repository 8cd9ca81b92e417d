"""Scripts to capture, written to a directory of their own."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

os.environ.setdefault("KERAS_BACKEND", "jax")

DATA = """
import numpy as np
import keras
from keras import layers
x = np.random.default_rng(0).integers(0, 2, (40, 2)).astype("float32")
"""

MODEL = """
model = keras.Sequential([keras.Input((2,)), layers.Dense(3, activation="relu"), layers.Dense(2)])
model.compile(optimizer="adam", loss="mse")
"""


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes a script; `$DATA` and `$MODEL` stand for imports with data, and a small model."""

    def write(source: str, name: str = "train.py") -> Path:
        text = textwrap.dedent(source).replace("$DATA", DATA).replace("$MODEL", MODEL)
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_bytes(text.encode())
        return path

    return write


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keras's own warnings about scripts, and about numpy, are no errors of ours."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings("ignore:__array__ impl:DeprecationWarning"))
            item.add_marker(pytest.mark.filterwarnings("ignore:Do not pass an `input_shape`"))
