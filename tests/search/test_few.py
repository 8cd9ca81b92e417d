"""A search with room for few trainings: what comes first, what it claims, how seldom it is wrong."""

from __future__ import annotations

import importlib
import itertools
import sys
from pathlib import Path

import numpy as np
import pytest

from recipes import dense, recipe, two_bits
from unstuck.goal import begun, make_goal
from unstuck.interventions.learning_rate import LearningRate
from unstuck.interventions.scale_inputs import ScaleInputs
from unstuck.network.horizon import Horizon
from unstuck.search import wholes
from unstuck.search.budget import Budget
from unstuck.search.candidates import OF_THE_END, Candidate, singles, strong_sets
from unstuck.search.experiment import Experiment
from unstuck.search.few import PAIRS, _first_wishes
from unstuck.search.ranking import CURED
from unstuck.search.search import Search
from unstuck.search.wholes import trained_whole

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
LONG = two_bits(200, epochs=100)
GOAL = begun(make_goal(LONG))
HORIZON = Horizon(updates=200)


@pytest.fixture(scope="module")
def drawn():
    sys.path.insert(0, str(BENCHMARKS))
    yield importlib.import_module("calibration_drawn")
    sys.path.remove(str(BENCHMARKS))


def searched(drawn, base, effects, *, run, room):
    """A search with room for so many trainings, whose replicas learn with these probabilities."""
    chunks = drawn.DrawnChunks(base, effects, pace=120.0 / room, run=run)
    experiment = Experiment(LONG, GOAL, budget=Budget.parse("2m"), threads=1, chunks=chunks,
                            horizon=HORIZON)
    experiment.run(experiment.control, 4)
    candidates = [Candidate(change=drawn.Change(number=i + 1), checks=(f"check-{i}",))
                  for i in range(len(effects))]
    search = Search(experiment, candidates)
    search.run(sick=experiment.control.rate < CURED)
    return search


@pytest.fixture
def one_by_one(drawn, monkeypatch):
    monkeypatch.setattr(drawn, "BLOCK", 1)


@pytest.mark.usefixtures("one_by_one")
def test_what_does_nothing_is_called_a_cause_in_fewer_than_one_of_a_hundred(drawn):
    """Five base rates, two rooms, eight idle changes: every verdict that names one is wrong."""
    count = wrong = proved = 0
    for run, (base, room) in zip(range(200), itertools.cycle(
            itertools.product((0.0, 0.05, 0.2, 0.5, 0.7), (60, 150))), strict=False):
        search = searched(drawn, base, (0.0,) * 8, run=run, room=room)
        count += 1
        wrong += any(j.verdict in ("cause", "contributes", "needs company")
                     for j in search.verdicts.judged())
        proved += any(cure.rate.share >= 0.9 and cure.rate.trials >= 8 and base < 0.5
                      for cure in search.proofs.offered)
    assert count == 200 and wrong / count <= 0.01
    assert proved / count <= 0.01


@pytest.mark.usefixtures("one_by_one")
@pytest.mark.parametrize("place", [0, 3, 7])
def test_the_one_change_that_cures_is_a_cause_within_sixty_trainings(drawn, place):
    effects = tuple(float(i == place) for i in range(8))
    named = 0
    for run in range(20):
        search = searched(drawn, 0.0, effects, run=run, room=60)
        causes = [j for j in search.verdicts.judged() if j.verdict == "cause"]
        named += [j.trial.changes[0].number for j in causes] == [place + 1]
        assert search.experiment.trainings <= 60
        cure = search.proofs.offered[0]
        assert cure.rate.share == 1.0 and cure.rate.trials in PAIRS
        assert all(j.trial.fresh and j.effect.pairs == cure.rate.trials for j in causes)
    assert named >= 19


@pytest.mark.usefixtures("one_by_one")
def test_where_a_cure_does_not_last_the_next_one_is_taken(drawn, monkeypatch):
    """Two changes win at the horizon; to the end nobody learns with the first of them."""
    search = searched(drawn, 0.0, (0.0, 1.0, 0.0, 1.0), run=0, room=400)
    first = search.proofs.offered[0]
    assert [change.number for change in first.arm.changes] == [2]

    def to_the_end(experiment, arm, count):
        ruined = experiment.control if arm is first.arm else arm
        return experiment.fresh(ruined, count, goal=GOAL)

    monkeypatch.setattr(wholes, "_to_the_end", to_the_end)
    found = trained_whole(search.experiment, search.proofs, search.another)
    best, other = search.proofs.offered
    assert [change.number for change in best.arm.changes] == [4] and best.rate.share == 1.0
    assert best.whole == (4, 4) and other.whole == (0, 4) and other.arm is first.arm
    assert GOAL.learned(found.repaired).all() and not GOAL.learned(found.own).any()


@pytest.mark.usefixtures("one_by_one")
def test_with_room_for_ten_trainings_it_says_what_comes_next(drawn):
    search = searched(drawn, 0.0, (0.0,) * 8, run=1, room=10)
    assert search.experiment.trainings <= 10
    assert len(search.left) == 3
    tried = {arm.changes for arm in search.experiment.tried}
    assert 2 <= len(tried) <= 3
    assert not search.proofs.offered
    assert {j.verdict for j in search.verdicts.judged()} == {"undecided"}


def test_each_check_has_its_first_wish_first():
    wishes = [Candidate(change=LearningRate(value=float(i), was=1.0), checks=checks, certain=i < 2)
              for i, checks in enumerate([("a", "b"), ("a",), ("b", "c"), ("c",), ("d",)], 2)]
    assert [change.value for change in _first_wishes(wishes)] == [2.0, 4.0, 6.0]


def grey(optimizer="sgd", **given):
    """A classifier of rows that go up to 255; its rate is made for rows that go up to 1."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, (2000, 1)).astype("float32")
    x = rng.uniform(0, 255, (2000, 12)).astype("float32")
    x[:, :6] = x[:, :6] * 0.5 + 120 * y
    model = dense(32, 32, 1, inputs=12, optimizer=optimizer)
    model.optimizer.learning_rate = 0.5
    return recipe(model, x, y, **{"batch_size": 20, "epochs": 40, **given})


@pytest.fixture(scope="module")
def cured():
    """Rows that go up to 255 under plain gradient descent, whose first 80 of 4,000 updates are seen."""
    made = grey()
    goal = begun(make_goal(made))
    experiment = Experiment(made, goal, budget=Budget.parse("500runs"), horizon=Horizon(updates=80))
    experiment.run(experiment.control, 4)
    candidates = [Candidate(change=ScaleInputs(), checks=("unscaled-inputs",)),
                  Candidate(change=LearningRate.of(made, 50.0), checks=("learning-rate-too-low",))]
    search = Search(experiment, candidates)
    search.run(sick=True)
    return search


def test_a_change_that_wins_is_proved_on_fresh_pairs_at_the_horizon(cured):
    experiment = cured.experiment
    assert experiment.control.rate == 0.0 and experiment.control.recipe.updates == 80
    cause = next(j for j in cured.verdicts.judged() if j.verdict == "cause")
    assert cause.trial.changes == (ScaleInputs(),) and cause.trial.fresh
    assert cause.effect.rescued == cause.effect.pairs == 16 and cause.p_holm < 0.01
    assert not cured.left and experiment.trainings < 60
    best = cured.proofs.offered[0]
    assert experiment.whole(best.arm).updates == 4000 and best.arm.recipe.updates == 80


def test_what_is_left_shows_whole_trainings_of_both(cured):
    found = trained_whole(cured.experiment, cured.proofs, cured.another)
    goal = cured.experiment.goal.end
    assert found.own.seeds == found.repaired.seeds and len(found.own.seeds) == 4
    assert found.own.loss.shape[1] == 40  # epochs
    assert goal.learned(found.repaired).all() and not goal.learned(found.own).any()
    assert cured.proofs.offered[0].whole == (4, 4)


@pytest.mark.parametrize(("room", "whole"), [(54, 1), (53, 0), (204, 4)])
def test_a_whole_training_counts_as_long_as_it_is(room, whole):
    """Its 4,000 updates are those of fifty trainings to the horizon of 80."""
    made = grey()
    experiment = Experiment(made, begun(make_goal(made)), budget=Budget.parse(f"{room}runs"),
                            horizon=Horizon(updates=80))
    experiment.run(experiment.control, 4)
    found = trained_whole(experiment, Search(experiment, ()).proofs, lambda: None)
    assert (0 if found is None else found.own.replicas) == whole


def test_nothing_is_tried_that_only_the_end_can_show():
    made = grey("adam", batch_size=128, validation_split=0.2)
    whole = make_goal(made)
    for goal, silent in ((whole, False), (begun(whole), True)):
        listed = singles(made, goal, ())
        sets = strong_sets(made, goal, listed, most=lambda batch: 100_000)
        kinds = {kind for one in listed for kind in one.change.touches}
        kinds |= {kind for some in sets for change in some for kind in change.touches}
        assert bool(kinds & OF_THE_END) is not silent
