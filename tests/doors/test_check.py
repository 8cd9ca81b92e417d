"""`unstuck check` and `unstuck run --plan`: a few seconds, nothing written, nothing claimed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from unstuck.doors.cli import app

SPECIMENS = Path(__file__).parents[2] / "specimens"


@pytest.fixture
def call(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(app, [str(part) for part in arguments])


def test_a_healthy_script_has_no_finding(call, tmp_path):
    done = call("check", SPECIMENS / "healthy" / "xor.py", "-q")
    assert done.exit_code == 0, done.output
    assert "Nothing was found. Looked at: 16 trainings of 500 updates." in done.stdout
    assert "16 of 16 trainings learn the first 4 rows" in done.stdout
    assert "ln 2" in done.stdout and "the same whatever the others are" in done.stdout
    assert "each of the 2 layers with weights has one" in done.stdout
    assert "changes would be tried one by one" in done.stdout
    assert not list(tmp_path.iterdir())


def test_facts_stand_at_their_lines(call):
    script = SPECIMENS / "crashing" / "labels_from_one.py"
    done = call("check", script, "-q", "--format", "sarif")
    assert done.exit_code == 1, done.output
    run = json.loads(done.stdout)["runs"][0]
    found = {one["ruleId"]: one for one in run["results"]}
    assert set(found) == {"few-updates", "loss-does-not-suit-targets"}
    text = found["loss-does-not-suit-targets"]["message"]["text"]
    assert "class numbers from 1 to 3, and the 3 outputs have the numbers 0 to 2" in text
    assert found["few-updates"]["locations"][0]["physicalLocation"]["region"]["startLine"] == 14
    assert call("check", script, "-q", "--exit-zero").exit_code == 0


def test_fractions_under_a_loss_of_classes_are_a_fact(call):
    done = call("check", SPECIMENS / "crashing" / "fractions_for_sparse_loss.py", "-q",
                "--select", "loss-does-not-suit-targets")
    assert done.exit_code == 1
    assert "of the targets are no whole numbers" in " ".join(done.stdout.split())


def test_what_fails_in_fit_is_told_to_an_editor_too(call, tmp_path):
    script = SPECIMENS / "crashing" / "misspelled_loss.py"
    done = call("check", script, "-q", "--format", "sarif", "--json", "a.json")
    assert done.exit_code == 4
    (found,) = json.loads(done.stdout)["runs"][0]["results"]
    assert found["ruleId"] == "fit-fails" and found["level"] == "error"
    assert found["message"]["text"] == ("Keras knows no loss 'binary_cross_entropy'. Change:"
                                        " 'binary_crossentropy'.")
    assert found["locations"][0]["physicalLocation"]["region"] == {"startLine": 13}
    assert json.loads((tmp_path / "a.json").read_text())["failure"]["line"] == 13
    assert call("check", script, "-q", "--exit-zero").exit_code == 4


def test_a_plan_is_made_without_any_training(call, monkeypatch):
    def trained(*_args, **_more):
        raise AssertionError("something was trained")

    monkeypatch.setattr("unstuck.population.chunks.Chunks.train", trained)
    done = call("run", SPECIMENS / "healthy" / "xor.py", "--plan", "--budget", "90s")
    assert done.exit_code == 0, done.output
    assert "in 90s there is room for" in done.stdout
    assert "changes would be tried one by one" in done.stdout


def test_a_projects_format_for_reports_is_none_for_checkups(call, tmp_path):
    (tmp_path / "unstuck.toml").write_text('format = "github"\nignore = ["few-updates"]\n')
    done = call("check", SPECIMENS / "crashing" / "labels_from_one.py", "-q")
    assert done.exit_code == 1 and "1 fact found." in done.stdout, done.output
