"""Layers over sequences in the native engine: trained as Keras's own fit trains them."""

from __future__ import annotations

import os
from typing import Any

import keras
import numpy as np
import pytest

from population.native_cases import (
    ROWS,
    Watched,
    assert_same_readings,
    assert_same_training,
    recipe_of,
)
from unstuck.network.rebuilding import rebuilt
from unstuck.population.native_engine.engine import MISSING, NativeEngine

pytestmark = [
    pytest.mark.skipif(MISSING is not None, reason=str(MISSING)),
    pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning"),
]

layers, o = keras.layers, keras.optimizers
slow_unless_asked = pytest.mark.skipif("UNSTUCK_SLOW" not in os.environ, reason="UNSTUCK_SLOW=1")
STEPS, FEATURES = 5, 3


def rows(seed: int = 0) -> Any:
    return np.random.default_rng(seed).normal(size=(ROWS, STEPS, FEATURES)).astype(np.float32)


def sequence(*inner: Any) -> Any:
    return keras.Sequential([keras.Input((STEPS, FEATURES)), *inner])


RECURRENT: dict[str, Any] = {
    "simple": lambda: layers.SimpleRNN(4),
    "simple with relu": lambda: layers.SimpleRNN(4, activation="relu", use_bias=False),
    "simple with elu": lambda: layers.SimpleRNN(4, activation="elu"),
    "lstm": lambda: layers.LSTM(4),
    "lstm of one unit": lambda: layers.LSTM(1),
    "lstm of nine units": lambda: layers.LSTM(9),
    "lstm with relu": lambda: layers.LSTM(4, activation="relu"),
    "lstm with hard gates": lambda: layers.LSTM(4, recurrent_activation="hard_sigmoid"),
    "lstm without biases": lambda: layers.LSTM(4, use_bias=False),
    "lstm with penalties": lambda: layers.LSTM(
        4, kernel_regularizer="l2", recurrent_regularizer="l1", bias_regularizer="l2",
        activity_regularizer="l2"),
    "lstm backwards": lambda: layers.LSTM(4, go_backwards=True),
    "gru": lambda: layers.GRU(4),
    "gru of five units": lambda: layers.GRU(5),
    "gru with relu": lambda: layers.GRU(4, activation="relu", recurrent_activation="hard_sigmoid"),
    "gru without biases": lambda: layers.GRU(4, use_bias=False),
    "both ways": lambda: layers.Bidirectional(layers.LSTM(3)),
    "both ways, summed": lambda: layers.Bidirectional(layers.GRU(3), merge_mode="sum"),
    "both ways, multiplied": lambda: layers.Bidirectional(layers.SimpleRNN(3), merge_mode="mul"),
    "both ways, averaged": lambda: layers.Bidirectional(layers.LSTM(3), merge_mode="ave"),
}


USUAL = ("simple with elu", "lstm of nine units", "lstm with penalties", "lstm backwards",
         "gru with relu", "gru of five units", "both ways", "both ways, averaged")
"""Those that are compared in every run; the others only where slow tests are asked for."""


@pytest.mark.parametrize("make", [
    pytest.param(make, id=name, marks=() if name in USUAL else (pytest.mark.slow, slow_unless_asked))
    for name, make in RECURRENT.items()])
def test_a_recurrent_layer_is_trained_as_keras_does(make: Any) -> None:
    y = np.random.default_rng(1).normal(size=(ROWS, 2))
    assert_same_training(recipe_of(sequence(make(), layers.Dense(2)), "mse", o.Adam(0.01), rows(), y))


INSIDE: dict[str, Any] = {
    "simple": lambda: layers.SimpleRNN(4, return_sequences=True),
    "lstm": lambda: layers.LSTM(4, return_sequences=True),
    "lstm backwards": lambda: layers.LSTM(4, go_backwards=True, return_sequences=True),
    "gru": lambda: layers.GRU(4, return_sequences=True),
    "both ways": lambda: layers.Bidirectional(layers.LSTM(3, return_sequences=True)),
    "both ways, summed": lambda: layers.Bidirectional(
        layers.GRU(4, return_sequences=True), merge_mode="sum"),
}


ENDS: dict[str, Any] = {
    "stacked": lambda: [layers.GRU(3), layers.Dense(2)],
    "at each step": lambda: [
        layers.TimeDistributed(layers.Dense(4, "relu", kernel_regularizer="l2")),
        layers.Dense(2, "softmax"), layers.Flatten(), layers.Dense(2)],
    "averaged": lambda: [layers.GlobalAveragePooling1D(), layers.Dense(2)],
}
PAIRS = (("lstm", "stacked"), ("both ways", "at each step"), ("lstm backwards", "at each step"),
         ("both ways, summed", "averaged"))
"""Likewise."""


@pytest.mark.parametrize(("make", "end"), [
    pytest.param(make, end, id=f"{name}, {last}", marks=() if (name, last) in PAIRS else (
        pytest.mark.slow, slow_unless_asked))
    for name, make in INSIDE.items() for last, end in ENDS.items()])
def test_a_sequence_goes_on_as_in_keras(make: Any, end: Any) -> None:
    y = np.random.default_rng(1).normal(size=(ROWS, 2))
    assert_same_training(recipe_of(sequence(make(), *end()), "mse", o.SGD(0.1), rows(), y))


def test_a_dense_layer_works_on_the_last_of_several_axes() -> None:
    model = sequence(layers.Reshape((STEPS, FEATURES, 1)), layers.Dense(4, "tanh"), layers.Dense(2),
                     layers.Flatten(), layers.Dense(2))
    assert_same_training(recipe_of(model, "mse", o.Adam(0.01), rows(), rows()[:, 0, :2]))


def test_a_sequence_autoencoder_is_trained_as_keras_does() -> None:
    model = sequence(layers.LSTM(4), layers.RepeatVector(STEPS),
                     layers.LSTM(4, return_sequences=True), layers.TimeDistributed(layers.Dense(3)))
    x = rows()
    assert_same_training(recipe_of(model, "mse", o.RMSprop(0.01), x, x, validation_split=0.2))


@pytest.mark.parametrize(("kind", "inner"), [
    ("int64", lambda: [layers.Flatten()]), ("float32", lambda: [layers.GlobalAveragePooling1D()]),
    ("int32", lambda: [layers.LSTM(3)]),
], ids=["flat", "averaged", "lstm"])
def test_words_are_looked_up_as_in_keras(kind: str, inner: Any) -> None:
    rng = np.random.default_rng(2)
    x, y = rng.integers(0, 11, (ROWS, 6)).astype(kind), rng.integers(0, 2, ROWS)
    model = keras.Sequential([
        keras.Input((6,), dtype="float32" if kind == "int64" else kind),
        layers.Embedding(11, 5, embeddings_regularizer="l2"), *inner(),
        layers.Dense(1, "sigmoid")])
    assert_same_training(recipe_of(model, "binary_crossentropy", o.Adam(0.02), x, y[:, None]))


def test_two_features_are_looked_up_side_by_side() -> None:
    entry = keras.Input((4,), dtype="int32")
    both = layers.Concatenate()([layers.Embedding(9, 3)(entry), layers.Embedding(9, 2)(entry)])
    model = keras.Model(entry, layers.Dense(1)(layers.GRU(3)(both)))
    rng = np.random.default_rng(2)
    x, y = rng.integers(0, 9, (ROWS, 4)), rng.normal(size=(ROWS, 1))
    assert_same_training(recipe_of(model, "mse", o.Adam(0.02), x, y))


@pytest.mark.parametrize("inner", [
    lambda: [layers.SpatialDropout1D(0.2), layers.Dense(1)],
    lambda: [layers.SimpleRNN(1, activation=None, dropout=0.2, return_sequences=True)],
], ids=["a layer", "an argument"])
def test_what_is_dropped_of_a_sequence_is_dropped_at_all_steps(inner: Any) -> None:
    """A network that hands ones on: its loss is that of all steps dropped, or of all kept."""
    ones = np.ones((1, STEPS, 1), np.float32)
    model = keras.Sequential([keras.Input((STEPS, 1)), *inner()])
    recipe = recipe_of(model, "mse", o.SGD(0.0), ones, ones, epochs=40, batch_size=1)
    start = {v.path: np.full((32, *v.shape), float(v.name == "kernel"), np.float32)
             for v in rebuilt(recipe.architecture).model.trainable_variables}
    found = NativeEngine().train(recipe, range(32), Watched(ones), start=start)
    gone, kept = np.isclose(found.loss, 1.0), np.isclose(found.loss, (1 / 0.8 - 1) ** 2)
    assert (gone | kept).all()
    assert abs(gone.mean() - 0.2) < 3.3 * np.sqrt(0.2 * 0.8 / gone.size)
    assert len(np.unique(gone, axis=0)) == 32
    np.testing.assert_allclose(found.final_loss, 0, atol=1e-6)  # nothing is dropped in judging


def test_batches_too_large_for_the_cache_are_cut_without_a_difference() -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=(150, 20, 4)).astype(np.float32)
    model = keras.Sequential([keras.Input((20, 4)), layers.LSTM(12), layers.Dense(1)])
    recipe = recipe_of(model, "mse", o.SGD(0.05), x, x[:, :1, 0], batch_size=120, epochs=3)
    assert_same_training(recipe, tolerance=2e-5)


def test_probes_and_outputs_are_those_of_the_keras_engine() -> None:
    from unstuck.population.keras_engine.engine import KerasEngine

    x = rows()
    model = sequence(layers.GRU(4, return_sequences=True), layers.LSTM(3, activation="relu"),
                     layers.Dense(2))
    recipe = recipe_of(model, "mse", o.Adam(0.01), x, x[:, 0, :2])
    native = NativeEngine().train(recipe, [3, 4], Watched(x[:20]))
    slow = KerasEngine().train(recipe, [3, 4], Watched(x[:20]))
    np.testing.assert_allclose(native.loss, slow.loss, rtol=1e-4, atol=1e-5)
    assert native.outputs is not None and slow.outputs is not None
    np.testing.assert_allclose(native.outputs, slow.outputs, atol=1e-4)
    assert_same_readings(native, slow)


@pytest.mark.parametrize(("model", "named"), [
    (lambda: sequence(layers.LSTM(3, recurrent_dropout=0.1), layers.Dense(1)), "drops out between"),
    (lambda: sequence(layers.GRU(3, reset_after=False), layers.Dense(1)), "reset_after"),
    (lambda: sequence(layers.GRU(3, activation="softmax"), layers.Dense(1)), "no activation softmax"),
    (lambda: sequence(layers.LSTM(3, recurrent_activation="elu"), layers.Dense(1)), "no gate elu"),
    (lambda: sequence(layers.LSTM(3, kernel_constraint="non_neg"), layers.Dense(1)), "constraint"),
    (lambda: sequence(layers.Masking(), layers.LSTM(3), layers.Dense(1)), "no masks"),
    (lambda: sequence(layers.TimeDistributed(layers.LayerNormalization()), layers.LSTM(2),
                      layers.Dense(1)), "wraps a LayerNormalization"),
    (lambda: sequence(layers.LSTM(6000), layers.Dense(1)), "beyond the native"),
    (lambda: sequence(layers.Flatten(), layers.Embedding(3, 2), layers.Flatten(), layers.Dense(1)),
     "from 0 to the table's end"),
], ids=lambda value: value if isinstance(value, str) else "")
@pytest.mark.filterwarnings("ignore:Layer .* was passed an input with a mask")
def test_what_is_not_supported_is_refused_by_name(model: Any, named: str) -> None:
    reason = NativeEngine().refuses(recipe_of(model(), "mse", o.SGD(), rows(), rows()[:, 0, :1]))
    assert reason is not None
    assert named in reason


@pytest.mark.parametrize(("x", "embedding"), [
    (np.full((8, 3), 7), {}), (np.full((8, 3), -1), {}), (np.zeros((8, 3)), {"mask_zero": True}),
], ids=["beyond the table", "before it", "masked"])
@pytest.mark.filterwarnings("ignore:Layer .* was passed an input with a mask")
def test_numbers_that_are_not_in_the_table_are_left_to_keras(x: Any, embedding: Any) -> None:
    model = keras.Sequential([keras.Input((3,)), layers.Embedding(7, 2, **embedding), layers.Flatten(),
                              layers.Dense(1)])
    assert NativeEngine().refuses(recipe_of(model, "mse", o.SGD(), x, np.zeros((8, 1)))) is not None
