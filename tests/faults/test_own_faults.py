"""F32, F07, F27: faults of ours at every inner boundary, full disks, odd terminals; as users see it."""

from __future__ import annotations

import contextlib
import errno
import itertools
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import keras
import pytest
from typer.testing import CliRunner

import unstuck
from faults.helpers import SCRIPT, in_terminal, written
from unstuck.base import atomic
from unstuck.base.journal import user_folder
from unstuck.doors import crash
from unstuck.doors.cli import app

SECRET = "the user's own data 4711"
BOUNDARIES = [
    "unstuck.diagnosis.diagnosis.capture_script", "unstuck.diagnosis.steps.yardstick",
    "unstuck.diagnosis.steps.singles", "unstuck.diagnosis.steps.judge_outcome",
    "unstuck.diagnosis.looking.all_checks", "unstuck.diagnosis.account.identity",
    "unstuck.diagnosis.account.data", "unstuck.diagnosis.account.tool",
    "unstuck.diagnosis.account.fit_info", "unstuck.diagnosis.account.goal_info",
    "unstuck.diagnosis.account.population_info", "unstuck.diagnosis.account.arm_info",
    "unstuck.diagnosis.account.repair_info", "unstuck.diagnosis.account.not_tested",
    "unstuck.diagnosis.account.edits_for", "unstuck.diagnosis.account.modes_of",
    "unstuck.population.chunks.fingerprint", "unstuck.population.chunks.in_order",
    "unstuck.population.chunks.packed", "unstuck.base.journal.records", "unstuck.base.journal.encoded",
    "unstuck.search.experiment.engine_for", "unstuck.search.experiment.apply_all",
    "unstuck.search.experiment.Experiment.plan", "unstuck.search.experiment.Experiment.trial",
    "unstuck.search.costs.Costs.of", "unstuck.search.verdicts.judge",
    "unstuck.search.search.strong_sets", "unstuck.search.search.Search.run",
    "unstuck.search.trial.paired_effect", "unstuck.search.trial.holm",
    "unstuck.goal.yardstick.Goal.learned", "unstuck.population.native_engine.engine.NativeEngine.train",
    "unstuck.reports.render", "unstuck.script.Script.read", "unstuck.capture.recipe_of",
    "unstuck.capture.watch.recipe_of", "unstuck.capture.runner.run",
    "unstuck.doors.terminal_progress.TerminalProgress.advance",
]
ABSORBED = {
    "unstuck.base.journal.encoded",  # the journal is given up, the diagnosis goes on
    "unstuck.search.experiment.apply_all", "unstuck.capture.recipe_of",
}
LATE = {"unstuck.diagnosis.account.repair_info", "unstuck.search.costs.Costs.of",
        "unstuck.search.search.strong_sets"}
"""Reached only where no single change suffices."""
LATEST = {"unstuck.search.search.strong_sets"}
"""Reached only where no single change comes near to it either."""


def keras_state() -> list[object]:
    return [keras.Model.fit, keras.Model.compile, keras.Layer.__new__, keras.losses.Loss.__init__,
            sys.excepthook, threading.excepthook, os._exit, sys.modules["__main__"],
            signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)]


def run(*arguments: str):
    return CliRunner().invoke(app, ["run", "train.py", "--budget", "2000runs", "--replicas", "64",
                                    *arguments])


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with the script, and a cache of its own."""
    written(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(sys, "argv", ["unstuck", "run", "train.py", "--budget", "300runs",
                                      "--goal", SECRET, "--", SECRET])
    return tmp_path


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_a_fault_of_ours_anywhere(place, monkeypatch, boundary, fault):
    hit: list[int] = []

    # In a file of ours, as a fault of ours would be; code in other files is the user's own.
    names: dict[str, object] = {"hit": hit, "SECRET": SECRET}
    exec(compile("def fail(*_, **__):\n    hit.append(1)\n    raise RuntimeError(SECRET)\n",
                 str(Path(unstuck.__file__).with_name("fault.py")), "exec"), names)
    fail = names["fail"]

    text = SCRIPT
    if boundary in LATE:
        text = (Path(__file__).parents[2] / "examples" / "two_bits.py").read_text()
        if boundary in LATEST:
            text = text.replace('activation="relu"', 'activation="sigmoid"')
        written(place, text)
    before = keras_state()
    monkeypatch.setattr(boundary, fail)
    done = run("--budget", "32000runs", "--replicas", "128") if boundary in LATE else run()
    monkeypatch.undo()
    os.chdir(place)
    assert keras_state() == before
    if not hit:
        assert boundary in ABSORBED
        return
    assert (place / "train.py").read_text() == text
    assert [path.name for path in place.iterdir() if path.name != "cache"] == ["train.py"]
    reports = list((place / "cache").rglob("fault-*.json"))
    if done.exit_code != 2:
        assert boundary in ABSORBED, done.output
        assert done.stdout
    else:
        assert "a fault of unstuck" in done.stderr
        assert len(reports) == 1
        told = reports[0].read_text()
        assert SECRET not in told and "train.py" not in told
        assert json.loads(told)["errors"][0]["type"] == "builtins.RuntimeError"
    fault("F32", 1, "exit 2, a report file without the user's data, Keras and files as before")


def test_what_is_known_is_reported_though_the_search_fails(place, monkeypatch):
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError(SECRET)

    monkeypatch.setattr("unstuck.search.search.Search.run", fail)
    done = run("--format", "json")
    assert done.exit_code == 2
    document = json.loads(done.stdout)
    assert document["population"]["replicas"] >= 16
    assert any(n.startswith("a fault of unstuck (RuntimeError)") for n in document["notes"])
    assert SECRET not in done.stdout
    monkeypatch.undo()


def test_the_report_of_a_fault_has_switches_but_no_values_of_the_users():
    told = crash.report(ValueError(SECRET), [
        "run", "private/x.py", "--budget", "2m", "--goal=loss <= 1", "--save", "secret.unstuck",
        "-q", "--", "--token", "a"])
    assert told["switches"] == ["run", "--budget 2m", "--goal", "--save", "-q"]


@pytest.mark.parametrize("call", ["open", "write", "fsync", "replace", "chmod"])
def test_every_write_of_a_file_that_was_asked_for(place, monkeypatch, call, fault):
    """F07: the report is printed whatever happens to files; none is half, none that was is lost."""
    original = getattr(os, call)
    before = b"what was there"
    for failing in itertools.count(1):
        (place / "out.json").write_bytes(before)
        counted = itertools.count(1)

        def fail(*given, counted=counted, failing=failing, **named):
            if next(counted) == failing:
                raise OSError(errno.ENOSPC, "No space left on device")
            return original(*given, **named)

        with monkeypatch.context() as patched:
            patched.setattr(os, call, fail)
            with contextlib.suppress(OSError):
                atomic.write_bytes(place / "out.json", b"new", force=True)
        assert (place / "out.json").read_bytes() in (before, b"new")
        assert sorted(p.name for p in place.iterdir()) == ["out.json", "train.py"]
        if next(counted) <= failing:
            break
    assert (place / "out.json").read_bytes() == b"new"
    fault("F07", failing, f"os.{call} fails while a file is written: the old file or the new one")


def test_the_report_comes_out_though_no_file_can_be_written(place, fault, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(atomic.tempfile, "mkstemp", full)
    done = run("--save", "a.unstuck", "--json", "x.json")
    assert "trainings of your script" in done.stdout
    assert "a.unstuck could not be written: No space left on device" in done.stderr
    assert "x.json could not be written: No space left on device" in done.stderr
    assert done.exit_code in (1, 3)
    assert list((place / "cache").rglob("*.journal"))  # what was trained is not thrown away
    fault("F07", 2, "--save and --json fail: the report is printed all the same, exit by verdict")


RUN = [sys.executable, "-m", "unstuck", "run", "train.py", "--budget", "300runs", "--replicas", "16"]


def environ(place: Path, **changes: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("CI", "NO_COLOR")}
    return {**kept, "XDG_CACHE_HOME": str(place / "cache"), **changes}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has /dev/full")
def test_standard_output_on_a_full_disk(place, fault):
    with open("/dev/full", "w") as full:
        done = subprocess.run(RUN, env=environ(place), stdout=full, stderr=subprocess.PIPE, text=True,
                              check=False)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == "unstuck: No space left on device"
    assert list((place / "cache").rglob("*.journal"))
    fault("F07", 1, "standard output full: said on standard error, the journal stays")


@pytest.mark.parametrize("odd", [
    {"TERM": "dumb"}, {"COLUMNS": "40"}, {"PYTHONIOENCODING": "latin-1", "LC_ALL": "C"},
])
def test_odd_terminals(place, odd, fault):
    """F27."""
    if "COLUMNS" not in odd and "TERM" not in odd:
        done = subprocess.run(RUN, env=environ(place, **odd), capture_output=True, check=False)
        code, shown = done.returncode, done.stdout.decode(odd.get("PYTHONIOENCODING", "ascii"))
        assert done.stderr == b"" or b"Traceback" not in done.stderr
    else:
        code, shown = in_terminal(RUN, place, environ(place, **{"TERM": "xterm", **odd}), columns=40)
        assert (odd.get("TERM") == "dumb") == ("\x1b[" not in shown)
    assert code in (1, 3)
    assert "trainings of your script" in " ".join(shown.split())
    fault("F27", 1, "readable, exit by verdict")


@pytest.mark.parametrize("encode", [
    lambda text: text.replace("\n", "\r\n").encode(), lambda text: b"\xef\xbb\xbf" + text.encode(),
    lambda text: ("# -*- coding: latin-1 -*-\n# \xe9\n" + text).encode("latin-1"),
    lambda text: text.replace("    ", "\t").encode(),
])
def test_odd_sources(place, encode, fault):
    (place / "train.py").write_bytes(encode(SCRIPT))
    done = run()
    assert done.exit_code in (1, 3), done.output
    fault("F27", 1, "a source with a mark, another encoding, tabs or carriage returns: as any other")


def test_without_a_home_there_is_no_journal(place, monkeypatch):
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(Path, "home", homeless)
    with pytest.raises(RuntimeError):
        user_folder({})
    assert run().exit_code in (1, 3)
