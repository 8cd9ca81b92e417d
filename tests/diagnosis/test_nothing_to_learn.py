"""Data from which nothing can be learned: said so, and no cause looked for."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from unstuck.diagnosis.diagnosis import diagnose

X = np.random.default_rng(4).normal(size=(60, 3)).astype("float32")


@pytest.mark.parametrize("y", [np.zeros(60), np.full(60, 70.0), np.tile([0.0, 1.0], (60, 1))])
def test_where_all_targets_are_the_same_no_cause_is_sought(y: np.ndarray) -> None:
    keras.utils.clear_session(free_memory=False)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, activation="relu"),
                              keras.layers.Dense(1 if y.ndim == 1 else 2, activation="sigmoid")])
    model.compile("adam", "binary_crossentropy")
    found = diagnose(model, X, y, epochs=3, budget="20s", replicas=16)
    result = found.result
    assert result.outcome == "NO_SIGNAL"
    assert (result.arms, result.repairs, result.suspicions) == ((), (), ())
    assert [fact.check for fact in result.facts] == ["constant-targets"]
    assert "Every row has the same target: there is nothing to learn" in str(found)
    assert "It is not" not in str(found)
