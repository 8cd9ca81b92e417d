"""Networks as people write them agree with the Keras engine seed for seed, dropout's masks too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from recipes import Watched, recipe
from unstuck.network.recipe import Recipe
from unstuck.population.choice import engine_for
from unstuck.population.keras_engine.engine import KerasEngine
from unstuck.population.keras_engine.program import program_key
from unstuck.population.keras_engine.strategies import StepByStep
from unstuck.population.program_engine import strategy
from unstuck.population.program_engine.engine import ProgramEngine

NETWORKS: dict[str, Callable[[], Recipe]] = {}
DRAWS = np.random.default_rng(0)
UPDATES = 20


def network(make: Callable[[], Recipe]) -> Callable[[], Recipe]:
    """Register a network."""
    NETWORKS[make.__name__] = make
    return make


def normal(*shape: int) -> Any:
    """Standard normal numbers."""
    return DRAWS.normal(size=shape).astype("float32")


def trained(model: keras.Model, loss: Any, x: Any, y: Any, rows: int = 8) -> Recipe:
    """A recipe of that many updates, one an epoch, so that each shows in the curve."""
    model.compile(keras.optimizers.Adam(1e-3), loss)
    return recipe(model, x[:rows], y[:rows], batch_size=rows, epochs=UPDATES)


@network
def unet() -> Recipe:
    """Batch norm, dropout, a transposed convolution and a skip."""
    def block(x: Any, filters: int) -> Any:
        x = layers.Conv2D(filters, 3, padding="same")(x)
        return layers.ReLU()(layers.BatchNormalization()(x))

    entry = keras.Input((12, 12, 1))
    skip = block(entry, 6)
    x = block(layers.Dropout(0.1)(layers.MaxPooling2D()(skip)), 12)
    x = layers.Conv2DTranspose(6, 2, strides=2, padding="same")(x)
    x = block(layers.Dropout(0.1)(layers.Concatenate()([x, skip])), 6)
    model = keras.Model(entry, layers.Conv2D(1, 1, activation="sigmoid")(x))
    x = normal(8, 12, 12, 1)
    return trained(model, "binary_crossentropy", x, (x > 0).astype("float32"))


@network
def transformer() -> Recipe:
    """A block with the norm behind it."""
    entry = keras.Input((16,), dtype="int32")
    x = layers.Embedding(20, 32)(entry)
    attended = layers.MultiHeadAttention(4, 8, dropout=0.1)(x, x)
    x = layers.LayerNormalization()(layers.Add()([x, attended]))
    hidden = layers.Dense(32)(layers.Dense(64, activation="gelu")(x))
    x = layers.LayerNormalization()(layers.Add()([x, hidden]))
    x_in = DRAWS.integers(0, 20, (8, 16)).astype("int32")
    return trained(keras.Model(entry, layers.Dense(20)(x)),
                   keras.losses.SparseCategoricalCrossentropy(from_logits=True), x_in, x_in[:, ::-1])


@network
def conv_classifier() -> Recipe:
    """Convolutions, pooling, dropout."""
    model = keras.Sequential([
        keras.Input((12, 12, 1)), layers.Conv2D(6, 3, activation="relu"), layers.MaxPooling2D(),
        layers.Dropout(0.3), layers.Flatten(), layers.Dense(4, activation="softmax")])
    x, y = normal(8, 12, 12, 1), DRAWS.integers(0, 4, 8)
    return trained(model, "sparse_categorical_crossentropy", x, y)


class Sampled(layers.Layer):  # type: ignore[misc]
    """Draws a code, and adds its divergence to the loss."""

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self.seeds = keras.random.SeedGenerator(3)

    def call(self, inputs: Any) -> Any:
        """A code of each row."""
        mean, spread = inputs
        ops = keras.ops
        self.add_loss(-0.01 * ops.mean(ops.sum(1 + spread - mean**2 - ops.exp(spread), axis=-1)))
        return mean + ops.exp(0.5 * spread) * keras.random.normal(ops.shape(mean), seed=self.seeds)


@network
def vae() -> Recipe:
    """Random numbers of a layer of one's own, and what it adds to the loss."""
    entry = keras.Input((8, 8, 1))
    hidden = layers.Dense(16, activation="relu")(layers.Flatten()(entry))
    code = Sampled()([layers.Dense(3)(hidden), layers.Dense(3)(hidden)])
    back = layers.Reshape((4, 4, 4))(layers.Dense(64, activation="relu")(code))
    back = layers.Conv2DTranspose(1, 3, strides=2, padding="same", activation="sigmoid")(back)
    x = DRAWS.uniform(size=(8, 8, 8, 1)).astype("float32")
    return trained(keras.Model(entry, back), "mse", x, x)


@network
def embedding_lstm() -> Recipe:
    """A lookup and a loop, with a dropout in it."""
    model = keras.Sequential([
        keras.Input((7,), dtype="int32"), layers.Embedding(12, 6),
        layers.LSTM(8, recurrent_dropout=0.2), layers.Dense(1, activation="sigmoid")])
    return trained(model, "binary_crossentropy", DRAWS.integers(0, 12, (8, 7)).astype("int32"),
                   DRAWS.integers(0, 2, (8, 1)).astype("float32"))


@pytest.mark.parametrize("name", NETWORKS)
def test_twenty_updates_agree_with_the_keras_engine(name: str) -> None:
    keras.utils.clear_session()
    keras.utils.set_random_seed(1)
    one = NETWORKS[name]()
    native, compiling = ProgramEngine(tiny=True), KerasEngine()
    # From one built model: with each build Keras numbers a layer's inner layers anew, and their seeds.
    compiled = native._compiled_for(one)
    compiling._compiled[program_key(one)] = replace(compiled, strategy=StepByStep(compiled.program))
    here, there = (engine.train(one, [3, 5], Watched(one.x), keep_weights=True)
                   for engine in (native, compiling))

    np.testing.assert_allclose(here.loss[:, 0], there.loss[:, 0], rtol=2e-6)
    np.testing.assert_allclose(here.loss, there.loss, rtol=2e-5)
    assert here.weights is not None and there.weights is not None
    for path, value in there.weights.items():
        # Adam makes whole steps of a gradient that is all rounding, as that of a bias before a norm.
        np.testing.assert_allclose(here.weights[path], value, atol=2e-4, err_msg=path)
    for moment, readings in there.readings.items():
        mine = here.readings[moment]
        # At the end the weights differ by rounding, which a gradient after batch norm enlarges.
        close = 1e-3 if moment == "start" else 1e-2
        for probe in ("gradient_norm", "weight_norm", "spread"):
            np.testing.assert_allclose(getattr(mine, probe), getattr(readings, probe),
                                       rtol=close, atol=1e-4, err_msg=f"{moment} {probe}")
        np.testing.assert_allclose(mine.dead, readings.dead, atol=5e-3)  # a unit may be at the edge


def test_a_network_of_convolutions_is_trained_here() -> None:
    one = NETWORKS["conv_classifier"]()
    engine, refused = engine_for(one)
    assert engine.name == "program"
    assert refused is not None and "Conv2D" in refused  # the native engine's reason


def test_what_cannot_be_traced_for_the_machine_goes_to_keras_and_is_named() -> None:
    entry = keras.Input((8, 8, 1))
    x = layers.Lambda(lambda a: keras.ops.fft2((a[..., 0], a[..., 0] * 0))[0],
                      output_shape=(8, 8))(entry)
    model = keras.Model(entry, layers.Dense(4)(layers.Flatten()(x)))
    one = trained(model, "mse", normal(600, 8, 8, 1), normal(600, 4), rows=600)
    reason = ProgramEngine().refuses(one)
    assert reason is not None and reason.startswith("The program engine ")
    assert engine_for(one)[0].name == "keras"


def test_changes_of_numbers_trace_nothing_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    one = NETWORKS["conv_classifier"]()
    engine = ProgramEngine()
    engine.train(one, [1], Watched(one.x), probes=False)
    traced = []
    real = strategy.Traced
    monkeypatch.setattr(strategy, "Traced", lambda *a, **k: traced.append(a) or real(*a, **k))
    warmer = replace(one.with_optimizer(learning_rate=0.5), epochs=3)
    first = engine.train(warmer, [1], Watched(one.x), probes=False)
    other = engine.train(replace(warmer, x=one.x * 9), [2], Watched(one.x), probes=False)
    assert not traced
    assert first.loss.shape == (1, 3) and not np.allclose(first.loss, other.loss)


def test_the_smallest_dense_networks_are_left_to_those_that_train_many_side_by_side() -> None:
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3), layers.Dense(2)])
    reason = ProgramEngine().refuses(trained(model, "mse", normal(8, 4), normal(8, 2)))
    assert reason is not None and "smallest dense networks" in reason
