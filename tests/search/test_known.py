"""The budget is a ceiling: a search ends when what it will say is known, or when it has said all."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

from recipes import two_bits
from unstuck.base.progress import Progress
from unstuck.goal import make_goal
from unstuck.search.budget import Budget
from unstuck.search.candidates import Candidate
from unstuck.search.experiment import Experiment
from unstuck.search.ranking import CURED
from unstuck.search.search import Search

RECIPE = two_bits(200, epochs=100)
GOAL = make_goal(RECIPE)
IDLE = (0.0,) * 20
SUSPECTS = 5


@pytest.fixture(scope="module")
def drawn():
    path = str(Path(__file__).parents[2] / "benchmarks")
    sys.path.insert(0, path)
    yield importlib.import_module("calibration_drawn")
    sys.path.remove(path)


class Heard(Progress):
    """What is told on the way, each thing once."""

    def __init__(self):
        self.said = []

    def advance(self, done, note="", total=None):
        if note not in self.said:
            self.said.append(note)


def searched(drawn, base, effects, *, pace=0.03, budget="2m", first=64, progress=None):
    """A search whose replicas learn with these probabilities; the first few changes are suspected."""
    chunks = drawn.DrawnChunks(base, effects, pace=pace, run=0)
    experiment = Experiment(RECIPE, GOAL, budget=Budget.parse(budget), threads=1, chunks=chunks,
                            progress=progress)
    experiment.run(experiment.control, first)
    candidates = [Candidate(change=drawn.Change(number=i + 1),
                            checks=(f"check-{i}",) if i < SUSPECTS else ())
                  for i in range(len(effects))]
    search = Search(experiment, candidates)
    search.run(sick=experiment.control.rate < CURED)
    return search


def verdicts(search):
    return {j.trial.changes[0].label: j.verdict for j in search.verdicts.judged()}


def test_it_ends_when_the_cause_is_proved_and_each_suspect_has_its_verdict(drawn):
    search = searched(drawn, 0.0, (0.0, 1.0, *IDLE))
    assert search.experiment.spent < 60 and search.experiment.has_some_left
    said = verdicts(search)
    assert said.pop("change 2") == "cause"
    assert search.proofs.offered[0].rate.low > 0.9
    suspects = {f"change {n + 1}" for n in range(SUSPECTS)} - {"change 2"}
    assert {said[label] for label in suspects} == {"no effect alone"}
    assert not {"cause", "contributes", "harmful"} & set(said.values())


def test_what_is_cheap_is_all_said_before_it_ends(drawn):
    search = searched(drawn, 0.0, (0.0, 1.0, *IDLE), pace=0.001)
    said = verdicts(search)
    assert len(said) == len(IDLE) + 3  # the placebo too
    assert list(said.values()).count("cause") == 1 and search.experiment.spent < 10
    assert set(said.values()) == {"cause", "no effect alone"}


def test_without_a_cure_nothing_is_left_out(drawn):
    search = searched(drawn, 0.0, (0.0, *IDLE))
    assert not search.proofs.offered
    said = verdicts(search)
    assert len(said) == len(IDLE) + 2 and set(said.values()) <= {"no effect alone", "undecided"}


def test_it_does_not_stop_before_what_helps_is_shown_to_help(drawn):
    """A suspect that brings 30 points beside a cure: more pairs are needed, and given."""
    search = searched(drawn, 0.05, (0.3, 0.95, *IDLE))
    assert verdicts(search)["change 1"] in ("cause", "contributes")


def test_with_room_for_ten_trainings_the_likeliest_come_first(drawn):
    search = searched(drawn, 0.0, (0.0,) * 8, budget="10runs", first=4)
    assert search.experiment.trainings <= 10
    tried = {arm.changes for arm in search.experiment.tried}
    assert (drawn.Change(number=1),) in tried and 2 <= len(tried) <= 3
    assert " and " in search.left[0]  # all that is sensible at once, before the rest alone
    assert not search.proofs.offered


def test_with_room_for_forty_trainings_a_cause_is_proved(drawn):
    search = searched(drawn, 0.0, (0.0, 0.0, 1.0, *(0.0,) * 5), budget="40runs", first=4)
    assert verdicts(search)["change 3"] == "cause"
    assert search.experiment.trainings <= 40 and not search.left


def test_on_the_way_it_tells_the_best_so_far(drawn):
    heard = Heard()
    searched(drawn, 0.0, (0.0, 0.5, 1.0, *IDLE), progress=heard)
    said = [note.removeprefix("yours 0 %, ") for note in heard.said]
    assert said[0] == "" and "0 % learn so far" in said
    assert any(note.startswith("best of 2: ") for note in said)
    assert next(note for note in said if "cures" in note).startswith("one change cures: ")
    assert said[-1].startswith("a repair proved: ")
