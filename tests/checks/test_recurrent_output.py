"""Recurrent layers that are the output themselves."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from checks.helpers import dense, findings, labels, observed, recipe
from unstuck.checks import Certainty
from unstuck.recipe import Recipe

X = np.random.default_rng(0).normal(size=(40, 6, 2)).astype("float32")
INSIDE = np.tanh(X[:, :, 0].sum(1))


def summing(units: int = 1, y: Any = INSIDE, loss: Any = "mse", **arguments: Any) -> Recipe:
    return recipe(keras.layers.GRU(units, **arguments), x=X, y=y, loss=loss)


@pytest.mark.parametrize(("units", "speaks"), [(1, True), (8, True), (9, False)])
def test_it_speaks_up_to_its_width(units: int, speaks: bool) -> None:
    seen = observed(summing(units, y=np.tile(INSIDE[:, None], units)))
    found = findings("recurrent-output", seen)
    assert [f.site for f in found] == (["layer:gru"] if speaks else [])
    for finding in found:
        assert finding.certainty is Certainty.SUSPICION
        assert labels(finding) == ["gru: 32 units with a dense output behind"]


def test_it_says_nothing_where_the_network_learns_or_ends_otherwise() -> None:
    assert findings("recurrent-output", observed(summing(), learned=[True] * 8)) == []
    behind = recipe(keras.layers.GRU(1), dense(1), x=X, y=INSIDE, loss="mse")
    assert findings("recurrent-output", observed(behind)) == []


def test_the_dense_layer_has_the_activation_that_the_loss_asks_for() -> None:
    given = summing(y=INSIDE > 0, loss="binary_crossentropy", activation="sigmoid")
    (found,) = findings("recurrent-output", observed(given))
    assert labels(found) == ["gru: 32 units with a dense sigmoid output behind"]


@pytest.mark.parametrize(("scale", "outside"), [(0.5, False), (20.0, True)])
def test_targets_are_held_against_what_the_layer_can_put_out(scale: float, outside: bool) -> None:
    seen = observed(summing(y=scale * INSIDE / np.abs(INSIDE).max()))
    (found,) = findings("recurrent-output", seen)
    assert found.evidence[1].quantity == "largest target in size"
    assert found.evidence[1].value == pytest.approx(scale)
    assert found.evidence[1].threshold == 1.0
    assert ("never leaves -1 to 1" in found.message) is outside
    reach = findings("output-cannot-reach-targets", seen)
    assert bool(reach) is outside
    for finding in reach:
        assert labels(finding)[0] == labels(found)[0]
        assert "linear output with mean_squared_error" not in labels(finding)


def test_numbers_of_classes_are_no_targets_of_its_range() -> None:
    given = summing(3, y=np.arange(40) % 3, loss="sparse_categorical_crossentropy",
                    activation="softmax")
    (found,) = findings("recurrent-output", observed(given))
    assert [evidence.quantity for evidence in found.evidence] == ["units"]
    assert labels(found) == ["gru: 32 units with a dense softmax output behind"]
