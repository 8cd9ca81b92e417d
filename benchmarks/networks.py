"""Networks that are not tiny: Keras's own `fit` beside a training of the program engine, in one run.

Each network is trained in two processes of its own, so that memory and imports do not mix: by Keras's
`fit`, twice (the first one compiles), and by the engine, on as many threads as there are cores. Seconds
are wall-clock; of several, the least. "one training" is the time of a batch of replicas divided by
their number, all cores busy. Processor seconds of a training, of all cores together, hold on a machine
that is busy with something else too. Operations counted are the multiply-adds of products and
convolutions, two each, padding included. Say with the figures what else the machine was doing.

    python benchmarks/networks.py [--rounds 3] [network ...]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras
import numpy as np
from keras import layers

from unstuck.network.architecture import Architecture
from unstuck.network.optimizer import Optimizer
from unstuck.network.recipe import Recipe
from unstuck.population.keras_engine.engine import Compiled
from unstuck.population.program_engine.engine import ProgramEngine
from unstuck.population.program_engine.strategy import Interpreted

Training = tuple[keras.Model, dict[str, Any]]
NETWORKS: dict[str, Callable[[], Training]] = {}
DRAWS = np.random.default_rng(0)


def network(make: Callable[[], Training]) -> Callable[[], Training]:
    NETWORKS[make.__name__] = make
    return make


def normal(*shape: int) -> Any:
    return DRAWS.normal(size=shape).astype("float32")


def labels(rows: int, count: int) -> Any:
    return DRAWS.integers(0, count, rows)


@network
def unet() -> Training:
    def block(x: Any, filters: int) -> Any:
        for _ in range(2):
            x = layers.BatchNormalization()(layers.Conv2D(filters, 3, padding="same")(x))
            x = layers.ReLU()(x)
        return x

    entry = keras.Input((24, 24, 1))
    x, skips = entry, []
    for filters in (6, 12):
        skips.append(block(x, filters))
        x = layers.Dropout(0.1)(layers.MaxPooling2D()(skips[-1]))
    x = block(x, 24)
    for filters, skip in zip((12, 6), skips[::-1], strict=True):
        x = layers.Conv2DTranspose(filters, 2, strides=2, padding="same")(x)
        x = block(layers.Dropout(0.1)(layers.Concatenate()([x, skip])), filters)
    model = keras.Model(entry, layers.Conv2D(1, 1, activation="sigmoid")(x))
    model.compile("adam", "binary_crossentropy")
    x = normal(160, 24, 24, 1)
    return model, {"x": x, "y": (x > 0).astype("float32"), "batch_size": 8, "epochs": 15}


@network
def transformer() -> Training:
    entry = keras.Input((16,), dtype="int32")
    x = layers.Embedding(50, 32)(entry)
    for _ in range(8):
        x = layers.LayerNormalization()(layers.Add()([x, layers.MultiHeadAttention(4, 8)(x, x)]))
        hidden = layers.Dense(32)(layers.Dense(64, activation="gelu")(x))
        x = layers.LayerNormalization()(layers.Add()([x, hidden]))
    model = keras.Model(entry, layers.Dense(50)(x))
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    x = labels((1920, 16), 50)  # type: ignore[arg-type]
    return model, {"x": x, "y": x[:, ::-1].copy(), "batch_size": 64, "epochs": 2}


@network
def conv_classifier() -> Training:
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(16, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Dropout(0.3),
            layers.Flatten(),
            layers.Dense(32, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy")
    return model, {"x": normal(960, 28, 28, 1), "y": labels(960, 10), "batch_size": 32, "epochs": 3}


@network
def denoiser() -> Training:
    entry = keras.Input((28, 28, 1))
    first = layers.Conv2D(16, 3, padding="same", activation="relu")(entry)
    inner = layers.Conv2D(24, 3, strides=2, padding="same", activation="relu")(first)
    inner = layers.Conv2D(24, 3, padding="same", activation="relu")(inner)
    back = layers.Conv2D(16, 3, padding="same", activation="relu")(layers.UpSampling2D()(inner))
    model = keras.Model(entry, layers.Conv2D(1, 3, padding="same")(layers.Add()([first, back])))
    model.compile("adam", "mse")
    x = normal(640, 28, 28, 1)
    return model, {"x": x, "y": x, "batch_size": 32, "epochs": 3}


class Sampled(layers.Layer):  # type: ignore[misc]
    """Draws a code, and adds its divergence to the loss."""

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self.seeds = keras.random.SeedGenerator(3)

    def call(self, inputs: Any) -> Any:
        mean, spread = inputs
        ops = keras.ops
        self.add_loss(-0.005 * ops.mean(ops.sum(1 + spread - mean**2 - ops.exp(spread), axis=-1)))
        return mean + ops.exp(0.5 * spread) * keras.random.normal(ops.shape(mean), seed=self.seeds)


@network
def vae() -> Training:
    entry = keras.Input((12, 12, 1))
    hidden = layers.Conv2D(8, 3, strides=2, padding="same", activation="relu")(entry)
    hidden = layers.Dense(32, activation="relu")(layers.Flatten()(hidden))
    code = Sampled()([layers.Dense(4)(hidden), layers.Dense(4)(hidden)])
    back = layers.Reshape((6, 6, 8))(layers.Dense(288, activation="relu")(code))
    back = layers.Conv2DTranspose(8, 3, strides=2, padding="same", activation="relu")(back)
    model = keras.Model(entry, layers.Conv2D(1, 3, padding="same", activation="sigmoid")(back))
    model.compile("adam", "mse")
    x = DRAWS.uniform(size=(512, 12, 12, 1)).astype("float32")
    return model, {"x": x, "y": x, "batch_size": 32, "epochs": 10}


@network
def siamese() -> Training:
    entry = keras.Input((28, 28, 1))
    inner = layers.MaxPooling2D()(layers.Conv2D(8, 3, activation="relu")(entry))
    inner = layers.MaxPooling2D()(layers.Conv2D(16, 3, activation="relu")(inner))
    tower = keras.Model(entry, layers.Dense(32)(layers.Flatten()(inner)))
    one, two = keras.Input((28, 28, 1)), keras.Input((28, 28, 1))
    apart = layers.Subtract()([tower(one), tower(two)])
    model = keras.Model(
        [one, two], layers.Dense(1, activation="sigmoid")(layers.Multiply()([apart, apart]))
    )
    model.compile("adam", "binary_crossentropy")
    x = [normal(640, 28, 28, 1), normal(640, 28, 28, 1)]
    return model, {"x": x, "y": labels(640, 2).astype("float32"), "batch_size": 32, "epochs": 3}


@network
def embedding_lstm() -> Training:
    model = keras.Sequential(
        [
            keras.Input((20,), dtype="int32"),
            layers.Embedding(100, 16),
            layers.LSTM(32),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile("adam", "binary_crossentropy")
    x = labels((640, 20), 100)  # type: ignore[arg-type]
    return model, {"x": x, "y": labels(640, 2).astype("float32"), "batch_size": 32, "epochs": 10}


@network
def mnist_mlp() -> Training:
    model = keras.Sequential(
        [
            keras.Input((784,)),
            layers.Dense(512, activation="relu"),
            layers.Dropout(0.2),
            layers.Dense(512, activation="relu"),
            layers.Dropout(0.2),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("rmsprop", "sparse_categorical_crossentropy")
    return model, {"x": normal(6400, 784), "y": labels(6400, 10), "batch_size": 128, "epochs": 2}


class Few:
    """A yardstick of a few rows that scores nothing."""

    keeps_outputs = keeps_codes = False

    def __init__(self, x: Any) -> None:
        self.inputs = keras.tree.map_structure(lambda a: a[:4], x)

    def score(self, recipe: Recipe, outputs: Any, final_loss: Any) -> Any:
        return np.zeros((len(keras.tree.flatten(outputs)[0]), 3))


def memory() -> float:
    """Most that was resident, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def by_keras(name: str, rounds: int) -> dict[str, float]:
    model, fit = NETWORKS[name]()
    taken, worked = [], []
    for _ in range(1 + rounds):
        begun, before = time.perf_counter(), time.process_time()
        model.fit(**fit, verbose=0)
        taken.append(time.perf_counter() - begun)
        worked.append(time.process_time() - before)
    updates = fit["epochs"] * -(-len(keras.tree.flatten(fit["x"])[0]) // fit["batch_size"])
    return {
        "first": taken[0],
        "second": min(taken[1:]),
        "worked": min(worked[1:]),
        "memory": memory(),
        "weights": model.count_params(),
        "updates": updates,
    }


def operations(compiled: Compiled) -> float:
    """Floating-point operations of products and convolutions in one update."""
    assert isinstance(compiled.strategy, Interpreted)
    total = 0.0
    for node in compiled.strategy.step.nodes:
        name = getattr(node, "operation", "")
        words = list(getattr(node, "words", ()))
        if name == "product":
            batches = np.prod(words[13::4])
            total += 2.0 * batches * words[5] * words[6] * words[7]
        elif name in ("convolve", "correlate"):
            at = 5 if name == "convolve" else 6
            batch, groups, ins, outs = words[at : at + 4]
            places = np.prod([words[at + 4 + 7 * i + 1] * words[at + 4 + 7 * i + 2] for i in range(3)])
            total += 2.0 * batch * groups * ins * outs * places
    return total


def by_engine(name: str, rounds: int) -> dict[str, float]:
    model, fit = NETWORKS[name]()
    x, y = fit.pop("x"), fit.pop("y")
    recipe = Recipe(
        architecture=Architecture(source=model),
        optimizer=Optimizer.of(model.optimizer),
        loss=model.loss,
        x=x,
        y=y,
        **fit,
    )
    cores, yardstick = os.cpu_count() or 1, Few(x)
    engine = ProgramEngine()
    begun = time.perf_counter()
    refused = engine.refuses(recipe)
    if refused is not None:
        raise SystemExit(refused)
    traced = time.perf_counter() - begun
    engine.train(recipe, range(1), yardstick, probes=False)  # what else there is to trace
    taken, worked = [], []
    for i in range(rounds):
        begun, before = time.perf_counter(), time.process_time()
        engine.train(recipe, range(10 + i * cores, 10 + (i + 1) * cores), yardstick, probes=False)
        taken.append((time.perf_counter() - begun) / cores)
        worked.append((time.process_time() - before) / cores)
    return {
        "each": min(taken),
        "worked": min(worked),
        "traced": traced,
        "memory": memory(),
        "operations": operations(engine._compiled_for(recipe)),
    }


def measured(name: str, how: str, rounds: int) -> dict[str, float]:
    """What a process of its own measures."""
    command = [sys.executable, __file__, name, "--by", how, "--rounds", str(rounds)]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return dict(json.loads(out.splitlines()[-1]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("networks", nargs="*", default=list(NETWORKS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--by", choices=("keras", "engine"))
    asked = parser.parse_args()
    if asked.by:
        work = by_keras if asked.by == "keras" else by_engine
        print(json.dumps(work(asked.networks[0], asked.rounds), default=float))
        return
    print(
        "| network | weights | updates | Keras's first `fit` | its second | one training here | ratio |"
        " processor seconds, Keras's and here | ratio | GFLOP/s of a core | seconds to trace |"
        " MiB, Keras's and here |"
    )
    print("|" + "---|" * 12)
    for name in asked.networks:
        keras_, here = measured(name, "keras", asked.rounds), measured(name, "engine", asked.rounds)
        speed = here["operations"] * keras_["updates"] / here["worked"] / 1e9
        print(
            f"| {name} | {keras_['weights']:,.0f} | {keras_['updates']:.0f} | {keras_['first']:.1f} s |"
            f" {keras_['second']:.2f} s | {here['each']:.2f} s |"
            f" {keras_['second'] / here['each']:.1f} × |"
            f" {keras_['worked']:.2f}, {here['worked']:.2f} |"
            f" {keras_['worked'] / here['worked']:.1f} × | {speed:.0f} | {here['traced']:.1f} |"
            f" {keras_['memory']:.0f}, {here['memory']:.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
