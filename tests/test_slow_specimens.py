"""Scripts that train for minutes, of which the first updates alone are made: healthy and sick ones."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from honesty import assert_honest
from unstuck.diagnosis.diagnosis import Diagnosis, Options, diagnose_script
from unstuck.search.budget import Budget

SLOW = Path(__file__).parent.parent / "specimens" / "slow"
UPDATES = 9380

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.environ.get("UNSTUCK_SLOW") != "1", reason="set UNSTUCK_SLOW=1"),
]


def diagnosed(name: str, budget: str = "52runs") -> Diagnosis:
    """Counted in trainings, so that what is said does not hang on the machine's load."""
    return diagnose_script(SLOW / f"{name}.py", options=Options(
        budget=Budget.parse(budget), horizon=200, pictures=False))


def test_a_healthy_one_is_told_to_begin() -> None:
    result = diagnosed("mnist_mlp").result
    assert_honest(result)
    assert result.outcome == "BEGINS"
    assert result.population.successes == result.population.replicas >= 16
    assert (result.horizon.updates, result.horizon.of) == (200, UPDATES)
    assert not result.causes and not result.suspicions and not result.repairs


def test_one_with_grey_levels_gets_its_cause_and_a_proved_repair() -> None:
    result = diagnosed("mnist_mlp_grey").result
    assert_honest(result)
    assert result.outcome == "STUCK" and result.population.successes == 0
    assert "unscaled-inputs" in {finding.check for finding in result.suspicions}
    assert [arm.kind for arm in result.causes] == ["input_scale"]
    best = result.repairs[0]
    assert best.kinds == ("input_scale",) and best.successes == best.replicas == 16
    assert "Rescaling(scale=1 / 255)" in best.diff and best.updates == UPDATES


def test_a_healthy_convolutional_network_is_told_to_begin() -> None:
    """Four trainings: each takes ten seconds of a processor."""
    result = diagnosed("mnist_convnet", "4runs").result
    assert_honest(result)
    assert result.outcome == "BEGINS"
    assert result.population.successes == result.population.replicas == 4


def test_a_healthy_siamese_network_is_told_to_begin() -> None:
    result = diagnosed("mnist_siamese").result
    assert_honest(result)
    assert result.outcome == "BEGINS"
    assert result.population.successes == result.population.replicas >= 16
    assert not result.causes and not result.repairs


def test_a_siamese_network_with_a_rate_far_too_low_gets_its_cause_and_a_proved_repair() -> None:
    result = diagnosed("mnist_siamese_slow").result
    assert_honest(result)
    assert result.outcome == "STUCK" and result.population.successes == 0
    assert {arm.kind for arm in result.causes} <= {"optimizer", "learning_rate"} and result.causes
    best = result.repairs[0]
    assert set(best.kinds) <= {"optimizer", "learning_rate"}
    assert best.successes == best.replicas >= 6 and best.edits is not None


def test_two_minutes_are_enough_for_a_repair() -> None:
    """The default budget, in time: how many pairs prove it depends on the machine."""
    result = diagnose_script(SLOW / "mnist_mlp_grey.py", options=Options(pictures=False)).result
    assert_honest(result)
    assert result.horizon is not None and 200 <= result.horizon.updates < UPDATES
    assert result.repairs[0].kinds == ("input_scale",) and result.repairs[0].success_rate == 1.0
