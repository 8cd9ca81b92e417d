"""A budget in trainings: never more than that, and the same whatever the clock says."""

from __future__ import annotations

import dataclasses
import random
from typing import Any

import pytest

from faults.helpers import diagnosed, written
from recipes import two_bits
from unstuck.diagnosis.horizons import seconds_of
from unstuck.goal import make_goal
from unstuck.population.choice import engines
from unstuck.result.documents import to_document
from unstuck.search.arms import Arm
from unstuck.search.budget import Budget, BudgetSpent
from unstuck.search.experiment import Experiment


def untimed(result: Any) -> Any:
    """The document without what a clock has measured."""
    document = to_document(result)
    del document["budget"]["spent"], document["budget"]["seconds_by_part"]
    return document


@pytest.mark.parametrize(("budget", "alike"), [("10runs", True), ("60s", False)])
def test_what_is_counted_costs_the_same_however_many_processes_train(budget, alike):
    recipe, told = two_bits(8), []
    for workers in (0, 2, 7):
        experiment = Experiment(recipe, make_goal(recipe), budget=Budget.parse(budget))
        experiment.run(experiment.control, 8)
        costs, arm = experiment.costs, Arm(changes=(), recipe=recipe)
        costs.given_out(workers)
        told.append((costs.usual(8), costs.in_company(arm, 8), costs.gain, costs.affordable(1.0)))
        assert (seconds_of(experiment, ["a change"]) is None) is alike
    assert (told[0] == told[1] == told[2]) is alike


@pytest.mark.parametrize("budget", ["90runs", "900runs"])
def test_the_same_document_under_any_load(budget, tmp_path, monkeypatch):
    """Every training takes another time, as it does where others are at work."""
    script = written(tmp_path)
    engine = engines(None)[0]
    original, documents = engine.train, []
    for load in (None, 1, 1000):
        rng = random.Random(load)

        def train(*given: Any, rng=rng, load=load, **named: Any) -> Any:
            population = original(*given, **named)
            if load is None:
                return population
            return dataclasses.replace(population, compile_seconds=rng.choice([0.0, 5.0]),
                                       seconds=10.0 ** rng.uniform(-5, 3) * load)

        with monkeypatch.context() as patch:
            patch.setattr(engine, "train", train)
            result = diagnosed(script, budget=Budget.parse(budget), replicas=32).result
        assert result.budget.trainings <= int(budget.removesuffix("runs"))
        documents.append(untimed(result))
    assert documents[0] == documents[1] == documents[2]


def test_several_arms_at_a_time_take_no_more_than_there_is(monkeypatch):
    recipe = two_bits(8)
    experiment = Experiment(recipe, make_goal(recipe), budget=Budget.parse("10runs"))

    def meanwhile(*_: Any, **__: Any) -> Any:
        with pytest.raises(BudgetSpent):
            experiment._take(3, recipe)
        raise ValueError("it fails")

    monkeypatch.setattr(experiment._chunks, "train", meanwhile)
    with pytest.raises(ValueError, match="it fails"):
        experiment.run(Arm(changes=(), recipe=recipe), 8)
    assert (experiment.trainings, experiment.steps) == (0, 0)  # what failed is given back
