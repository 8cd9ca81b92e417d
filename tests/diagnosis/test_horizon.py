"""Diagnoses of trainings whose first updates alone are made: what is said, fixed and run again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from honesty import assert_honest
from replayed import assert_replays
from unstuck.diagnosis.diagnosis import Diagnosis, Options, diagnose_script
from unstuck.diagnosis.repair import prove, rewritten
from unstuck.diagnosis.yardsticks import horizon_of
from unstuck.doors.exits import PROVED, WELL, exit_code
from unstuck.reports import render
from unstuck.reports.parts.messages import summary
from unstuck.script import Script
from unstuck.search.budget import Budget

SCRIPT = """\
import keras
import numpy as np

rng = np.random.default_rng(0)
y = rng.integers(0, 2, (2000, 1)).astype("float32")
x = rng.uniform(0, TOP, (2000, 12)).astype("float32")
x[:, :6] = x[:, :6] * 0.5 + TOP / 2 * y
model = keras.Sequential([
    keras.Input((12,)),
    keras.layers.Dense(32, activation="relu"),
    keras.layers.Dense(32, activation="relu"),
    keras.layers.Dense(1, activation="sigmoid"),
])
model.compile(loss="binary_crossentropy", optimizer=keras.optimizers.SGD(RATE))
model.fit(x, y, epochs=EPOCHS, batch_size=20, validation_split=0.1, verbose=0)
"""
RUINED = SCRIPT.replace("verbose=0)", "verbose=0, callbacks=[\n"
                        "    keras.callbacks.LearningRateScheduler("
                        "lambda epoch: RATE if epoch < 10 else float('nan'))])")
"""Whatever it has learned by its tenth epoch, a schedule spoils from then on."""


def diagnosed(
    folder: Path, *, text=SCRIPT, top=1, rate=0.5, epochs=40, budget="500runs", **asked
) -> Diagnosis:
    """The script diagnosed at a horizon: sick where the inputs go up to 255."""
    path = folder / "train.py"
    path.write_text(text.replace("TOP", str(top)).replace("RATE", str(rate)).replace(
        "EPOCHS", str(epochs)), encoding="utf-8")
    asked = {"horizon": 80, "pictures": False, **asked}
    return diagnose_script(path, options=Options(budget=Budget.parse(budget), **asked))


@pytest.fixture(scope="module")
def sick(tmp_path_factory) -> Diagnosis:
    return diagnosed(tmp_path_factory.mktemp("sick"), top=255)


def plain(diagnosis: Diagnosis) -> str:
    return " ".join(render("text", diagnosis.result, verbose=1).split())


def test_a_healthy_training_is_told_to_begin(tmp_path):
    found = diagnosed(tmp_path)
    result = found.result
    assert_honest(result)
    assert result.outcome == "BEGINS" and exit_code(result) == WELL
    assert not result.repairs and not result.facts and not result.suspicions
    assert (result.horizon.updates, result.horizon.of, result.fit.updates) == (80, 3600, 3600)
    assert (result.horizon.rows, result.horizon.of_rows, result.fit.rows) == (1600, 1800, 1800)
    text = plain(found)
    count = result.population.replicas
    assert "LEARNING BEGINS. Within the first 80 of 3,600 updates, learning begins in" in text
    assert f"{count} of {count} trainings of your script" in text
    assert "on 1,600 of the 1,800 rows" in text and "What shows only later is not looked at" in text
    assert "Nothing was found that keeps it from beginning to learn" in text
    found.raise_if_stuck()


def test_whole_trainings_are_told_beside(tmp_path):
    result = diagnosed(tmp_path).result
    assert result.horizon.full.own == result.horizon.full.replicas == 4
    assert result.horizon.full.repaired is None
    text = " ".join(render("text", result).split())
    assert "To the end, by the yardstick of whole trainings: 4 of 4 trainings of your script" in text


def test_a_sick_one_gets_a_cause_and_a_repair_proved_at_its_horizon(sick):
    result = sick.result
    assert_honest(result)
    assert_replays(sick)
    assert result.outcome == "STUCK" and exit_code(result) == PROVED
    assert result.population.successes == 0
    causes = [arm.intervention for arm in result.causes]
    assert causes == ["inputs scaled"] and result.causes[0].fresh
    best = result.repairs[0]
    assert best.interventions == ("inputs scaled",) and best.successes == best.replicas == 16
    assert best.updates == 3600 and best.applicability == "safe"
    assert result.budget.trainings <= 100


def test_every_statement_says_that_it_is_about_the_horizon(sick):
    text = plain(sick)
    within = "within the first 80 of 3,600 updates"
    assert f"{within[0].upper()}{within[1:]}, learning begins in 0 of" in text
    assert f"inputs scaled, nothing else changed, {within}:" in text
    assert f"16 of 16 (100 %, 95 % CI 81–100 %) {within}; measured on fresh seeds" in text
    assert "4 of 4 with the repair and 0 of 4 trainings of your script as it is learned" in text
    page = render("html", sick.result)
    assert "All that is said here is about the first 80 of" in page
    for name in ("github", "sarif"):
        assert within in render(name, sick.result)


def test_what_most_whole_trainings_do_not_learn_with_is_no_repair(tmp_path):
    found = diagnosed(tmp_path, text=RUINED, top=255, epochs=20, budget="400runs")
    result = found.result
    assert_honest(result)
    best = result.repairs[0]
    assert best.interventions == ("inputs scaled",) and best.successes == best.replicas == 16
    assert best.whole[1] == 4 and not best.lasts
    assert not [one for one in result.cleared if one.by == "repair"]
    whole = f"To the end, {best.whole[0]} of 4 learned with it: that is no cure yet."
    text = plain(found)
    assert "Helps at first, but is no cure yet, 1 change: 16 of 16" in text and whole in text
    assert "mallest repair" not in text and "unstuck fix" not in text
    short = " ".join(render("text", result).split())
    assert "Helps With it 16 of 16 learn" in short and whole in short
    page = " ".join(render("html", result).split())
    assert "Helps at first: " in page and "Best repair" not in page and whole in page
    assert "Helps at first: inputs scaled; 16 of 16" in summary(result) and whole in summary(result)


def test_nothing_is_said_of_what_only_the_end_shows(sick):
    result = sick.result
    names = {finding.check for finding in (*result.facts, *result.suspicions)}
    assert not names & {"few-updates", "overfitting", "small-batch", "fragile-seeds"}
    kinds = {arm.kind for arm in result.arms} | {entry.kind for entry in result.cleared}
    assert not kinds & {"epochs", "batch_size", "validation_split"}


def test_the_rewritten_script_is_proved_at_the_same_horizon(sick):
    result = sick.result
    script = Script.read(Path(result.script.path))
    options = Options(budget=Budget.parse("40runs"))
    repaired = prove(script, result.repairs[0], options=options, horizon=horizon_of(result),
                     after=rewritten(script, result.repairs[0]))
    assert repaired.ok and repaired.rate.share == 1.0 and repaired.recipe.updates == 3600
    assert repaired.goal.early and b"Normalization" in repaired.script.data


def test_what_stands_still_at_first_and_learns_later_is_told_as_late(tmp_path):
    found = diagnosed(tmp_path, rate=0.005, horizon=10, budget="1600runs")
    result = found.result
    assert_honest(result)
    assert result.population.successes == 0
    assert result.horizon.full.own == result.horizon.full.replicas >= 2
    assert result.outcome == "LATE"
    assert "LEARNS LATE." in plain(found) and "What looks like standing still ends by itself" in plain(
        found)


def test_a_horizon_beyond_the_end_is_none(tmp_path):
    for asked in ({"horizon": 10_000}, {"horizon": None, "whole": True}):
        result = diagnosed(tmp_path, epochs=5, budget="40runs", **asked).result
        assert result.horizon is None and result.outcome == "LEARNS"


def test_fewer_rows_are_taken_and_told(tmp_path):
    found = diagnosed(tmp_path, epochs=20, budget="40runs", horizon=None, rows=400)
    result = found.result
    assert result.horizon is None and result.outcome == "LEARNS"
    assert (result.fit.rows, result.fit.rows_asked, result.fit.updates) == (400, 400, 400)
    assert "as asked, trained on 400 of the 1,800 rows, each class with its share" in plain(found)
    assert result.switches[-2:] == ("--rows", "400")


def test_the_switches_say_how_it_is_asked_for_again(sick):
    switches = sick.result.switches
    assert switches[switches.index("--horizon") + 1] == "80"
    whole = replace(Options(), whole=True)
    assert whole.asked["horizon"] == "full" and Options().asked["horizon"] is None
