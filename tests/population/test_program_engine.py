"""A replica on the machine is trained as Keras trains: the step that is traced is the step that runs.

The trainings are those of the Keras engine's own fidelity test, the smallest dense networks included,
which the engine leaves to others where it may.
"""

from __future__ import annotations

import os
from typing import Any

import keras
import numpy as np
import pytest

from population.fidelity_cases import CASES, MORE
from population.test_fidelity import Watched, shuffled_fit
from unstuck.capture import capture_model
from unstuck.population.keras_engine.program import Program
from unstuck.population.program_engine.engine import ProgramEngine

SLOW = bool(os.environ.get("UNSTUCK_SLOW"))
REFUSED = {"muon"}
"""Trainings with an operation that the machine does not know."""
TOLERANCE = {"rtol": 2e-5, "atol": 2e-5}


@pytest.mark.filterwarnings("ignore:Early stopping conditioned on metric:UserWarning")
@pytest.mark.parametrize("name", [n for n in CASES if (SLOW or n not in MORE) and n not in REFUSED])
def test_a_replica_is_trained_as_keras_trains(name: str, monkeypatch: Any) -> None:
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
    engine = ProgramEngine(tiny=True)
    assert engine.refuses(recipe) is None

    population = engine.train(
        recipe, [1, 2], Watched(fit), probes=False, keep_weights=True,
        start={path: np.concatenate([0.5 * a if a.dtype == np.float32 else a, a])
               for path, a in start.items()},
        order=np.stack([order[::-1], order]).astype(np.int32))

    assert population.engine == "program"
    trained = len(history["loss"])
    np.testing.assert_allclose(population.loss[1, :trained], history["loss"], **TOLERANCE)
    for metric, values in population.metrics.items():
        np.testing.assert_allclose(values[1, :trained], history[metric], **TOLERANCE, err_msg=metric)
    if population.val_loss is not None:
        freq = fit.get("validation_freq", 1)
        np.testing.assert_allclose(population.val_loss[1, :trained][freq - 1 :: freq],
                                   history["val_loss"], **TOLERANCE)
    assert population.weights is not None
    for path, variable in zip(paths, variables, strict=True):
        np.testing.assert_allclose(population.weights[path][1], np.array(variable.value), **TOLERANCE,
                                   err_msg=path)
    if population.outputs is not None:
        outputs = model.predict(Watched(fit).inputs, verbose=0)
        np.testing.assert_allclose(population.outputs[1], outputs, **TOLERANCE)


def test_a_program_is_judged_on_rows_of_any_number() -> None:
    """What computes the outputs for one yardstick is not what does for another."""
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    model.compile(loss="mse")
    x = np.random.default_rng(0).normal(size=(12, 3)).astype("float32")
    recipe = capture_model(model, x, x[:, :2], epochs=2, batch_size=4).recipe
    engine = ProgramEngine(tiny=True)
    for rows in (5, 3):
        watched = Watched({"x": x[:rows], "y": x[:rows, :2]})
        population = engine.train(recipe, [1, 2], watched, probes=False)
        assert population.outputs is not None and population.outputs.shape == (2, rows, 2)
