"""Two trainings against each other: what is said of them, and that no cause is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from unstuck.capture import capture_script
from unstuck.checks import Observation
from unstuck.checks.mode_collapse import ModeCollapse
from unstuck.diagnosis.diagnosis import diagnose_script
from unstuck.diagnosis.steps import Options
from unstuck.goal import make_goal
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
