"""What a saved diagnosis says of the two-bit autoencoder is what its arrays say."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from replayed import assert_replays
from unstuck.diagnosis.diagnosis import Diagnosis, Options, diagnose_script
from unstuck.search.budget import Budget

TWO_BITS = Path(__file__).parent.parent.parent / "examples" / "two_bits.py"


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Diagnosis:
    path = tmp_path_factory.mktemp("saved") / "two_bits.unstuck"
    diagnose_script(TWO_BITS, options=Options(
        budget=Budget.parse("300runs"), replicas=128, pictures=False)).save(path)
    return Diagnosis.load(path)


def test_rates_ends_groups_and_codes_come_out_again(saved: Diagnosis) -> None:
    looked = assert_replays(saved)
    assert {"rates", "modes", "groups", "failing", "codes", "codes in the median"} <= set(looked)
    assert looked["groups"] == looked["modes"] >= 3


@pytest.mark.parametrize("what", ["count", "groups", "codes", "median"])
def test_a_number_that_is_another_one_is_seen(saved: Diagnosis, what: str) -> None:
    result = saved.result
    population = result.population
    if what == "count":
        population = dataclasses.replace(population, successes=population.successes + 1)
    elif what == "median":
        layers = {name: value - 1 for name, value in population.distinct_by_layer.items()}
        population = dataclasses.replace(population, distinct_by_layer=layers)
    elif what == "groups":
        one = next(mode for mode in population.modes if " alike" in mode.reading)
        other = dataclasses.replace(one, reading="[0, 0] and [1, 1] come out alike; [0, 1] and [1, 0]"
                                    " come out alike")
        population = dataclasses.replace(population, modes=tuple(
            other if mode is one else mode for mode in population.modes))
    else:
        told = [dataclasses.replace(one, message=one.message.replace("1 in ", "2 in ", 1))
                for one in result.suspicions]
        result = dataclasses.replace(result, suspicions=tuple(told))
    wrong = dataclasses.replace(saved, result=dataclasses.replace(result, population=population))
    with pytest.raises(AssertionError):
        assert_replays(wrong)
