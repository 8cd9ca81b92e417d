"""Rows without signal are learned by heart, and that is not called a cure."""

from __future__ import annotations

from dataclasses import replace

import keras
import numpy as np
import pytest

from recipes import dense, recipe
from unstuck.base.progress import Progress
from unstuck.capture import capture_model
from unstuck.diagnosis.diagnosis import Budget, Options, diagnose_captured
from unstuck.goal import make_goal
from unstuck.interventions.epochs import Epochs
from unstuck.interventions.validation_split import ValidationSplit
from unstuck.reports import render
from unstuck.search.experiment import Experiment
from unstuck.search.memorisation import FOLDS, learns_by_heart, with_rows_held_out

RNG = np.random.default_rng(3)
X = RNG.normal(size=(60, 8)).astype("float32")
ANSWERS = {"drawn": RNG.integers(0, 2, 60).astype("float32"),
           "a rule": (X[:, 0] > X[:, 1]).astype("float32")}


@pytest.mark.parametrize(("answers", "by_heart"), [("drawn", True), ("a rule", False)])
def test_rows_held_out_tell_a_rule_from_rows_learned_by_heart(answers: str, by_heart: bool) -> None:
    keras.utils.clear_session(free_memory=False)
    short = recipe(dense(64, 1, inputs=8, optimizer=keras.optimizers.Adam(0.01)), X, ANSWERS[answers],
                   batch_size=16, epochs=2)
    experiment = Experiment(short, make_goal(short), budget=Budget.parse("30s"))
    arm = experiment.arm((Epochs.of(short, 200),))
    assert arm is not None
    assert experiment.goal.learned(experiment.fresh(arm, 8)).mean() > 0.8
    assert learns_by_heart(experiment, arm) is by_heart


def test_rows_that_are_validated_on_tell_without_another_training(monkeypatch) -> None:
    keras.utils.clear_session(free_memory=False)
    monkeypatch.setattr("unstuck.search.memorisation.held_out_score", lambda *_, **__: None)
    rows = np.random.default_rng(3).normal(size=(200, 8)).astype("float32")
    for answers, by_heart in ((rows[:, 0] > rows[:, 1], False), (np.arange(200) % 2, True)):
        split = recipe(dense(64, 1, inputs=8, optimizer=keras.optimizers.Adam(0.01)), rows,
                       answers.astype("float32"), batch_size=16, epochs=2, validation_split=0.2)
        goal = replace(make_goal(split), threshold=0.75)
        experiment = Experiment(split, goal, budget=Budget.parse("30s"))
        arm = experiment.run(experiment.arm((Epochs.of(split, 200),)), 8)
        assert arm.rate > 0.8
        assert learns_by_heart(experiment, arm) is by_heart
        moved = experiment.arm((Epochs.of(split, 200), ValidationSplit(value=0.0)))
        assert learns_by_heart(experiment, moved) is None


def test_a_change_of_the_split_does_not_take_the_held_out_rows_back() -> None:
    keras.utils.clear_session(free_memory=False)
    split = recipe(dense(4, 1, inputs=8), X, ANSWERS["drawn"], batch_size=16, epochs=2,
                   validation_split=0.5)
    held = with_rows_held_out(split, (ValidationSplit(value=0.0), Epochs.of(split, 3)), fold=2)
    assert held.validation is not None
    assert held.validation.rows == 60 // FOLDS
    assert held.epochs == 3


def test_a_diagnosis_offers_no_repair_that_only_learns_by_heart() -> None:
    keras.utils.clear_session(free_memory=False)
    model = dense(64, 1, inputs=8, optimizer=keras.optimizers.Adam(0.01))
    rows = np.random.default_rng(0).normal(size=(200, 8)).astype("float32")
    drawn = np.arange(200) % 2
    captured = capture_model(model, rows, drawn, batch_size=16, epochs=3)
    result = diagnose_captured(captured, options=Options(budget=Budget.parse("20s"), replicas=32),
                               progress=Progress()).result
    assert result.outcome == "NO_SIGNAL"
    assert result.repairs == ()
    assert not [arm for arm in result.arms if arm.verdict in ("cause", "contributes", "needs company")]
    assert any("by heart" in note and "--goal 'by heart'" in note for note in result.notes)


def test_what_is_to_be_learned_by_heart_is_offered_under_that_name() -> None:
    keras.utils.clear_session(free_memory=False)
    model = dense(64, 1, inputs=8, optimizer=keras.optimizers.Adam(0.01))
    rows = np.random.default_rng(0).normal(size=(64, 8)).astype("float32")
    captured = capture_model(model, rows, RNG.integers(0, 2, 64), batch_size=16, epochs=3)
    result = diagnose_captured(captured, progress=Progress(), options=Options(
        budget=Budget.parse("300runs"), replicas=16, goal="by heart", pictures=False)).result
    assert result.outcome == "STUCK"
    assert result.goal.why.startswith("by heart, as asked: 90 % of the way")
    assert result.goal.references == {}
    assert result.repairs[0].success_rate >= 0.9
    assert "learned by heart" in " ".join(render("text", result, width=100).split())
    shown = " ".join(render("text", result, width=100, verbose=1).split())
    assert ", by heart: " in shown
    assert "Of other rows this says nothing." in shown
