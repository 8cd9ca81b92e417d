"""Standings of one training against another, on vectors whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from unstuck.base.stats import confidence_at, median_interval
from unstuck.search.duel import of_numbers, of_success


def learned(share: float, of: int) -> np.ndarray:
    return np.arange(of) < round(share * of)


def test_what_learns_more_often_is_better_and_the_other_way_round_worse():
    few, many = learned(0.2, 128), learned(0.6, 128)
    up, down = of_success(few, many, margin=0.03), of_success(many, few, margin=0.03)
    assert (up.verdict, down.verdict) == ("better", "worse")
    assert up.difference == -down.difference == pytest.approx(51 / 128)
    assert (up.won, up.lost) == (51, 0) == (down.lost, down.won)
    assert up.bounds[0] <= up.low <= up.difference <= up.high <= up.bounds[1]


def test_the_same_is_no_difference_once_there_are_enough_pairs():
    half = learned(0.5, 512)
    assert of_success(half, half, margin=0.03).verdict == "no difference"
    few = of_success(half[:32], half[:32], margin=0.03)
    assert few.verdict == "undecided"
    assert few.to_decide is not None and few.to_decide > 32
    assert of_success(half, half, margin=0.001).verdict == "undecided"


def test_numbers_are_judged_by_the_median_of_their_differences():
    rng = np.random.default_rng(0)
    a = rng.normal(size=128)
    above = of_numbers("score", a, a + 0.5 + 0.1 * rng.normal(size=128), margin=0.01)
    assert above.verdict == "better"
    assert above.low <= above.difference <= above.high
    assert above.difference == pytest.approx(0.5, abs=0.05)
    same = of_numbers("score", a, a.copy(), margin=0.0)
    assert (same.verdict, same.difference, same.low, same.high) == ("no difference", 0.0, 0.0, 0.0)


def test_a_training_that_diverged_loses_and_two_of_them_are_even():
    a, b = np.zeros(64), np.zeros(64)
    b[:60] = np.nan
    assert of_numbers("loss", a, b, margin=0.1).verdict == "worse"
    both = of_numbers("loss", b, b, margin=0.1)
    assert (both.won, both.lost, both.verdict) == (0, 0, "no difference")


def test_the_median_lies_in_its_interval_as_often_as_is_said():
    rng = np.random.default_rng(1)
    drawn = rng.exponential(size=(2000, 33))
    inside = [low <= np.log(2) <= high for low, high in map(median_interval, drawn)]
    assert 0.95 <= np.mean(inside) <= 0.985  # order statistics cannot be had at exactly 95 %
    low, high = median_interval(drawn[0], confidence=confidence_at(33))
    assert low <= median_interval(drawn[0])[0] and high >= median_interval(drawn[0])[1]


def test_too_few_pairs_say_nothing_of_a_median():
    assert median_interval([1.0, 2.0, 3.0]) == (-np.inf, np.inf)
    assert median_interval(np.arange(6.0)) == (0.0, 5.0)


def test_a_median_of_very_many_pairs_has_an_interval_too():
    low, high = median_interval(np.arange(4096.0))
    assert 1980 < low < 2047 < high < 2115  # 1.96 standard deviations of 32 ranks on either side
