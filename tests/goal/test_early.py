"""Learning has begun: a quarter of the way, whatever the yardstick of the whole training is."""

from __future__ import annotations

import numpy as np
import pytest

from recipes import dense, recipe, two_bits
from unstuck.goal import BEGUN, begun, goal_on_sample, make_goal
from unstuck.goal.early import SAMPLE

RNG = np.random.default_rng(0)
X = RNG.normal(size=(400, 4)).astype("float32")
CLASSES = (X[:, :1] + X[:, 1:2] > 0).astype("float32")


class Scored:
    """What a goal reads off a population, with these scores."""

    def __init__(self, *scores: float) -> None:
        self.score = np.repeat(np.asarray(scores)[:, None], 3, axis=1)
        self.final_loss = -np.asarray(scores, np.float32)
        self.diverged = np.zeros(len(scores), bool)


def classifier(**given):
    return recipe(dense(3, 1, inputs=4), X, CLASSES, **given)


def test_a_quarter_of_the_way_to_what_a_plain_method_reaches():
    whole = make_goal(classifier())
    goal = begun(whole)
    assert goal.early and goal.end is whole and not whole.early
    assert goal.threshold == pytest.approx(goal.constant + BEGUN * (goal.ceiling - goal.constant))
    assert goal.threshold < 0.7 < 0.85 < whole.threshold
    assert list(goal.learned(Scored(0.5, goal.threshold - 0.01, goal.threshold, 0.99))) == [
        False, False, True, True]
    assert "what logistic regression reaches" in goal.why and "25 %" in goal.why


def test_more_than_chance_is_asked_in_any_case():
    y = np.zeros((400, 1), "float32")
    y[:4] = 1
    goal = begun(make_goal(recipe(dense(3, 1, inputs=4), X, y), asked="accuracy >= 0.991"))
    assert goal.threshold == pytest.approx(goal.constant + goal.task.by_chance(
        goal.constant, goal.judged_rows))


def test_what_the_user_asks_for_is_what_a_quarter_of_the_way_leads_to():
    goal = begun(make_goal(classifier(), asked="accuracy >= 0.8"))
    assert goal.threshold == pytest.approx(goal.constant + BEGUN * (0.8 - goal.constant))
    assert "what was asked for (0.8)" in goal.why


def test_a_loss_that_is_asked_for_comes_down_a_quarter():
    goal = begun(make_goal(classifier(), asked="loss <= 0.2"))
    aim = goal.baseline - BEGUN * (goal.baseline - 0.2)
    assert goal.asked == ("loss", "<=", pytest.approx(aim))
    assert list(goal.learned(Scored(-aim - 0.01, -aim + 0.01))) == [False, True]
    above = make_goal(classifier(), asked="loss <= 99")
    assert begun(above) is above


def test_patterns_are_asked_for_what_their_best_function_reaches():
    goal = begun(make_goal(two_bits()))
    assert 0.5 < goal.threshold < 0.7 < make_goal(two_bits()).threshold
    assert "what the data allows (1)" in goal.why


def test_many_rows_are_sampled_and_all_are_counted():
    x = RNG.normal(size=(2 * SAMPLE, 4)).astype("float32")
    x[1] = x[0]
    y = (x[:, :1] > 0).astype("float32")
    goal = goal_on_sample(recipe(dense(3, 1, inputs=4), x, y, validation_split=0.1))
    assert (goal.rows, goal.distinct_rows) == (2 * SAMPLE, 2 * SAMPLE - 1)
    assert goal.references["logistic regression"] > 0.95
    assert goal.weights[2].any() and not (goal.weights[1] * goal.weights[2]).any()
    few = classifier()
    assert goal_on_sample(few).threshold == make_goal(few).threshold
