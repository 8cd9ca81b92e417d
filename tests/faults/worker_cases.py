"""Recipes that travel to other processes, for tests and benchmarks."""

from __future__ import annotations

import os

import keras
import numpy as np

from recipes import recipe
from unstuck.network.recipe import Recipe

KEPT: list[object] = []


def grown(megabytes: int) -> int:
    """The number of a process that holds so much more from now on."""
    KEPT.append(np.ones(megabytes * 125_000))
    return os.getpid()


def lstm(rows: int = 64, *, units: int = 8, steps: int = 10, epochs: int = 3) -> Recipe:
    """A small recurrent network on noise."""
    draw = np.random.default_rng(0)
    x = draw.normal(size=(rows, steps, 3)).astype("float32")
    y = (x.sum((1, 2)) > 0).astype("float32")[:, None]
    model = keras.Sequential([keras.Input((steps, 3), name="in"),
                              keras.layers.LSTM(units, name="lstm"),
                              keras.layers.Dropout(0.1, name="drop"),
                              keras.layers.Dense(1, activation="sigmoid", name="out")])
    model.compile(loss=keras.losses.BinaryCrossentropy(label_smoothing=0.1),
                  optimizer=keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.01, 50)),
                  metrics=["accuracy"])
    return recipe(model, x, y, epochs=epochs, batch_size=16, validation_split=0.25,
                  metrics=["accuracy"])
