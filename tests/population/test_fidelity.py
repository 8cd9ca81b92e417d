"""A replica's training is the one that Keras would have done.

Keras's own `fit` runs as the user wrote it, with its own shuffling recorded; the engine is given
the same initial values and the same order of rows, and must come to the same losses and weights.
"""

from __future__ import annotations

import os
from typing import Any

import keras
import numpy as np
import pytest

from population.fidelity_cases import CASES, MORE
from unstuck.capture import capture_model
from unstuck.population.keras_engine.engine import KerasEngine
from unstuck.population.keras_engine.program import Program

SLOW = bool(os.environ.get("UNSTUCK_SLOW"))
STRATEGIES = ("vmap", "map", "steps")
TOLERANCE = {"rtol": 1e-5, "atol": 1e-5}
TURNS = [
    pytest.param(name, strategy, id=f"{name}-{strategy}")
    for i, name in enumerate(name for name in CASES if SLOW or name not in MORE)
    for j, strategy in enumerate(STRATEGIES)
    if SLOW or j == i % len(STRATEGIES)
]


class Watched:
    """A yardstick that keeps the outputs on some rows."""

    def __init__(self, fit: dict[str, Any]) -> None:
        self.inputs = keras.tree.map_structure(lambda a: a[:5], fit["x"])
        self.keeps_outputs = self.keeps_codes = not isinstance(fit["y"], list | dict)

    def score(self, recipe: Any, outputs: Any, final_loss: Any) -> Any:
        """No scores."""
        return np.zeros((len(keras.tree.flatten(outputs)[0]), 3))


def shuffled_fit(model: keras.Model, fit: dict[str, Any], monkeypatch: Any) -> tuple[Any, Any]:
    """Keras's own training; returns its history and the order of rows, [epoch, row]."""
    drawn = []
    shuffle = np.random.permutation

    def record(rows: Any) -> Any:
        drawn.append(shuffle(rows))
        return drawn[-1]

    with monkeypatch.context() as patch:
        patch.setattr(np.random, "permutation", record)
        history = model.fit(**fit, verbose=0).history
    epochs, trained = fit["epochs"] - fit.get("initial_epoch", 0), len(history["loss"])
    if not fit.get("shuffle", True):
        rows = len(keras.tree.flatten(fit["x"])[0])
        return history, np.tile(np.arange(rows), (epochs, 1))
    # After a callback has ended the training, any order will do.
    return history, np.stack([*drawn[-trained:], *drawn[-1:] * (epochs - trained)])


@pytest.mark.filterwarnings("ignore:Early stopping conditioned on metric:UserWarning")
@pytest.mark.parametrize(("name", "strategy"), TURNS)
def test_a_replica_is_trained_as_keras_trains(name: str, strategy: str, monkeypatch: Any) -> None:
    keras.utils.clear_session()
    keras.utils.set_random_seed(20)
    model, fit = CASES[name]()
    recipe = capture_model(model, **fit).recipe
    if not model.built:
        model(keras.tree.map_structure(lambda a: a[:1], fit["x"]))
    variables = (*model.trainable_variables, *model.non_trainable_variables)
    paths = Program(recipe).paths
    start = {path: np.array(v.value)[None] for path, v in zip(paths, variables, strict=True)}
    history, order = shuffled_fit(model, fit, monkeypatch)

    population = KerasEngine(strategy=strategy).train(
        recipe, [1, 2], Watched(fit), probes=False, keep_weights=True,
        start={path: np.concatenate([0.5 * a if a.dtype == np.float32 else a, a])
               for path, a in start.items()},
        order=np.stack([order[::-1], order]).astype(np.int32),
    )

    assert population.strategy.startswith(strategy)
    assert recipe.updates >= 49
    freq = fit.get("validation_freq", 1)
    trained = len(history["loss"])
    assert population.stopped is None or population.stopped[1] == trained
    np.testing.assert_allclose(population.loss[1, :trained], history["loss"], **TOLERANCE)
    for metric, values in population.metrics.items():
        np.testing.assert_allclose(
            values[1, :trained], history[metric], **TOLERANCE, err_msg=metric)
    assert set(population.metrics) == {k for k in history if not k.startswith("val_")} - {"loss"}
    assert (population.val_loss is None) == ("val_loss" not in history)
    if population.val_loss is not None:
        validated = population.val_loss[1, :trained][freq - 1 :: freq]
        np.testing.assert_allclose(validated, history["val_loss"], **TOLERANCE)
    assert population.weights is not None
    assert tuple(population.weights) == paths
    moved = 0.0
    for path, variable in zip(paths, variables, strict=True):
        value = np.array(variable.value)
        np.testing.assert_allclose(population.weights[path][1], value, **TOLERANCE, err_msg=path)
        moved = max(moved, float(np.abs(value - start[path][0]).max()))
    assert moved > 1e-3, "nothing was trained"
    outputs = model.predict(Watched(fit).inputs, verbose=0)
    if population.outputs is not None:
        np.testing.assert_allclose(population.outputs[1], outputs, **TOLERANCE)
