"""Probe readings on networks small enough to be reckoned by hand or asked of Keras."""

from __future__ import annotations

from typing import Any

import jax
import keras
import numpy as np
import pytest
from keras import layers

from unstuck.capture import capture_model
from unstuck.population.keras_engine.engine import KerasEngine
from unstuck.population.native_engine import probes as native_probes
from unstuck.population.population import Population

X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)


class Rows:
    """A yardstick that asks for nothing but its rows."""

    keeps_outputs = keeps_codes = True

    def __init__(self, inputs: Any) -> None:
        self.inputs = inputs

    def score(self, recipe: Any, outputs: Any, final_loss: Any) -> Any:
        """No scores."""
        return np.zeros((len(outputs), 3))


def trained(model: keras.Model, x: Any, y: Any, start: dict[str, Any] | None = None,
            **fit: Any) -> Population:
    """Two replicas, trained for an epoch at rate 0 unless told, so that the end is the start."""
    recipe = capture_model(model, x, y, **{"batch_size": 4, "epochs": 1, **fit}).recipe
    begin = None if start is None else {k: np.stack([v, v]).astype("float32")
                                        for k, v in start.items()}
    return KerasEngine().train(recipe, [1, 2], Rows(x), start=begin)


@pytest.fixture(scope="module")
def by_hand() -> Population:
    """A network whose weights are given, one relu unit of two dead, and its readings."""
    model = keras.Sequential([
        keras.Input((2,)),
        layers.Dense(2, activation="relu", name="hidden"),
        layers.Dense(2, activation="sigmoid", name="steep"),
        layers.ReLU(name="rectified"),
        layers.Dense(1, name="out"),
    ])
    model.compile(keras.optimizers.SGD(0.0), "mse")
    return trained(model, X, X[:, :1], {
        "hidden/kernel": np.array([[1, -1], [0, -1]]), "hidden/bias": np.zeros(2),
        "steep/kernel": np.array([[20, 0], [0, 0]]), "steep/bias": np.array([-10, 0]),
        "out/kernel": np.array([[1], [0]]), "out/bias": np.zeros(1),
    })


def test_layers_are_read_in_order(by_hand: Population) -> None:
    assert by_hand.readings["end"].layers == ("hidden", "steep", "rectified", "out")


def test_dead_units_are_counted_where_a_relu_is(by_hand: Population) -> None:
    end = by_hand.readings["end"]
    assert end.of("dead", "hidden").tolist() == [0.5, 0.5]
    assert end.of("dead", "rectified").tolist() == [0, 0]
    assert np.isnan(end.of("dead", "out")).all()


def test_saturated_outputs_are_counted(by_hand: Population) -> None:
    end = by_hand.readings["end"]
    assert end.of("saturated", "steep").tolist() == [0.5, 0.5]
    assert np.isnan(end.of("saturated", "hidden")).all()


def test_rows_that_differ_are_counted(by_hand: Population) -> None:
    end = by_hand.readings["end"]
    assert end.distinct.tolist() == [[2, 2, 2, 2]] * 2


def test_spread_and_norms(by_hand: Population) -> None:
    end = by_hand.readings["end"]
    assert end.of("spread", "hidden") == pytest.approx(np.std([0, 0, 0, 0, 1, 0, 1, 0]))
    assert end.of("weight_norm", "hidden") == pytest.approx(3**0.5)
    assert np.isnan(end.of("weight_norm", "rectified")).all()
    # out = s, s = sigmoid(±10), targets 0 and 1: the error is 1/(1 + e^10) in size, both ways.
    error = 1 / (1 + np.exp(10.0))
    by_kernel, by_bias = 2 * np.array([0.5 * error * (error - (1 - error)), 0.0])
    rest = 2 * 0.5 * np.mean([error, error, -error, -error])
    wanted = np.sqrt(by_kernel**2 + rest**2 + by_bias**2)
    assert end.of("gradient_norm", "out") == pytest.approx(wanted, rel=1e-3)


def test_gradients_are_kerass_own() -> None:
    inputs = keras.Input((2,))
    normed = layers.BatchNormalization(name="normed")(layers.Dense(3, name="first")(inputs))
    model = keras.Model(inputs, layers.Dense(1, name="last", kernel_regularizer="l2")(normed))
    model.compile("adam", "mse")
    recipe = capture_model(model, X, X[:, 1:], batch_size=2, epochs=3).recipe
    population = KerasEngine().train(recipe, [4, 5], Rows(X), keep_weights=True)
    assert population.weights is not None
    built = recipe.build().model
    values = [population.weights[v.path][1] for v in built.trainable_variables]
    others = [population.weights[v.path][1] for v in built.non_trainable_variables]
    metrics = [v.value for v in built.metrics_variables]
    gradients = jax.grad(lambda v: built.compute_loss_and_updates(
        v, others, metrics, X, X[:, 1:], None, training=False)[0])(values)
    for name in ("first", "normed", "last"):
        mine = [np.asarray(g) for v, g in zip(built.trainable_variables, gradients, strict=True)
                if v.path.startswith(name)]
        norm = np.sqrt(sum((g**2).sum() for g in mine))
        assert population.readings["end"].of("gradient_norm", name)[1] == pytest.approx(norm, 1e-4)
    assert (population.readings["start"].gradient_norm != 0).all()


def test_distinct_rows_are_told_apart_in_wide_layers() -> None:
    rows = np.random.default_rng(0).normal(size=(90, 6)).astype("float32")
    rows[60:] = rows[:30]
    model = keras.Sequential([keras.Input((6,)), layers.Dense(50, name="wide"), layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.0), "mse")
    end = trained(model, rows, rows[:, :1]).readings["end"]
    assert end.of("distinct", "wide").tolist() == [60, 60]


def test_nested_and_shared_layers() -> None:
    entry = keras.Input((2,))
    inside = keras.Model(entry, layers.Dense(2, activation="relu", name="deep")(entry), name="in")
    shared = layers.Dense(2, name="shared")
    inputs = keras.Input((2,))
    model = keras.Model(inputs, layers.Dense(1, name="out")(shared(shared(inside(inputs)))))
    model.compile("sgd", "mse")
    readings = trained(model, X, X[:, :1]).readings["end"]
    assert readings.layers == ("in", "out")
    assert (readings.of("gradient_norm", "out") > 0).all()


class Subclassed(keras.Model):  # type: ignore[misc]
    """A model whose layers' outputs are not to be had."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.last = layers.Dense(1)

    def call(self, x: Any) -> Any:
        """A line."""
        return self.last(x)


def test_a_subclassed_model_has_no_readings() -> None:
    model = Subclassed()
    model.compile("sgd", "mse")
    population = trained(model, X, X[:, :1])
    assert population.readings == {}
    assert population.outputs is not None
    assert population.outputs.shape == (2, 4, 1)


def test_codes_are_the_narrowest_layers_outputs(by_hand: Population) -> None:
    assert by_hand.code_layer == "hidden"
    assert by_hand.codes is not None
    np.testing.assert_array_equal(by_hand.codes[0], [[0, 0], [0, 0], [1, 0], [1, 0]])


@pytest.mark.parametrize("units", [1, 2, 3, 16])
def test_a_difference_in_any_one_unit_is_seen(units: int) -> None:
    """Rows that differ by a thousandth of the range in one unit, whichever it is, are two."""
    for unit in range(units):
        out = np.zeros((1, 3, units), np.float32)
        out[0, 0] = 1.0
        out[0, 1, unit] = 1e-3
        assert native_probes._distinct(out).tolist() == [3.0], unit
    assert native_probes._distinct(np.ones((1, 3, units), np.float32)).tolist() == [1.0]
