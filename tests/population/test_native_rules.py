"""Callbacks in the native engine: as Keras's own `fit` with them, and as the Keras engine."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from recipes import dense, recipe
from unstuck.capture import capture_model
from unstuck.network.recipe import Recipe
from unstuck.population.keras_engine.engine import KerasEngine
from unstuck.population.native_engine.engine import MISSING, NativeEngine

pytestmark = pytest.mark.skipif(MISSING is not None, reason=str(MISSING))

stops, plateau = keras.callbacks.EarlyStopping, keras.callbacks.ReduceLROnPlateau
scheduler = keras.callbacks.LearningRateScheduler
CALLBACKS = {
    "validation loss": [stops(patience=2)],
    "best weights, slowing down": [
        stops(patience=3, restore_best_weights=True, min_delta=0.001),
        scheduler(lambda epoch, rate: rate * 0.95)],
    "not stopped, best weights": [stops("val_loss", patience=99, restore_best_weights=True)],
    "two rules": [stops("loss", mode="max", patience=4, start_from_epoch=2),
                  stops("loss", baseline=1e-9, patience=30)],
}


class Watched:
    """A yardstick that scores nothing."""

    keeps_outputs = keeps_codes = False

    def __init__(self, x: Any) -> None:
        self.inputs = x[:5]

    def score(self, recipe: Recipe, outputs: Any, final_loss: Any) -> Any:
        """No scores."""
        return np.zeros((len(outputs), 3))


def trained(callbacks: list[Any]) -> tuple[keras.Model, dict[str, Any]]:
    rng = np.random.default_rng(3)
    model = dense(12, 1, inputs=4, hidden="tanh")
    model.compile(keras.optimizers.Adam(0.05), "binary_crossentropy")
    return model, {"x": rng.normal(size=(52, 4)).astype("float32"),
                   "y": rng.integers(0, 2, (52, 1)).astype("float32"), "validation_split": 0.3,
                   "batch_size": 5, "epochs": 25, "shuffle": False, "callbacks": callbacks}


@pytest.mark.parametrize("name", CALLBACKS)
def test_a_replica_with_callbacks_is_trained_as_keras_trains(name: str) -> None:
    keras.utils.set_random_seed(4)
    model, fit = trained(CALLBACKS[name])
    given = capture_model(model, **fit).recipe
    engine = NativeEngine()
    assert engine.refuses(given) is None
    prefix = f"{model.name}/"
    start = {v.path.removeprefix(prefix): np.stack([0.3 * np.array(v.value), np.array(v.value)])
             for v in model.variables}
    history = model.fit(**fit, verbose=0).history
    population = engine.train(given, [5, 6], Watched(fit["x"]), keep_weights=True, start=start)
    epochs = len(history["loss"])
    assert population.stopped is not None
    assert population.val_loss is not None
    assert population.weights is not None
    assert population.stopped[1] == epochs
    assert (epochs == 25) == name.startswith("not stopped")
    close = {"rtol": 1e-5, "atol": 1e-5}
    np.testing.assert_allclose(population.loss[1, :epochs], history["loss"], **close)
    np.testing.assert_allclose(population.val_loss[1, :epochs], history["val_loss"], **close)
    if "learning_rate" in history:
        np.testing.assert_allclose(
            population.metrics["learning_rate"][1, :epochs], history["learning_rate"], **close)
    for variable in model.variables:
        path = variable.path.removeprefix(prefix)
        np.testing.assert_allclose(
            population.weights[path][1], np.array(variable.value), err_msg=path, **close)
    assert (population.loss[1, epochs:] == population.loss[1, epochs - 1]).all()


def test_both_engines_stop_the_same_replicas_at_the_same_time() -> None:
    model, fit = trained([stops(patience=2, restore_best_weights=True)])
    given = capture_model(model, **{**fit, "shuffle": True}).recipe
    one, other = (engine.train(given, range(20), Watched(fit["x"]), probes=False)
                  for engine in (NativeEngine(), KerasEngine()))
    assert one.stopped is not None
    assert other.stopped is not None
    assert (one.stopped == other.stopped).mean() >= 0.9  # near ties may fall either way
    assert len(set(one.stopped)) > 3
    alike = one.stopped == other.stopped
    np.testing.assert_allclose(one.final_loss[alike], other.final_loss[alike], rtol=1e-3)
    assert NativeEngine(kernel="baseline").train(
        given, range(20), Watched(fit["x"]), probes=False).stopped.tolist() == one.stopped.tolist()


@pytest.mark.parametrize(("callback", "words"), [
    (plateau(), "no ReduceLROnPlateau"),
    (stops("val_accuracy", mode="max"), "does not compute val_accuracy"),
])
def test_what_only_the_keras_engine_does_is_refused_by_name(callback: Any, words: str) -> None:
    model, fit = trained([callback])
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    refused = NativeEngine().refuses(capture_model(model, **fit).recipe)
    assert refused is not None
    assert words in refused


def test_a_recipe_without_callbacks_says_nothing_of_stopping() -> None:
    model, fit = trained([])
    given = recipe(model, fit["x"], fit["y"], epochs=2)
    assert NativeEngine().train(given, [1], Watched(fit["x"])).stopped is None
