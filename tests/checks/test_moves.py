"""Rows and targets that are out of step from some row on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from checks.helpers import dense, findings, observed, recipe
from unstuck.checks import Certainty
from unstuck.checks._moves import best_path, parts

RNG = np.random.default_rng(21)
X = RNG.normal(size=(401, 3))
RISES = X @ [1.0, -0.7, 0.4]
ROUND = np.hypot(X[:, 0], X[:, 1])


def out_of_step(targets: NDArray[Any], row: int, *, classes: bool) -> Any:
    """A row dropped from the inputs, and the last one from the targets."""
    x = np.delete(X, row, axis=0).astype("float32")
    y = targets[:400].astype("float32")
    output, loss = ("sigmoid", "binary_crossentropy") if classes else (None, "mse")
    return recipe(dense(8, "relu"), dense(1, output), x=x, y=y, loss=loss)


@pytest.mark.parametrize(("targets", "classes", "row"), [
    (RISES, False, 212), (ROUND, False, 60), (RISES > 0, True, 120), (ROUND > 1.2, True, 40),
])
def test_a_dropped_row_is_found_with_its_place(
    targets: NDArray[Any], classes: bool, row: int
) -> None:
    seen = observed(out_of_step(targets, row, classes=classes), learned=[True] * 8)
    (found,) = findings("rows-out-of-step", seen)
    assert found.certainty is Certainty.FACT
    told = found.message.split("moved up by 1 from row ")[1]
    assert abs(int(told.split(" on,")[0]) - row) <= 6
    assert found.evidence[0].value > 0.85 > found.evidence[0].threshold


@pytest.mark.parametrize("targets", [
    RNG.normal(size=401), (RNG.normal(size=401) > 0).astype(float),
    RISES + RNG.normal(size=401), np.cumsum(RNG.normal(size=401)),
])
def test_noise_is_not_suited_by_a_move(targets: NDArray[Any]) -> None:
    classes = len(np.unique(targets)) == 2
    given = recipe(dense(8, "relu"), dense(1, "sigmoid" if classes else None), x=X.astype("float32"),
                   y=targets.astype("float32"), loss="binary_crossentropy" if classes else "mse")
    assert findings("rows-out-of-step", observed(given)) == []


def test_the_parts_of_a_path() -> None:
    y = np.concatenate([RISES[:150], RISES[151:300], RISES[302:]])[:, None]
    y = (y - y.mean()) / y.std()
    path, suits = best_path(X[: len(y)], y, 5)
    shifts = [part.shift for part in parts(path)]
    assert shifts == [0, -1, -3]
    assert suits > 0.8


def test_letters_as_truth_values_and_classes_in_columns_are_read() -> None:
    letters = RNG.integers(0, 5, (400, 4))
    x = np.eye(5, dtype=bool)[letters].reshape(400, -1)
    y = np.eye(5, dtype=bool)[(letters[:, 0] + 2) % 5]
    given = recipe(dense(8, "relu"), dense(5, "softmax"), x=x, y=y, loss="categorical_crossentropy")
    assert findings("rows-out-of-step", observed(given, learned=[False] * 8)) == []
