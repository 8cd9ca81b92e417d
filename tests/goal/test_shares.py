"""Rows that are shares of a whole; what is held to where a network shows more than plain methods."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from interventions.sameness import captured
from recipes import dense, recipe
from unstuck.goal import held_to, make_goal
from unstuck.goal.tasks import are_shares
from unstuck.interventions import edits_for
from unstuck.interventions.output_and_loss import OutputAndLoss
from unstuck.interventions.output_units import OutputUnits
from unstuck.search.candidates import singles, strong_sets

SHARES = np.random.default_rng(0).dirichlet(np.full(6, 0.3), 80).astype("float32")


@pytest.mark.parametrize(("rows", "are"), [
    (SHARES, True), (SHARES * 2, False), (SHARES[:, :2] / SHARES[:, :2].sum(1, keepdims=True), False),
    (SHARES[:, 0], False), (SHARES - 0.1, False), (np.eye(6), True)])
def test_shares_are_told_by_their_sum(rows: np.ndarray, are: bool) -> None:
    assert are_shares(rows) is are


def test_their_head_is_one_change_and_comes_first_where_all_is_done() -> None:
    keras.utils.clear_session(free_memory=False)
    made = recipe(dense(4, 6, inputs=6, output="linear", loss="mse"), SHARES, SHARES, epochs=40)
    goal = make_goal(made)
    named = "softmax output with categorical_crossentropy"
    found = [c.change for c in singles(made, goal, ())]
    (head,) = [change for change in found if change.label == named]
    assert isinstance(head, OutputAndLoss)
    assert not any("softmax" in change.label for change in found if change is not head)
    assert not any(change.label == "loss → categorical_crossentropy" for change in found)
    sets = strong_sets(made, goal, (), most=lambda batch: 3000)
    assert all(head in changes for changes in sets if any(c.kind == "loss" for c in changes))
    assert any(head in changes for changes in sets)
    assert not any(isinstance(change, OutputUnits) for change in found)


def test_it_says_why() -> None:
    text = """\
import numpy as np
import keras
rows = np.random.default_rng(0).dirichlet(np.full(6, 0.3), 40)
model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(3), keras.layers.Dense(6)])
model.compile("adam", "mse")
model.fit(rows, rows, epochs=2)
"""
    script, made = captured(text)
    edits = edits_for((OutputAndLoss.of(made, "softmax", "categorical_crossentropy"),), script, made)
    assert edits is not None
    written = script.apply(edits).text
    assert "# output and loss: were linear and mean_squared_error; softmax is for rows that" in written
    assert 'Dense(6, activation="softmax")' in written


def test_the_same_share_of_the_way_to_what_was_shown() -> None:
    made = recipe(dense(4, 6, inputs=6, output="linear", loss="mse"), SHARES, SHARES)
    goal = make_goal(made)
    assert not goal.patterns
    moved = held_to(goal, 0.99)
    assert (moved.ceiling, moved.shown) == (0.99, 0.99)
    assert moved.threshold == pytest.approx(0.9 * 0.99)
    assert f"by plain methods alone it would be {goal.threshold:.3g}" in moved.why


def test_by_heart_every_row_counts_and_no_plain_method_is_asked() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(200, 5)), rng.integers(0, 2, 200)
    made = recipe(dense(4, 1, inputs=5), x, y)
    assert make_goal(made).no_signal
    by_heart = make_goal(made, asked="by heart")
    assert by_heart.patterns and not by_heart.no_signal and by_heart.references == {}
    assert by_heart.ceiling == pytest.approx(1.0)
    assert by_heart.judged_rows == 200
