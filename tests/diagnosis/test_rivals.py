"""Two trainings against each other: what is said of them, and that no cause is named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from unstuck.base.errors import UnstuckError
from unstuck.capture import capture_script
from unstuck.checks import Observation
from unstuck.checks.mode_collapse import ModeCollapse
from unstuck.diagnosis.diagnosis import diagnose_script
from unstuck.diagnosis.steps import Options
from unstuck.goal import make_goal
from unstuck.goal.by_loss import untrained_loss
from unstuck.interventions.learning_rate import LearningRate
from unstuck.network.alone import asked_alone
from unstuck.network.own_steps import state_of
from unstuck.network.steps import as_the_user_began, train_step_of
from unstuck.population.keras_engine.engine import KerasEngine
from unstuck.reports import render
from unstuck.search.budget import Budget

GAN = Path(__file__).parents[2] / "specimens" / "mode_collapse.py"


@pytest.fixture(scope="module")
def recipe():
    return capture_script(GAN).recipe


def test_each_optimizer_is_told_with_what_it_trains(recipe):
    told = [(one.optimizer, one.trains, one.without_gradient, one.weights) for one in recipe.rivals]
    assert told == [
        ("d_optimizer", ("discriminator",), 0, 4), ("g_optimizer", ("generator",), 0, 4)]
    assert [one.learning_rate for one in (recipe.optimizer, *recipe.others)] == [1e-5, 0.05]


def test_each_keeps_its_own_rate_in_every_replica(recipe):
    """At 1e-5 a generator would stay as varied as it is drawn; at 0.05 a discriminator would win."""
    goal = make_goal(recipe)
    population = KerasEngine(strategy="vmap").train(recipe, list(range(4)), goal, probes=False)
    assert np.median(population.score[:, 0]) < 0.1
    losses = population.metrics["d_loss"]
    assert np.abs(losses[:, -1] - losses[:, 0]).max() < 0.1


def test_variety_is_that_of_what_is_made_up(recipe):
    goal = make_goal(recipe)
    rows = np.asarray(recipe.x)[: goal.judged_rows]
    same = np.repeat(rows[:1], len(rows), axis=0)
    score = goal.score(recipe, np.stack([rows, 0.5 * rows, same]), np.zeros(3, np.float32))
    np.testing.assert_allclose(score[:, 0], [1.0, 0.5, 0.0], rtol=0.05, atol=1e-6)
    population = KerasEngine(strategy="vmap").train(recipe, list(range(4)), goal, probes=False)
    assert not goal.learned(population).any()
    (fact,) = ModeCollapse().findings(Observation(recipe=recipe, goal=goal, control=population))
    assert "mode collapse" in fact.message and "of 4 trainings" in fact.message
    assert fact.interventions == ()


def test_the_report_says_what_is_known_and_names_no_cause():
    diagnosis = diagnose_script(GAN, options=Options(budget=Budget.parse("8runs"), replicas=8))
    result = diagnosis.result
    assert result.outcome == "INCONCLUSIVE" and not result.arms and not result.repairs
    assert not result.suspicions and not result.population.modes
    assert {one.check for one in result.facts} <= {"mode-collapse"}
    text = " ".join(render("text", result).split())
    assert "two networks are trained" in text and "g_loss from" in text
    assert "d_optimizer trains discriminator: a gradient reaches all 4" in text
    page = diagnosis.to_html()
    assert "two networks are trained" in page and "trainings learned" not in page
    assert ("mode collapse" in page) is bool(result.facts)
    assert "did not learn" not in text and "What counts as learned" not in text


@pytest.mark.parametrize(("name", "trained", "line", "rate"), [
    ("generator", "generator", 45, 0.05), ("d_optimizer", "discriminator", 45, 1e-5)])
def test_one_of_them_alone_is_trained_by_its_own_optimizer_and_the_other_stays(
        recipe, name, trained, line, rate):
    alone = asked_alone(recipe, f"{name} alone")
    assert alone.optimizer.learning_rate == pytest.approx(rate)
    assert alone.sites["optimizer"].line == line
    goal = make_goal(alone, asked=f"{name} alone")
    assert (goal.metric, goal.undecided) == ("loss", False)
    assert goal.threshold == pytest.approx(0.1 * untrained_loss(alone))
    changed = LearningRate.of(alone, 0.01).apply(alone)
    assert changed.optimizer.learning_rate == pytest.approx(0.01)
    built = as_the_user_began(changed)
    state = state_of(built)
    logs, after = train_step_of(built, changed)(state, changed.first_batch)
    short = {"generator": "g_loss", "discriminator": "d_loss"}[trained]
    assert float(logs["loss"]) == pytest.approx(float(logs[short]))
    for variable, one, other in zip(built.trainable_variables, state[0], after[0], strict=True):
        inside = any(variable is each for each in getattr(built, trained).trainable_variables)
        assert inside != np.array_equal(one, other)


@pytest.mark.parametrize(("goal", "said"), [
    ("nobody alone", "Write 'discriminator alone' or 'generator alone'"), ("loss <= 1", None)])
def test_what_cannot_be_looked_at_alone(recipe, goal, said):
    if said is None:
        assert asked_alone(recipe, goal) is recipe
        recipe, goal = replace(recipe, rivals=()), "generator alone"
        said = "the script's step has one"
    with pytest.raises(UnstuckError, match=said):
        asked_alone(recipe, goal)


def test_a_diagnosis_of_one_alone_changes_its_training_and_no_network():
    options = Options(budget=Budget.parse("60runs"), replicas=4, goal="discriminator alone")
    diagnosis = diagnose_script(GAN, options=options)
    result = diagnosis.result
    assert result.goal.asked == "discriminator alone" and result.outcome in ("STUCK", "INCONCLUSIVE")
    assert any("learning rate" in arm.intervention for arm in result.arms)
    assert not any(word in arm.intervention for arm in result.arms
                   for word in ("dense", "width", "activation", "initial"))
    assert any("only what d_optimizer trains is trained here" in note for note in result.notes)
