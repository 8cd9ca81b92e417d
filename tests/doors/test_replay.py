"""One proof of a saved diagnosis, run again: the same counts, and what is said where they are not."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from typer.testing import CliRunner

from results_examples import TWO_BITS
from unstuck.base.errors import UnstuckError
from unstuck.diagnosis import saved
from unstuck.doors.cli import app
from unstuck.doors.replay import choose
from unstuck.result.results import EditInfo, Repair

SCRIPT = """\
import numpy as np
import keras

x = np.random.rand(64, 3)
y = x.sum(axis=1, keepdims=True) > 1.5
model = keras.Sequential([
    keras.Input((3,)),
    keras.layers.Dense(4, activation="relu"),
    keras.layers.Dense(1, activation="sigmoid"),
])
model.compile(optimizer=keras.optimizers.Adam(0.001), loss="binary_crossentropy")
model.fit(x, y, epochs=20, batch_size=16, verbose=0)
"""


@pytest.fixture(scope="module")
def diagnosed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a script that draws its data unseeded, and its diagnosis."""
    folder = tmp_path_factory.mktemp("replay")
    (folder / "train.py").write_text(SCRIPT)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        done = CliRunner().invoke(app, ["run", "train.py", "--budget", "2000runs", "--replicas", "64",
                                        "--seed", "3", "--no-journal", "--save", "a.unstuck"])
    assert done.exit_code == 1, done.output
    return folder


@pytest.mark.parametrize("arm", [None, "placebo: another shuffle", "epochs 20 →"])
def test_the_same_again(diagnosed, arm, monkeypatch):
    monkeypatch.chdir(diagnosed)
    result, _ = saved.read(Path("a.unstuck"))
    if arm == "epochs 20 →":  # one of several, whichever it is
        arm = next(a.intervention for a in result.arms if a.intervention.startswith(arm))
    done = CliRunner().invoke(app, ["replay", "a.unstuck", *([arm] if arm else []), "--color", "never"])
    assert done.exit_code == 0, done.output
    title, then, now, said = done.stdout.splitlines()
    wanted = choose(result, arm)
    assert title == (f"{wanted.intervention}, nothing else changed, on the same"
                     f" {wanted.replicas} seeds")
    assert then.removeprefix("  then  ") == now.removeprefix("  now   ")
    assert f"{wanted.rescued} rescued, {wanted.broken} broken" in then
    assert said == "The same again."


def test_what_comes_out_otherwise_is_said(diagnosed, monkeypatch):
    monkeypatch.chdir(diagnosed)
    result, arrays = saved.read(Path("a.unstuck"))
    arm = choose(result, None)

    def with_arm(**other):
        changed = dataclasses.replace(arm, **other)
        saved.write(Path("b.unstuck"), dataclasses.replace(
            result, arms=(changed,), tool=dataclasses.replace(result.tool, jax="0.1")), arrays)
        return CliRunner().invoke(app, ["replay", "b.unstuck", "--color", "never"])

    near = with_arm(rescued=arm.rescued + 1)
    assert near.exit_code == 0
    assert "Not the same counts, but within the interval (jax 0.1 then, " in near.stdout
    far = with_arm(rescued=0, difference=0.0, ci95=(-0.05, 0.05))
    assert far.exit_code == 1
    assert "Not the same (jax 0.1 then, " in far.stdout
    small = with_arm(edits=None)
    assert small.exit_code == 2
    assert "cannot be written into the script" in small.stderr
    short = CliRunner().invoke(app, ["replay", "a.unstuck", "--budget", "3runs"])
    assert short.exit_code == 2
    assert "The budget of 3runs was spent before" in short.stderr


def test_a_script_that_was_changed_is_not_run(diagnosed, monkeypatch):
    monkeypatch.chdir(diagnosed)
    (diagnosed / "train.py").write_text(SCRIPT + "\n")
    done = CliRunner().invoke(app, ["replay", "a.unstuck"])
    (diagnosed / "train.py").write_text(SCRIPT)
    assert done.exit_code == 2
    assert "has been changed since it was diagnosed" in done.stderr


HOSTILE = (EditInfo(start=0, end=0, replacement="open('ran', 'w').close()\n"),)


def hostile(folder: Path, **script: object) -> str:
    """The diagnosis with code in every text that used to be written into the script."""
    result, arrays = saved.read(folder / "a.unstuck")
    cause = choose(result, None)
    repair = Repair(
        interventions=(cause.intervention,), kinds=(cause.kind,), success_rate=cause.success_rate,
        ci95=(0.5, 1.0), replicas=16, successes=16, applicability="safe", edits=HOSTILE,
        diff="+open('ran', 'w')\n", cost=1.0, changes=(cause.change,))
    saved.write(folder / "b.unstuck", dataclasses.replace(
        result, script=dataclasses.replace(result.script, **script), source=None, repairs=(repair,),
        arms=tuple(dataclasses.replace(arm, edits=HOSTILE) for arm in result.arms)), arrays)
    return "b.unstuck"


def test_no_text_of_a_saved_diagnosis_is_run(diagnosed, monkeypatch):
    monkeypatch.chdir(diagnosed)
    path = hostile(diagnosed)
    done = CliRunner().invoke(app, ["replay", path, "--color", "never"])
    assert done.exit_code == 0, done.output
    assert done.stdout.endswith("The same again.\n")
    assert f"unstuck: running {diagnosed / 'train.py'} up to its fit" in done.stderr
    done = CliRunner().invoke(app, ["fix", path, "--no-journal", "-o", "c.py"])
    assert done.exit_code == 0, done.output
    assert "open('ran'" not in (diagnosed / "c.py").read_text() + done.output
    assert done.stderr.index("running ") < done.stderr.index("@@") < done.stderr.index(
        "c.py is written")
    assert not (diagnosed / "ran").exists()


def test_a_saved_diagnosis_does_not_choose_what_is_run(diagnosed, monkeypatch, tmp_path):
    monkeypatch.chdir(diagnosed)
    other = tmp_path / "other.py"
    other.write_text(SCRIPT)
    path = hostile(diagnosed, path=str(other))
    for command in ("replay", "fix"):
        done = CliRunner().invoke(app, [command, path])
        assert done.exit_code == 2
        assert f"name the script yourself with --script {other}" in done.stderr
    named = CliRunner().invoke(app, ["replay", path, "--script", str(other), "--color", "never"])
    assert named.exit_code == 0, named.output
    other.write_text(SCRIPT + "# longer\n")
    named = CliRunner().invoke(app, ["replay", path, "--script", str(other), "--color", "never"])
    assert f"running {other} up to its fit; it is not the text that was diagnosed" in named.stderr
    assert CliRunner().invoke(app, ["fix", "train.py", "--script", "train.py"]).exit_code == 2


def test_a_name_has_to_be_one_change_s():
    first = TWO_BITS.causes[0]
    assert choose(TWO_BITS, None) is first
    assert choose(TWO_BITS, first.intervention) is first
    with pytest.raises(UnstuckError, match="No change that was tried is called 'magic'"):
        choose(TWO_BITS, "magic")
    with pytest.raises(UnstuckError, match="of the changes tried are called ''"):
        choose(TWO_BITS, "")
    with pytest.raises(UnstuckError, match="Nothing was tried"):
        choose(dataclasses.replace(TWO_BITS, arms=()), None)


def test_a_change_goes_by_the_name_that_reports_have_for_it() -> None:
    arms = (dataclasses.replace(TWO_BITS.arms[0], intervention="loss → mean_squared_error"),
            dataclasses.replace(TWO_BITS.arms[0], intervention="dense_1: width 2 → 16"))
    names = {"dense_1": "decoded", "mean_squared_error": "MSELoss"}
    result = dataclasses.replace(TWO_BITS, arms=arms, names=names)
    assert choose(result, "loss → MSELoss") is arms[0] is choose(result, "mean_squared")
    assert choose(result, "decoded: width 2 → 16") is arms[1]
    with pytest.raises(UnstuckError, match="loss → MSELoss\n  decoded: width"):
        choose(result, "dropout")
