"""Callbacks that set the learning rate beside a schedule: as Keras itself takes them."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from unstuck.base.errors import NotSupported
from unstuck.capture import capture_model
from unstuck.network.callback_rules import EarlyStopping

X = np.linspace(0, 1, 20, dtype="float32")[:, None]


def model() -> keras.Model:
    made = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    made.compile(keras.optimizers.SGD(keras.optimizers.schedules.ExponentialDecay(0.01, 10, 0.9)),
                 "mse")
    return made


def fit(*callbacks: Any) -> dict[str, Any]:
    """Arguments of `fit`, an EarlyStopping in front."""
    return {"epochs": 6, "verbose": 0,
            "callbacks": [keras.callbacks.EarlyStopping("loss", patience=3), *callbacks]}


def plateau(**given: Any) -> Any:
    return keras.callbacks.ReduceLROnPlateau("loss", **given)


def test_keras_trains_until_the_rate_is_to_be_lowered() -> None:
    assert len(model().fit(X, 3 * X, **fit(plateau(patience=9))).history["loss"]) == 6
    with pytest.raises(TypeError, match="not settable"):
        model().fit(X, 3 * X, **fit(plateau(patience=1, min_delta=10.0)))


def test_a_plateau_beside_a_schedule_is_left_out_by_its_own_name() -> None:
    captured = capture_model(model(), X, 3 * X, **fit(plateau(patience=9)))
    (rule,) = captured.recipe.rules.rules
    assert isinstance(rule, EarlyStopping)
    assert any(note.startswith("ReduceLROnPlateau cannot lower the rate") for note in captured.notes)
    assert any("EarlyStopping of your fit takes part" in note for note in captured.notes)


def test_a_scheduler_beside_a_schedule_is_refused_as_keras_refuses_it() -> None:
    scheduler = keras.callbacks.LearningRateScheduler(lambda epoch: 0.1)
    with pytest.raises(TypeError, match="not settable"):
        model().fit(X, 3 * X, **fit(scheduler))
    with pytest.raises(NotSupported, match="LearningRateScheduler sets the learning rate"):
        capture_model(model(), X, 3 * X, **fit(scheduler))
