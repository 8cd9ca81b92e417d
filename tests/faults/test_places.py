"""Folders that every program counts on and that are not there: the report comes all the same."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from faults.helpers import SCRIPT
from results_examples import TWO_BITS
from unstuck.diagnosis import saved

PLACES = {
    "no home": {"HOME": "/no/such/home", "XDG_CACHE_HOME": None},
    "no name of a home": {"HOME": None, "XDG_CACHE_HOME": None},
    "no folder for what is temporary": {"TMPDIR": "/no/such/tmp"},
    "none at all": {"HOME": "/no/such/home", "TMPDIR": "/no/such/tmp", "XDG_CACHE_HOME": os.devnull},
}


@pytest.mark.parametrize("name", PLACES)
def test_folders_that_are_not_there(name, tmp_path, fault):
    if name != "none at all" and not os.environ.get("UNSTUCK_SLOW"):
        pytest.skip("seconds each: UNSTUCK_SLOW=1")
    (tmp_path / "train.py").write_text(SCRIPT)
    environ = {**os.environ, **PLACES[name]}
    environ = {key: value for key, value in environ.items() if value is not None}
    done = subprocess.run(
        [sys.executable, "-m", "unstuck", "run", "train.py", "--budget", "40runs", "--replicas", "4",
         "--json", "a.json", "--html", "a.html", "--save", "a.unstuck"],
        cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=500, check=False)
    assert done.returncode in (1, 3), done.stderr
    assert "of 4 trainings" in done.stdout
    assert "Traceback" not in done.stderr
    assert all((tmp_path / f"a.{kind}").stat().st_size for kind in ("json", "html", "unstuck"))
    fault("F40", 1, "no home, no temporary folder, none for journals: the report and all files")


@pytest.mark.parametrize("command", ["report", "run", "fix"])
def test_a_working_directory_that_is_gone(command, tmp_path, fault):
    saved.write(tmp_path / "a.unstuck", TWO_BITS, {})
    gone = tmp_path / "gone"
    gone.mkdir()
    given = {"report": f"report {tmp_path}/a.unstuck"}.get(command, f"{command} train.py")
    done = subprocess.run(
        ["bash", "-c", f'rmdir "$PWD"; exec "$0" -m unstuck {given}', sys.executable],
        cwd=gone, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr
    fault("F40", 1, "the working directory is gone: a sentence")
