"""What `unstuck.Callback()` costs a training: Keras's `fit` with it and without, in one run.

    python benchmarks/callback.py [--rounds N] [--epochs N]

Each line is one network: seconds of `fit` without the callback and with it, in processor time of all
threads and in wall time, and their ratios, medians over rounds that take turns. The step is compiled
before; the callback is made before `fit` begins, as in a script. Processor time is what to read on a
busy machine.
"""

from __future__ import annotations

import argparse
import io
import os
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras
import numpy as np
from keras import layers

import unstuck

Training = tuple[keras.Model, dict[str, Any]]


def classes(rows: int, columns: int) -> tuple[Any, Any]:
    """Two classes with a curved border between them."""
    x = np.random.default_rng(0).normal(size=(rows, columns)).astype("float32")
    return x, (np.sin(2 * x[:, 0]) > x[:, 1]).astype("float32")


def dense() -> Training:
    """4,000 rows of 20 numbers, 32,000 parameters."""
    model = keras.Sequential([
        keras.Input((20,)), layers.Dense(128, "relu"), layers.Dropout(0.2),
        layers.Dense(128, "relu"), layers.Dense(96, "relu"), layers.Dense(1, "sigmoid")])
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    x, y = classes(4000, 20)
    return model, {"x": x, "y": y, "batch_size": 32, "epochs": 40, "validation_split": 0.2}


def images() -> Training:
    """1,000 images of 16 × 16, a small convolutional network."""
    model = keras.Sequential([
        keras.Input((16, 16, 1)), layers.Conv2D(8, 3, activation="relu"), layers.MaxPooling2D(),
        layers.Conv2D(16, 3, activation="relu"), layers.Flatten(), layers.Dense(1, "sigmoid")])
    model.compile("adam", "binary_crossentropy")
    x, y = classes(1000, 256)
    return model, {"x": x.reshape(-1, 16, 16, 1), "y": y, "batch_size": 32, "epochs": 40}


def seconds(make: Callable[[], Training], epochs: int | None, *, watched: bool) -> tuple[float, float]:
    """Processor and wall seconds of one `fit`, compiled before it is timed."""
    keras.utils.set_random_seed(1)
    model, fit = make()
    fit["epochs"] = epochs or fit["epochs"]
    model.fit(**{**fit, "epochs": 1}, verbose=0)
    callbacks = [unstuck.Callback(out=io.StringIO())] if watched else []
    processor, wall = time.process_time(), time.monotonic()
    model.fit(**fit, verbose=0, callbacks=callbacks)
    return time.process_time() - processor, time.monotonic() - wall


def main() -> None:
    """Print a line for each network."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--epochs", type=int)
    asked = parser.parse_args()
    print(f"{'network':8s} {'without':>9s} {'with':>9s} {'ratio':>6s}   {'wall':>15s} {'ratio':>6s}")
    for make in (dense, images):
        runs = np.asarray([[seconds(make, asked.epochs, watched=watched)
                            for watched in (False, True)] for _ in range(asked.rounds)])
        (without, wall), (watched, wall_watched) = np.median(runs, axis=0)
        ratio, wall_ratio = np.median(runs[:, 1] / runs[:, 0], axis=0)
        print(f"{make.__name__:8s} {without:8.2f}s {watched:8.2f}s {ratio:6.3f}   {wall:6.1f}s"
              f" {wall_watched:6.1f}s {wall_ratio:6.3f}", flush=True)


if __name__ == "__main__":
    main()
