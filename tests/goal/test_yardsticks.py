"""What is judged and how: columns of unlike sizes each, and rows that are all that there can be."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import r2_score

from recipes import dense, recipe
from unstuck.goal import make_goal
from unstuck.goal.references import pca_score
from unstuck.goal.rows import is_whole_domain
from unstuck.goal.tasks import are_unlike, task_of

RNG = np.random.default_rng(0)
SIZES = RNG.normal(size=(300, 4)) * [1, 10, 1e3, 1e5]
BITS = ((np.arange(256)[:, None] >> np.arange(8)) & 1).astype("float32")


def test_columns_of_unlike_sizes_are_judged_each_as_sklearn_does():
    task = task_of(SIZES, "mean_squared_error", 4)
    assert task.by_column
    outputs = SIZES * [0, 0.5, 1, 1]
    score = task.score(outputs[None], np.ones(300))[0]
    assert score == pytest.approx(r2_score(SIZES, outputs))
    assert score < 0.75, "the largest columns alone do not decide"


@pytest.mark.parametrize(("columns", "unlike"), [
    pytest.param(RNG.normal(size=(200, 3)) * [1, 2, 25], False, id="spreads within a factor of 30"),
    pytest.param(RNG.normal(size=(200, 3)) * [1, 2, 100], True, id="one 100 times as large"),
    pytest.param(np.exp(RNG.normal(size=(200, 30))) * np.logspace(0, 5, 30), True, id="never below 0"),
    pytest.param(RNG.integers(0, 17, (200, 64)) * (RNG.uniform(size=64) > 0.3), False, id="pixels"),
    pytest.param(np.where(np.arange(64) < 4, (RNG.uniform(size=(200, 64)) > 0.999) * 1.0,
                          RNG.uniform(size=(200, 64))), False, id="pixels, empty corners"),
    pytest.param(np.ones((50, 2)), False, id="nothing varies"),
])
def test_pixels_and_the_like_are_judged_together(columns, unlike):
    assert are_unlike(columns) == unlike


def test_the_best_linear_autoencoder_by_columns_keeps_the_largest_parts_of_standardised_columns():
    assert pca_score(SIZES, 1) > 0.99
    assert pca_score(SIZES, 1, by_column=True) < 0.5
    assert pca_score(SIZES, 4, by_column=True) == pytest.approx(1.0)


@pytest.mark.parametrize(("rows", "lookup", "whole"), [
    pytest.param(BITS, False, True, id="all patterns of 8 bits"),
    pytest.param(BITS[:-1], False, False, id="one pattern is missing"),
    pytest.param(np.array([[a, b] for a in range(3) for b in (-1, 1)]), False, True, id="truth table"),
    pytest.param(np.arange(100.0)[:, None], True, True, id="every entry of a lookup"),
    pytest.param(np.arange(100.0)[:, None], False, False, id="a quantity that goes up by one"),
    pytest.param(np.array([[a, b] for a in range(30) for b in range(30)]), False, False, id="a grid"),
    pytest.param(np.array([[a, b] for a in (0.1, 0.2) for b in (0, 1)]), False, False, id="measured"),
])
def test_which_rows_are_all_that_there_can_be(rows, lookup, whole):
    assert is_whole_domain(rows, looked_up=lookup) == whole


def test_a_shuffled_copy_of_all_patterns_is_no_lack_of_signal():
    shuffled = BITS[np.random.default_rng(5).permutation(256)]
    goal = make_goal(recipe(dense(16, 8, inputs=8), BITS, shuffled, epochs=2))
    assert goal.patterns and not goal.no_signal
    some = make_goal(recipe(dense(16, 8, inputs=8), BITS[:200], shuffled[:200], epochs=2))
    assert some.no_signal, "where other rows are left, they would have to be guessed"
