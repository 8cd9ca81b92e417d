"""Checks on raw columns, and on what is added to a skip connection."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from checks.helpers import dense, findings, labels, observed, recipe
from unstuck.capture import capture_model
from unstuck.interventions.fill_missing import is_mark
from unstuck.network.recipe import Recipe

RNG = np.random.default_rng(11)
SMALL = RNG.normal(size=200)
ADDRESSES = 3_232_235_770 + RNG.integers(3, 16, 200)
LABELS = (SMALL > 0).astype("float32")


def table(*columns: Any, y: Any = LABELS, dtype: str = "float64") -> Recipe:
    x = np.stack([np.broadcast_to(column, 200) for column in columns], 1).astype(dtype)
    return recipe(dense(4, "relu"), dense(1, "sigmoid"), x=x, y=y)


@pytest.mark.parametrize(("column", "told"), [
    (ADDRESSES, "near 3,232,235,776, where the numbers of float32 are 256 apart: 1 different value is"),
    (1_750_000_000 + 60.0 * (np.arange(200) % 60), "apart: 29 different values are left in column 1"),
    (40_000 + np.linspace(0, 0.01, 200), "0.00391 apart: 4 different values are left"),
    (1_750_000_000 + 3600.0 * np.arange(200), None),   # a week, hour by hour
    (np.full(200, 7.0), None),                         # constant, and exact
    (SMALL * 1e9, None),
    (SMALL, None),
])
def test_columns_whose_values_float32_merges(column: NDArray[Any], told: str | None) -> None:
    found = findings("values-merged-by-float32", observed(table(SMALL, column), learned=[True] * 8))
    assert [told in one.message for one in found if told] == ([True] if told else [])
    if told:
        assert found[0].message.startswith("Input column 1 (counted from 0) is near")


def test_what_is_left_is_what_keras_is_given() -> None:
    left = np.asarray(keras.ops.convert_to_tensor(ADDRESSES.astype("float64"), "float32"))
    assert len(np.unique(ADDRESSES)) == 13
    assert len(np.unique(left)) == 1


def test_merged_targets_are_told_and_words_that_are_looked_up_are_not() -> None:
    merged = recipe(dense(1), x=SMALL[:, None], y=2e9 + SMALL, loss="mse")
    (found,) = findings("values-merged-by-float32", observed(merged))
    assert found.message.startswith("Target column 0")
    words = recipe(keras.layers.Embedding(9, 2), keras.layers.Flatten(), dense(1, "sigmoid"),
                   x=np.full((200, 1), 2**25, "int32"), y=LABELS)
    assert findings("values-merged-by-float32", observed(words)) == []


def with_marks(column: NDArray[Any], value: float, every: int = 10) -> NDArray[Any]:
    marked = np.array(column, float)
    marked[::every] = value
    return marked


@pytest.mark.parametrize(("column", "told"), [
    (with_marks(SMALL, -999), "10 % of the values of input column 1 (counted from 0) are -999, in"),
    (with_marks(100 + SMALL, 9999), "are 9999, in"),
    (with_marks(SMALL, -32768), "are -32768, in"),
    (with_marks(SMALL, -999, every=100), None),            # twice: too seldom to tell
    (with_marks(900 + 40 * SMALL, 999), None),             # among the others
    (with_marks(SMALL, -1000), None),                      # not made of nines
    (with_marks(RNG.integers(0, 4, 200), 99), None),       # codes, of which 99 is one
    (SMALL, None),
])
def test_missing_values_that_are_written_as_a_number(
    column: NDArray[Any], told: str | None
) -> None:
    found = findings("missing-written-as-number", observed(table(SMALL, column), learned=[True] * 8))
    assert [told in one.message for one in found if told] == ([True] if told else [])


def test_columns_are_told_by_the_names_that_a_frame_gives_them() -> None:
    named = ("size", "customer", "address")
    given = replace(table(with_marks(SMALL, -999), 5000 + np.arange(200), ADDRESSES), columns=named)
    said = [one.message for check in ("missing-written-as-number", "row-numbers",
                                      "values-merged-by-float32")
            for one in findings(check, observed(given))]
    assert said[0].startswith("10 % of the values of input column 'size' are -999, in")
    assert "the other values of column 'size' go" in said[0]
    assert said[1].startswith("Input column 'customer' numbers the rows: its 200 values")
    assert said[2].startswith("Input column 'address' is near")
    assert "left in column 'address'" in said[2]


def test_a_frame_says_what_its_columns_are_called() -> None:
    frame = pytest.importorskip("pandas").DataFrame({"size": SMALL, "age": 30 + SMALL})
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    assert capture_model(model, frame, LABELS, epochs=1).recipe.columns == ("size", "age")
    assert capture_model(model, frame.to_numpy(), LABELS, epochs=1).recipe.columns == ()


def test_columns_with_the_same_mark_are_told_together() -> None:
    given = table(with_marks(SMALL, -999), SMALL, with_marks(5 * SMALL, -999, every=20))
    (found,) = findings("missing-written-as-number", observed(given))
    assert found.message.startswith(
        "7.5 % of the values of input columns 0, 2 (counted from 0) are -999, in 10 % of the rows")
    assert labels(found) == ["-999 as missing: the median there",
                             "-999 as missing: the median there, and columns that tell where"]
    for change in found.interventions:
        assert change.apply(given).train.x.min() > -20


def test_numbers_that_mark_what_is_missing() -> None:
    assert all(map(is_mark, (99, -99, 999, -9999, 2**31 - 1, -(2**15), 1e30)))
    assert not any(map(is_mark, (9, 98, 990, 99.5, 0, float("nan"))))


def residual(*branch: keras.layers.Layer, other: bool = False) -> Recipe:
    inputs = keras.Input((2,))
    before = dense(4)(inputs)
    end = before
    for layer in branch:
        end = layer(end)
    added = keras.layers.Add()([dense(4, "relu")(inputs) if other else before, end])
    model = keras.Model(inputs, dense(1)(added))
    model.compile("adam", "mse")
    made = capture_model(model, np.stack([SMALL, SMALL], 1), SMALL).recipe
    keras.utils.clear_session(free_memory=False)
    return made


@pytest.mark.parametrize(("branch", "speaks"), [
    ((dense(8, "relu"), dense(4, "relu")), True),
    ((dense(4), keras.layers.ReLU()), True),
    ((dense(8, "relu"), dense(4)), False),
    ((dense(8, "relu"), dense(4, "tanh")), False),
])
def test_a_relu_in_front_of_an_addition(branch: Any, speaks: bool) -> None:
    fresh = [type(layer).from_config(layer.get_config() | {"name": f"branch_{i}"})
             for i, layer in enumerate(branch)]
    found = findings("relu-before-addition", observed(residual(*fresh)))
    assert [labels(one) for one in found] == ([["branch activations → linear"]] if speaks else [])


def test_two_branches_beside_each_other_are_no_skip_connection() -> None:
    given = residual(dense(4, "relu"), other=True)
    assert findings("relu-before-addition", observed(given)) == []
