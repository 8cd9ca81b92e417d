"""A script in TensorFlow's ways has one fate, whether TensorFlow is installed or not."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest

from two_environments import SCRIPTS, environment, told

pytestmark = pytest.mark.tensorflow

QUICK = ("sick_frozen", "sick_relu_at_the_end")
UNREPAIRED = ("sick_out_of_step",)
"""Sick scripts that no change to the network or its training can help."""
SWITCHES = ("--budget", "2000runs", "--replicas", "64", "--no-journal")
CLOCKS = frozenset({"budget", "pictures", "tool", "script", "switches", "strategy"})
"""What is of the machine, or of the file's place, and not of the diagnosis."""


@pytest.fixture(autouse=True)
def _there():
    pytest.importorskip("tensorflow")


def unstuck(folder, env, *arguments):
    """A command of ours; what it said."""
    done = subprocess.run([sys.executable, "-m", "unstuck", *arguments], cwd=folder, env=env,
                          capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1, 3), done.stderr
    return done.stdout


def plain(document):
    """A document without clocks, numbers to four digits: engines may be timed, and losses rounded."""
    if isinstance(document, dict):
        return {key: plain(part) for key, part in document.items() if key not in CLOCKS}
    if isinstance(document, list):
        return [plain(part) for part in document]
    return float(f"{document:.4g}") if isinstance(document, float) else document


def test_a_recipe_is_the_same_with_tensorflow_and_without(tmp_path):
    one, other = (told(SCRIPTS, environment(tmp_path, tensorflow=there)) for there in (True, False))
    assert len(one) >= 30 and one.keys() == other.keys()
    for name, found in one.items():
        assert "refused" not in found, name
        np.testing.assert_allclose(found.pop("losses"), other[name].pop("losses"), rtol=1e-5)
    assert one == other


@pytest.mark.parametrize("path", [
    pytest.param(path, id=path.stem, marks=() if path.stem in QUICK else pytest.mark.skipif(
        "not __import__('os').environ.get('UNSTUCK_SLOW')", reason="minutes; UNSTUCK_SLOW=1 runs it"))
    for path in SCRIPTS])
def test_a_diagnosis_is_the_same_and_its_repair_reaches_the_goal_under_tensorflow(path, tmp_path):
    script = tmp_path / path.name
    shutil.copy(path, script)
    with_it, without = (environment(tmp_path, tensorflow=there) for there in (True, False))
    one, other = (json.loads(unstuck(tmp_path, env, "run", path.name, "--format", "json", "--save",
                                     "saved.unstuck", "--force", *SWITCHES))
                  for env in (with_it, without))
    assert plain(one) == plain(other)
    if not path.stem.startswith("sick") or path.stem in UNREPAIRED:
        return
    assert one["repairs"], one["outcome_text"]
    number = next(i for i, repair in enumerate(one["repairs"], 1)
                  if repair["applicability"] != "display")  # the first that can be written
    unstuck(tmp_path, without, "fix", "saved.unstuck", "--repair", str(number), *SWITCHES)
    repaired = script.with_stem(f"{path.stem}_unstuck")
    added = set(repaired.read_text().splitlines()) - set(script.read_text().splitlines())
    assert not any("import keras" in line for line in added), added
    env = environment(tmp_path, tensorflow=True, backend="tensorflow")
    done = subprocess.run([sys.executable, repaired.name], cwd=tmp_path, env=env, capture_output=True,
                          text=True, check=False)
    assert done.returncode == 0, done.stderr
    metric, score = done.stdout.splitlines()[-1].split()
    assert metric == one["goal"]["metric"]
    assert float(score) >= one["goal"]["threshold"]
