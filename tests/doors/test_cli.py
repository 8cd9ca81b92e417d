"""The command line, with diagnosis and repair played by stand-ins that train nothing."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import sys
import types
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from results_examples import (
    DIVERGING,
    EXAMPLES,
    HEALTHY,
    INCONCLUSIVE,
    NO_SAFE_EDIT,
    TWO_BITS,
    TWO_BITS_SOURCE,
)
from unstuck.base.errors import NoFitCall, ScriptFailed, UnstuckError
from unstuck.base.journal import Shelf
from unstuck.diagnosis import saved
from unstuck.diagnosis.options import Options
from unstuck.doors.cli import app
from unstuck.doors.exits import exit_code
from unstuck.result.results import Result


@dataclasses.dataclass
class Diagnosis:
    """What the command line needs of one."""

    result: Result
    fault: Exception | None = None

    def save(self, path: Path, *, force: bool = False) -> None:
        """Write it without arrays."""
        saved.write(path, self.result, {}, force=force)

    @classmethod
    def load(cls, path: Path) -> Diagnosis:
        """Read it."""
        return cls(saved.read(path)[0])


@dataclasses.dataclass
class Stage:
    """What the stand-ins give back, and what they were asked for."""

    result: Result = TWO_BITS
    error: BaseException | None = None
    asked: dict[str, Any] = dataclasses.field(default_factory=dict)
    repaired: bytes = b"print('repaired')\n"
    proved: bool = True
    meanwhile: Callable[[], object] = lambda: None


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Stage:
    """A folder with the two-bit script, and modules that train nothing."""
    monkeypatch.setattr("unstuck.doors.runs_here.what_to_set", lambda script, place: "")
    stage = Stage()

    def diagnose_script(path: Path, argv: list[str], **given: Any) -> Diagnosis:
        stage.asked = {"path": path, "argv": argv, **given}
        if stage.error is not None:
            raise stage.error
        return Diagnosis(stage.result)

    def prove(script: Any, repair: Any, **given: Any) -> Any:
        stage.asked |= {"repair": repair, **given}
        stage.meanwhile()
        rate = SimpleNamespace(successes=255, trials=256, low=0.978, high=0.9993)
        return SimpleNamespace(
            script=SimpleNamespace(data=stage.repaired), rate=rate, diff="-a\n+b\n",
            ok=stage.proved, reason="" if stage.proved else "it did not learn",
        )  # fmt: skip

    def remade(script: Any, repair: Any, **given: Any) -> str:
        return "made anew"

    def rewritten(script: Any, repair: Any) -> str:
        return "as it was made"

    stand_ins: dict[str, dict[str, Any]] = {
        "network.adapter": {},
        "diagnosis.diagnosis": {"diagnose_script": diagnose_script, "Options": Options,
                                "Diagnosis": Diagnosis},
        "diagnosis.repair": {"prove": prove, "remade": remade, "rewritten": rewritten},
        "diagnosis.yardsticks": {"horizon_of": lambda result: result.horizon},
    }  # fmt: skip
    for name, members in stand_ins.items():
        module = types.ModuleType(f"unstuck.{name}")
        vars(module).update(members)
        monkeypatch.setitem(sys.modules, f"unstuck.{name}", module)
        monkeypatch.setattr(f"unstuck.{name}", module, raising=False)
    (tmp_path / "train.py").write_text(TWO_BITS_SOURCE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    return stage


def call(*arguments: str) -> Any:
    """One call of the command line."""
    return CliRunner().invoke(app, list(arguments))


def test_run_prints_the_report_and_nothing_else(stage: Stage, tmp_path: Path) -> None:
    done = call("run", "train.py")
    assert done.exit_code == 1
    assert "FRAGILE. 48 of 256 trainings" in done.stdout
    assert done.stderr == ""
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert [path.name for path in tmp_path.iterdir()] == ["train.py"]


def test_switches_reach_the_diagnosis(stage: Stage) -> None:
    done = call("run", "train.py", "--budget", "5m", "--replicas", "64", "--fit", "2", "--through",
                "--select", "activation,narrow_layer", "--select", "loss", "--ignore", "dead-relu",
                "--seed", "7", "--jobs", "2", "--goal", "loss <= 0.1", "--horizon", "400",
                "--rows", "5000", "--",
                "--data", "my.npz", "-v")
    assert done.exit_code == 1, done.output
    asked = stage.asked
    assert asked["path"] == Path("train.py")
    assert asked["argv"] == ["--data", "my.npz", "-v"]
    assert (asked["fit"], asked["through"]) == ("2", True)
    options = asked["options"]
    assert (options.budget.text, options.budget.seconds) == ("5m", 300)
    assert (options.replicas, options.seed, options.jobs) == (64, 7, 2)
    assert options.select == ("activation", "narrow-layer", "loss")
    assert (options.ignore, options.goal) == (("dead-relu",), "loss <= 0.1")
    assert (options.horizon, options.whole, options.rows) == (400, False, 5000)


def test_a_horizon_is_a_number_or_full(stage: Stage) -> None:
    assert call("run", "train.py", "--horizon", "full").exit_code == 1
    assert (stage.asked["options"].horizon, stage.asked["options"].whole) == (None, True)
    for wrong in ("0", "-3", "half"):
        done = call("run", "train.py", f"--horizon={wrong}")
        assert done.exit_code == 2 and "or full" in done.stderr


@pytest.mark.parametrize(("result", "code"), [
    pytest.param(TWO_BITS, 1, id="a cause"),
    pytest.param(HEALTHY, 0, id="healthy"),
    pytest.param(INCONCLUSIVE, 130, id="interrupted"),
    pytest.param(dataclasses.replace(INCONCLUSIVE, notes=()), 3, id="inconclusive"),
    pytest.param(dataclasses.replace(TWO_BITS, arms=(), repairs=()), 3, id="fragile, unexplained"),
    pytest.param(dataclasses.replace(TWO_BITS, arms=()), 1, id="a repair alone"),
    pytest.param(dataclasses.replace(HEALTHY, outcome="NO_SIGNAL"), 1, id="no signal"),
    pytest.param(dataclasses.replace(HEALTHY, outcome="OVERFITS"), 3, id="overfits"),
    pytest.param(dataclasses.replace(HEALTHY, outcome="ERROR"), 2, id="our fault"),
])  # fmt: skip
def test_exit_codes_of_results(result: Result, code: int, stage: Stage) -> None:
    assert exit_code(result) == code
    stage.result = result
    assert call("run", "train.py").exit_code == code
    expected = code if code in (2, 130) else 0
    assert call("run", "train.py", "--exit-zero").exit_code == expected


@pytest.mark.parametrize(("error", "code", "said"), [
    (UnstuckError("There is no file x."), 2, "unstuck: There is no file x.\n"),
    (ScriptFailed("train.py raised KeyError before fit."), 4, "unstuck: train.py raised"),
    (NoFitCall("train.py ended without calling fit."), 5, "unstuck: train.py ended"),
    (KeyboardInterrupt(), 130, "unstuck: interrupted"),
    (OSError(28, "No space left on device", "/x/y"), 2, "unstuck: /x/y: No space left on device"),
    (ZeroDivisionError("ours"), 2, "unstuck: this is a fault of unstuck"),
])  # fmt: skip
def test_errors_are_messages(error: BaseException, code: int, said: str, stage: Stage) -> None:
    stage.error = error
    done = call("run", "train.py", "--format", "json")
    assert done.exit_code == code
    assert said in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(("arguments", "said"), [
    (["run"], "Missing argument"),
    (["run", "train.py", "--budget", "soon"], "The budget 'soon' is not understood: write 90s"),
    (["run", "train.py", "--format", "pdf"], "'pdf' is none of"),
    (["run", "train.py", "--fit", "0"], "write a number from 1"),
    (["run", "train.py", "--replicas", "0"], "at least 1"),
    (["run", "train.py", "--select", "dead-rleu"], "Did you mean dead-relu?"),
    (["run", "train.py", "--device", "abacus"], "write cpu or gpu"),
    (["explain", "narow-layer"], "Did you mean narrow-layer"),
    (["report", "train.py"], "is no saved diagnosis"),
    (["train.py", "--seed", "1"], "To diagnose that script: unstuck run train.py --seed 1"),
    (["fix", "train.py", "--diff", "--in-place"], "exclude each other"),
])  # fmt: skip
def test_wrong_usage(arguments: list[str], said: str, stage: Stage) -> None:
    done = call(*arguments)
    assert done.exit_code == 2
    assert said in " ".join(done.stderr.replace("│", "").split())
    assert done.stdout == ""


def test_save_and_report_show_the_same(stage: Stage, tmp_path: Path) -> None:
    done = call("run", "train.py", "--save", "a.unstuck", "--json", "a.json", "--color", "always")
    assert "\x1b[" in done.stdout
    again = call("report", "a.unstuck", "--color", "always")
    assert (again.exit_code, again.stdout) == (0, done.stdout)
    document = json.loads((tmp_path / "a.json").read_text())
    assert document["outcome"] == "FRAGILE"
    assert json.loads(call("report", "a.unstuck", "--format", "json").stdout) == document
    assert call("report", "a.unstuck", "-q").stdout.startswith("FRAGILE. ")
    assert "Holm" in call("report", "a.unstuck", "-vv").stdout
    assert "@@ -9,2 +9,2 @@" in call("report", "a.unstuck", "--diff").stdout


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("format", ["text", "json", "sarif", "github"])
def test_every_format_on_standard_output(name: str, format: str, stage: Stage) -> None:
    stage.result = EXAMPLES[name]
    done = call("run", "train.py", "--format", format)
    assert done.stdout
    if format in ("json", "sarif"):
        json.loads(done.stdout)


def test_fix_writes_beside_the_script_and_never_over_anything(stage: Stage, tmp_path: Path) -> None:
    done = call("fix", "train.py")
    assert done.exit_code == 0, done.output
    place = tmp_path / "train_unstuck.py"
    assert place.read_bytes() == stage.repaired
    assert (tmp_path / "train.py").read_text(encoding="utf-8") == TWO_BITS_SOURCE
    assert "learned in 255 of 256 (99.6 %, 95 % CI 98–99.9 %)" in done.stderr
    assert done.stdout == ""
    stage.repaired = b"# another\n"
    again = call("fix", "train.py")
    assert again.exit_code == 2
    assert "train_unstuck.py is there already" in again.stderr
    assert place.read_bytes() != stage.repaired
    assert call("fix", "train.py", "--force").exit_code == 0
    assert place.read_bytes() == stage.repaired
    assert call("fix", "train.py", "-o", "train.py").exit_code == 2
    assert (tmp_path / "train.py").read_text(encoding="utf-8") == TWO_BITS_SOURCE


def test_fix_in_place_keeps_the_old_script(stage: Stage, tmp_path: Path) -> None:
    (tmp_path / "train.py").chmod(0o755)
    assert call("fix", "train.py", "--in-place").exit_code == 0
    assert (tmp_path / "train.py").read_bytes() == stage.repaired
    assert (tmp_path / "train.py").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "train.py.orig").read_text(encoding="utf-8") == TWO_BITS_SOURCE


def test_fix_in_place_does_not_lose_an_older_backup(stage: Stage, tmp_path: Path) -> None:
    (tmp_path / "train.py.orig").write_text("precious")
    done = call("fix", "train.py", "--in-place")
    assert done.exit_code == 2
    assert "train.py.orig is there already" in done.stderr
    assert (tmp_path / "train.py.orig").read_text() == "precious"


@pytest.mark.parametrize("switch", ["--save", "--json", "--html"])
def test_no_output_replaces_what_unstuck_did_not_write(
    switch: str, stage: Stage, tmp_path: Path
) -> None:
    done = call("run", "train.py", switch, "train.py")
    assert (done.exit_code, done.stdout, stage.asked) == (2, "", {})
    assert "train.py is there already, and unstuck did not write it" in done.stderr
    assert (tmp_path / "train.py").read_text(encoding="utf-8") == TWO_BITS_SOURCE
    for _ in range(2):  # the second replaces the first
        assert call("run", "train.py", switch, "out").exit_code == 1
    (tmp_path / "notes").write_text("mine")
    assert call("run", "train.py", switch, "notes", "--force").exit_code == 1
    assert (tmp_path / "notes").read_bytes() == (tmp_path / "out").read_bytes()


def test_two_outputs_are_two_files(stage: Stage) -> None:
    done = call("run", "train.py", "--json", "a", "--html", "./a")
    assert done.exit_code == 2 and "into one file" in done.stderr


def test_standard_output_is_no_file(stage: Stage) -> None:
    done = call("run", "train.py", "--json", "-")
    assert done.exit_code == 2 and "--format json" in done.stderr
    assert not Path("-").exists()


def test_report_replaces_nothing_either(stage: Stage, tmp_path: Path) -> None:
    saved.write(tmp_path / "a.unstuck", TWO_BITS, {})
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("train.py")
    for name, said in (("train.py", "did not write it"), ("pipe", "a pipe"), ("link", "is a link to"),
                       ("no/a", "the folder no is not there")):
        force = [] if name == "train.py" else ["--force"]
        done = call("report", "a.unstuck", "--json", name, *force)
        assert (done.exit_code, done.stdout) == (2, "")
        assert said in done.stderr
    assert (tmp_path / "train.py").read_text(encoding="utf-8") == TWO_BITS_SOURCE


@pytest.mark.parametrize(("place", "said"), [
    ("no/such/folder.py", "the folder no/such is not there"),
    ("x" * 300 + ".py", "its name is too long"),
])
def test_fix_refuses_a_destination_before_anything_is_trained(
    place: str, said: str, stage: Stage
) -> None:
    done = call("fix", "train.py", "-o", place)
    assert done.exit_code == 2
    assert said in done.stderr
    assert stage.asked == {}


@pytest.mark.parametrize("in_place", [True, False])
def test_fix_replaces_nothing_that_came_meanwhile(
    in_place: bool, stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what was trained is kept until the file stands."""
    target = tmp_path / ("train.py.orig" if in_place else "train_unstuck.py")
    stage.meanwhile = lambda: target.write_text("precious")
    closed: list[bool] = []
    monkeypatch.setattr(Shelf, "close", lambda self, *, done: closed.append(done))
    done = call("fix", "train.py", *["--in-place"] * in_place)
    assert done.exit_code == 2
    assert "is there already" in done.stderr
    assert target.read_text() == "precious"
    assert (tmp_path / "train.py").read_text(encoding="utf-8") == TWO_BITS_SOURCE
    assert not any(closed)


def test_fix_in_place_leaves_a_read_only_script(stage: Stage, tmp_path: Path) -> None:
    (tmp_path / "train.py").chmod(0o444)
    done = call("fix", "train.py", "--in-place", "--force")
    assert done.exit_code == 2 and "train.py is read-only" in done.stderr
    assert stage.asked == {}


def test_fix_of_a_saved_diagnosis(stage: Stage, tmp_path: Path) -> None:
    goal = dataclasses.replace(TWO_BITS.goal, asked="accuracy >= 0.9")
    Diagnosis(dataclasses.replace(TWO_BITS, goal=goal)).save(tmp_path / "a.unstuck")
    done = call("fix", "a.unstuck", "--repair", "2", "-o", "b.py")
    assert done.exit_code == 0, done.output
    assert "path" not in stage.asked
    assert stage.asked["repair"] == TWO_BITS.repairs[1]
    assert stage.asked["options"].goal == "accuracy >= 0.9"
    assert stage.asked["after"] == "made anew"
    said = done.stderr.splitlines()
    assert said[0] == "unstuck: running train.py up to its fit"
    assert said[1:3] == ["-a", "+b"] and said[3].startswith("b.py is written")
    assert (tmp_path / "b.py").read_bytes() == stage.repaired


def test_fix_shows_the_diff_and_writes_nothing(stage: Stage, tmp_path: Path) -> None:
    done = call("fix", "train.py", "--diff")
    assert (done.exit_code, done.stdout) == (0, "-a\n+b\n")
    assert [path.name for path in tmp_path.iterdir()] == ["train.py"]


def test_fix_refuses_a_script_that_has_changed(stage: Stage, tmp_path: Path) -> None:
    Diagnosis(TWO_BITS).save(tmp_path / "a.unstuck")
    script = tmp_path / "train.py"
    script.write_text(TWO_BITS_SOURCE + "# edited\n")
    done = call("fix", "a.unstuck", "--in-place")
    assert done.exit_code == 2
    assert "has been changed since it was diagnosed" in done.stderr
    script.unlink()
    assert "cannot be read" in call("fix", "a.unstuck").stderr


def test_fix_refuses_a_script_that_changes_meanwhile(stage: Stage, tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    stage.meanwhile = lambda: script.write_text("# edited\n")
    done = call("fix", "train.py", "--in-place")
    assert done.exit_code == 2
    assert script.read_text() == "# edited\n"
    assert not (tmp_path / "train.py.orig").exists()


def test_fix_withdraws_a_repair_that_fails(stage: Stage, tmp_path: Path) -> None:
    stage.proved = False
    done = call("fix", "train.py")
    assert done.exit_code == 1
    assert "nothing was written: it did not learn" in done.stderr
    assert not (tmp_path / "train_unstuck.py").exists()


def test_fix_with_nothing_to_fix(stage: Stage) -> None:
    stage.result = HEALTHY
    done = call("fix", "train.py")
    assert done.exit_code == 0
    assert "Nothing was found" in done.stdout


def test_fix_by_hand_is_said(stage: Stage) -> None:
    stage.result = NO_SAFE_EDIT
    done = call("fix", "train.py")
    assert done.exit_code == 2
    assert "has to be made by hand" in done.stderr
    stage.result = DIVERGING
    assert "There is no repair 2: the diagnosis has 1 repair." in call(
        "fix", "train.py", "--repair", "2").stderr  # fmt: skip


def test_the_example_is_the_script_of_the_tests() -> None:
    digest = hashlib.sha256(TWO_BITS_SOURCE.encode()).hexdigest()
    assert TWO_BITS.script.sha256 == digest


def test_checks_and_explain(stage: Stage) -> None:
    done = call("checks")
    assert done.exit_code == 0
    assert "  dead-relu" in done.stdout
    page = call("explain", "dead-relu")
    assert page.exit_code == 0
    assert page.stdout.startswith("dead-relu")
    assert "\nWhy learning stops\n" in page.stdout


def test_doctor_lists_versions(stage: Stage) -> None:
    done = call("doctor")
    assert done.exit_code == 0
    assert "keras" in done.stdout
    assert "engines" in done.stdout


def test_help_and_version(stage: Stage) -> None:
    assert call("--version").stdout.startswith("unstuck ")
    for command in ("run", "report", "fix", "explain", "checks", "doctor"):
        assert call(command, "--help").exit_code == 0
    assert "Exit codes" in call("--help").stdout


def test_run_writes_the_page(stage: Stage, tmp_path: Path) -> None:
    done = call("run", "train.py", "--html", "a.html", "-q")
    assert done.exit_code == 1
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>") and "FRAGILE" in page


def test_a_page_without_data(stage: Stage, tmp_path: Path) -> None:
    call("run", "train.py", "--html", "a.html", "--no-data")
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert "--no-data" in page and '"rows": []' in page


def test_the_page_is_opened_on_request(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    monkeypatch.setattr("webbrowser.open", lambda uri: bool(shown.append(uri)))
    saved.write(tmp_path / "a.unstuck", TWO_BITS, {})
    done = call("report", "a.unstuck", "--html", "a.html", "--open")
    assert (done.exit_code, done.stdout) == (0, "a.html is written.\n")
    assert shown == [(tmp_path / "a.html").as_uri()]
    assert "open a.html yourself" in done.stderr  # the stand-in found no browser
    alone = call("report", "a.unstuck", "--open")
    assert alone.exit_code == 2 and "--html FILE" in alone.stderr


def test_a_page_that_cannot_be_drawn_is_refused_before_the_work(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("unstuck.reports.html_page.drawer.can_draw", lambda: False)
    for asked in (["--html", str(tmp_path / "page.html")], ["--format", "html"]):
        done = CliRunner().invoke(app, ["run", "there_is_no_such.py", *asked])
        said = " ".join(done.stderr.replace("│", " ").split())
        assert done.exit_code == 2 and "pip install vl-convert-python" in said
