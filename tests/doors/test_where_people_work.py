"""The GitHub Action and the pre-commit hook: their commands are run as they stand there."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
SICK = (ROOT / "specimens" / "crashing" / "labels_from_one.py").read_text()
WELL = (ROOT / "specimens" / "healthy" / "xor.py").read_text()
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
(HOOK,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the steps are in bash")


@pytest.fixture
def environment(tmp_path):
    """A runner's: `unstuck` on the path, and a `gh` that keeps what it was given."""
    places = {name: tmp_path / name for name in ("bin", "temp", "work")}
    for place in places.values():
        place.mkdir()
    for name, text in (("unstuck", f'exec {shlex.quote(sys.executable)} -m unstuck "$@"'),
                       ("gh", '(printf "%s\\n" "$@"; cat "$5") > "$RUNNER_TEMP/gh"')):
        made = places["bin"] / name
        made.write_text(f"#!/bin/bash\n{text}\n")
        made.chmod(0o755)
    return {**os.environ, "PATH": f"{places['bin']}:{os.environ['PATH']}",
            "RUNNER_TEMP": str(places["temp"]), "NO_COLOR": "1"}, places["work"]


def run(step, env, work, **inputs):
    """One step's command, its inputs put in as a runner does."""
    def value(text):
        name = re.fullmatch(r"\$\{\{ inputs\.(\w+) \}\}", text)
        return inputs.get(name[1], str(ACTION["inputs"][name[1]]["default"])) if name else "7"

    given = {name: value(text) for name, text in step.get("env", {}).items()}
    return subprocess.run(["bash", "-eo", "pipefail", "-c", step["run"]], cwd=work,
                          env={**env, **given}, capture_output=True, text=True, check=False)


def test_the_actions_steps_find_say_and_fail(environment):
    env, work = environment
    (work / "train_sick.py").write_text(SICK)
    (work / "train_well.py").write_text(WELL)
    steps = {step["name"]: step for step in ACTION["runs"]["steps"]}
    checked = run(steps["Check"], env, work, scripts="train_well.py train_sick.py")
    assert checked.returncode == 0, checked.stderr
    assert "Nothing was found." in checked.stdout and "2 facts found." in checked.stdout
    sarif = json.loads((Path(env["RUNNER_TEMP"]) / "unstuck" / "check.sarif").read_text())
    assert [one["automationDetails"]["id"] for one in sarif["runs"]] == [
        "unstuck/train_well.py", "unstuck/train_sick.py"]
    assert [len(one["results"]) for one in sarif["runs"]] == [0, 2]
    assert run(steps["Guard"], env, work).returncode == 0  # no lock file, nothing to guard
    assert run(steps["Comment"], env, work).returncode == 0
    said = (Path(env["RUNNER_TEMP"]) / "gh").read_text()
    assert said.startswith("pr\ncomment\n7\n") and "class numbers from 1 to 3" in " ".join(said.split())
    assert run(steps["Verdict"], env, work).returncode == 1


def test_a_verdict_that_is_open_fails_nothing(environment):
    env, work = environment
    codes = Path(env["RUNNER_TEMP"]) / "unstuck" / "codes"
    codes.parent.mkdir()
    verdict = ACTION["runs"]["steps"][-1]
    for written, expected in (("0\n3\n", 0), ("0\n1\n", 1), ("4\n0\n", 4), ("0\n", 0)):
        codes.write_text(written)
        assert run(verdict, env, work).returncode == expected


def test_the_hook_takes_files_called_train_and_passes_over_what_trains_nothing(environment):
    env, work = environment
    names = ["train.py", "models/train_big.py", "trainer.txt", "setup.py", "restrain.py"]
    taken = [name for name in names if re.search(HOOK["files"], name)]
    assert taken == ["train.py", "models/train_big.py"] and HOOK["require_serial"]
    (work / "train.py").write_text(SICK)
    (work / "train_nothing.py").write_text("print('no training here')\n")
    done = subprocess.run([*shlex.split(HOOK["entry"]), "train_nothing.py", "train.py"], cwd=work,
                          env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert "fact[loss-does-not-suit-targets]" in done.stdout
