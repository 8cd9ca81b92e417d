"""What users put into their own tests."""

from __future__ import annotations

import dataclasses

import keras
import numpy as np
import pytest

import unstuck
from results_examples import HEALTHY, TWO_BITS
from unstuck.base.errors import Stuck, UnstuckError
from unstuck.diagnosis.diagnosis import Diagnosis

BITS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32")


def network(rate):
    made = keras.Sequential([keras.Input((2,)), keras.layers.Dense(16, "tanh"),
                             keras.layers.Dense(2, "sigmoid")])
    made.compile(keras.optimizers.Adam(rate), "binary_crossentropy")
    return made


def test_a_network_that_learns_passes():
    unstuck.assert_learns(network(0.1), BITS, BITS, epochs=80, batch_size=4, replicas=8)


def test_one_that_does_not_fails_with_what_was_measured():
    with pytest.raises(AssertionError) as raised:
        unstuck.assert_learns(network(1e-5), BITS, BITS, epochs=20, batch_size=4, replicas=8,
                              at_least=0.8)
    text = str(raised.value)
    assert isinstance(raised.value, Stuck)
    assert "0 of 8 trainings learned (0%, 95 % CI 0% to " in text
    assert "at least 80% were asked for" in text
    assert "The median loss is 0." in text
    assert "learning-rate-too-low: " in text


def test_the_users_own_goal_counts():
    with pytest.raises(Stuck, match="0 of 4"):
        unstuck.assert_learns(network(0.1), BITS, BITS, epochs=3, batch_size=4, replicas=4,
                              goal="loss <= 0.0000001")


def test_its_error_rates_are_stated_and_kept():
    with pytest.raises(Stuck, match=r"Fewer than 16 of 21 fail: wrongly 1 in \d,\d00 times; a fall to"):
        unstuck.assert_learns(network(1e-5), BITS, BITS, epochs=20, batch_size=4)
    with pytest.raises(UnstuckError, match="2 trainings cannot show that fewer than 50% learn"):
        unstuck.assert_learns(network(0.1), BITS, BITS, at_least=0.5, replicas=2)


@pytest.mark.parametrize("share", [0, -1, 1.5])
def test_a_share_that_is_none(share):
    with pytest.raises(UnstuckError, match="no share"):
        unstuck.assert_learns(network(0.1), BITS, BITS, at_least=share)


def test_a_diagnosis_raises_if_stuck():
    with pytest.raises(AssertionError) as raised:
        Diagnosis(result=TWO_BITS).raise_if_stuck()
    assert str(raised.value).startswith(TWO_BITS.outcome)
    assert TWO_BITS.causes[0].intervention in str(raised.value)
    Diagnosis(result=HEALTHY).raise_if_stuck()
    Diagnosis(result=dataclasses.replace(TWO_BITS, outcome="AT_FLOOR")).raise_if_stuck()
