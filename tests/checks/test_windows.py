"""Series of which each row shows too little."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from checks.helpers import dense, findings, observed, recipe
from unstuck.checks import Certainty
from unstuck.network.recipe import Recipe

RNG = np.random.default_rng(31)


def series(*weights: float, noise: float = 0.2, steps: int = 400) -> NDArray[Any]:
    """Values that follow from those before them, the last one first, and noise."""
    values = list(RNG.normal(size=len(weights)))
    for drawn in RNG.normal(size=steps):
        values.append(float(np.dot(weights, values[: -len(weights) - 1 : -1])) + noise * drawn)
    return np.asarray(values)


def next_value(values: NDArray[Any]) -> Recipe:
    """One step in, the next one out."""
    return recipe(dense(8, "tanh"), dense(1), x=values[:-1, None].astype("float32"),
                  y=values[1:].astype("float32"), loss="mse")


@pytest.mark.parametrize(("weights", "rows"), [
    ((0.0, -0.98), 2), ((0.0, 0.0, 0.97), 3),
])
def test_so_many_steps_say_what_one_does_not(
    weights: tuple[float, ...], rows: int
) -> None:
    (found,) = findings("window-too-short", observed(next_value(series(*weights))))
    assert found.certainty is Certainty.FACT
    assert found.message.endswith(f"Make windows of {rows} steps.")
    assert found.evidence[0].value > 0.8
    assert findings("rows-out-of-step", observed(next_value(series(*weights)))) == []


def test_what_a_sum_of_two_earlier_rows_says() -> None:
    x = RNG.normal(size=(402, 1)).astype("float32")
    given = recipe(dense(8, "tanh"), dense(1), x=x[2:], y=x[1:-1] + x[:-2], loss="mse")
    (found,) = findings("window-too-short", observed(given))
    assert found.message.endswith("Make windows of 3 steps.")


def test_targets_that_are_a_row_late_need_no_window() -> None:
    x = RNG.normal(size=(401, 2)).astype("float32")
    given = recipe(dense(8, "tanh"), dense(1), x=x[1:], y=x[:-1, 0] - x[:-1, 1] ** 2, loss="mse")
    assert findings("window-too-short", observed(given)) == []
    assert len(findings("rows-out-of-step", observed(given))) == 1


@pytest.mark.parametrize("values", [
    RNG.normal(size=400), series(0.97), np.cumsum(RNG.normal(size=400)),
])
def test_where_one_step_says_all_there_is_nothing_is_said(values: NDArray[Any]) -> None:
    assert findings("window-too-short", observed(next_value(values))) == []


def test_rows_in_no_order_have_no_window() -> None:
    values = series(0.0, -0.98)
    order = RNG.permutation(len(values) - 1)
    given = recipe(dense(8, "tanh"), dense(1), x=values[:-1, None][order].astype("float32"),
                   y=values[1:][order].astype("float32"), loss="mse")
    assert findings("window-too-short", observed(given)) == []
