"""A few rows whose targets are not those of nearly all others: their share, and weights for them."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from checks.helpers import dense, findings, labels, observed, recipe
from interventions.sameness import captured, comparable
from unstuck.base.errors import NotSupported
from unstuck.interventions import edits_for
from unstuck.interventions.weight_rows import WeightRows, balanced

POINTS = np.linspace(0, 2, 400).reshape(-1, 1).astype("float32")
FIRST = np.where(np.arange(400) == 0, 2.5, 0.0).astype("float32")
TWO = np.where(np.isin(np.arange(400), (0, 399)), 1.5, -0.25).astype("float32")
BOTH = np.stack([FIRST, 2 * FIRST + 1], 1)


def given(y: Any, loss: str = "mse", **fit: Any) -> Any:
    arguments = {"batch_size": 40, "epochs": 2, **fit}
    return recipe(dense(np.atleast_2d(y.T).shape[0]), x=POINTS, y=y, loss=loss, **arguments)


@pytest.mark.parametrize(("y", "told", "weights"), [
    (FIRST, "399 of 400 targets are 0; that of row 0 (counted from 0) is 2.5. What it says has 0.25 %"
            " of the loss, a mean over rows, and 90 % of the updates do not see it.", (400, 40)),
    (TWO, "398 of 400 targets are -0.25; that of row 0 (counted from 0) is 1.5, and 1 more are others."
          " What they say has 0.5 % of the loss, a mean over rows, and 80 % of", (200, 20)),
    (BOTH, "399 of 400 targets are [0, 1]; that of row 0 (counted from 0) is [2.5, 6].", (400, 40)),
    (np.where(np.arange(400) < 5, 1.0, 0.0), None, ()),   # more than one in a hundred
    (POINTS[:, 0], None, ()),
    (np.zeros(400), None, ()),
])
def test_rows_that_are_drowned_are_told_with_their_share(
    y: Any, told: str | None, weights: tuple[int, ...]
) -> None:
    found = findings("one-row-of-many", observed(given(y)))
    assert [told in one.message for one in found if told] == ([True] if told else [])
    assert [label for one in found for label in labels(one)] == [
        f"rows with another target than the rest weighted {weight}" for weight in weights]


def test_classes_and_rows_that_are_weighted_already_are_another_matter() -> None:
    rare = (FIRST > 0).astype("float32")
    entropy = recipe(dense(1, "sigmoid"), x=POINTS, y=rare)
    assert findings("one-row-of-many", observed(entropy)) == []
    weighted = given(FIRST, sample_weight=1 + FIRST)
    assert findings("one-row-of-many", observed(weighted)) == []
    with pytest.raises(NotSupported, match="weights already"):
        WeightRows(weight=10.0).apply(weighted)


def test_the_share_of_the_loss_is_kerass_own_and_the_weight_evens_it() -> None:
    changed = WeightRows(weight=balanced(given(FIRST))).apply(given(FIRST))
    assert changed.sample_weight is not None
    loss, wrong = keras.losses.MeanSquaredError(), FIRST[:, None] + 1  # by 1 in every row
    right = np.where(np.arange(400) == 0, FIRST, FIRST + 1)[:, None]   # but for the first
    share = 1 - float(loss(FIRST[:, None], right)) / float(loss(FIRST[:, None], wrong))
    assert share == pytest.approx(1 / 400, rel=1e-3)
    weighted = [float(loss(FIRST[:, None], one, sample_weight=changed.sample_weight))
                for one in (right, wrong)]
    assert 1 - weighted[0] / weighted[1] == pytest.approx(0.5, abs=0.01)


SCRIPT = """\
import numpy as np
import keras

x = np.linspace(0, 2, 300).reshape(-1, 1)
y = np.where(np.arange(300) == 0, 2.5, USUAL)
model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
model.compile("adam", "mse")
"""


@pytest.mark.parametrize(("usual", "fit", "written"), [
    ("0.0", "model.fit(x, y, epochs=2)\n", "weights = np.where(np.ravel(y) != 0, 300, 1)"),
    ("0.25", "model.fit(x, y.reshape(-1, 1), epochs=2)\n", None),
    ("-0.25", "model.fit(x, y, epochs=2, validation_split=0.1)\n", "np.ravel(y) != -0.25, 300, 1)"),
    ("1 / 3", "model.fit(x, y, epochs=2)\n", None),
])
def test_weights_are_written_as_they_were_tried(usual: str, fit: str, written: str | None) -> None:
    script, recipe = captured(SCRIPT.replace("USUAL", usual) + fit)
    change = WeightRows(weight=balanced(recipe))
    edits = edits_for((change,), script, recipe)
    assert (edits is None) == (written is None)
    if edits is not None and written is not None:
        edited = script.apply(edits).text
        assert written in edited
        assert "sample_weight=weights" in edited
        assert comparable(captured(edited)[1]) == comparable(change.apply(recipe))
