"""`unstuck compare`: scripts, revisions and saved repairs against each other."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from unstuck.doors.cli import app

SCRIPT = """\
import sys

import keras
import numpy as np

width = int(sys.argv[1]) if len(sys.argv) > 1 else {width}
x = np.random.randint(0, 2, size=(400, 2)).astype("float32")
model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(width, activation="relu"),
                          keras.layers.Dense(2, activation="relu"),
                          keras.layers.Dense(2, activation="sigmoid")])
model.compile(optimizer=keras.optimizers.Adam(0.01), loss="binary_crossentropy")
model.fit(x, x, batch_size=8, epochs=8, verbose=0)
"""


@pytest.fixture
def call(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.py").write_text(SCRIPT.format(width=3))
    (tmp_path / "b.py").write_text(SCRIPT.format(width=3).replace("Dense(2, activation=\"relu\")",
                                                                  "Dense(16, activation=\"relu\")"))
    return lambda *arguments: CliRunner().invoke(app, ["compare", *arguments])


def test_a_script_against_itself_is_no_difference(call):
    done = call("a.py", "a.py", "--json", "c.json")
    assert done.exit_code == 0, done.output
    assert "NO DIFFERENCE. The success rate of B and A differ by no more than 3 points" in done.stdout
    found = json.loads(Path("c.json").read_text())
    first, *rest = found["standings"]
    assert (first["metric"], first["won"], first["lost"]) == ("success", 0, 0)
    assert {one["metric"] for one in rest} == {"score", "loss"}
    assert found["placebo"]["pairs"] == first["pairs"] == found["a"]["replicas"]
    assert len(done.stdout.splitlines()) <= 14


def test_better_and_worse_are_told_with_their_exits_and_the_page(call):
    done = call("a.py", "b.py", "--budget", "600runs", "--html", "c.html")
    assert done.exit_code == 0, done.output
    assert "BETTER. By the success rate B is better than A" in done.stdout
    page = Path("c.html").read_text()
    assert page.count("<svg") == 4 and "B is better" in page and "http-equiv" in page
    assert call("b.py", "a.py", "--budget", "600runs", "-q").exit_code == 1
    assert call("a.py", "b.py", "--budget", "600runs", "-q", "--at-least",
                "B >= A + 5").exit_code == 0
    missed = call("a.py", "b.py", "--budget", "600runs", "-q", "--at-least", "B >= A + 99")
    assert missed.exit_code == 1 and "B >= A + 99 does not hold." in missed.stdout


def test_arguments_make_two_sides_of_one_script(call):
    done = call("a.py", "a.py", "--a-args", "3", "--b-args", "1", "--budget", "300runs", "--metric",
                "loss", "-q")
    assert done.exit_code == 1, done.output
    assert "WORSE. By the final loss B is worse than A" in done.stdout


def test_too_few_pairs_are_undecided_and_say_how_many_more(call):
    done = call("a.py", "a.py", "--replicas", "16", "-q")
    assert done.exit_code == 3
    assert "more pairs would decide" in " ".join(done.stdout.split())


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_a_revision_against_the_script_at_hand(call, tmp_path):
    def git(*arguments):
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *arguments], check=True,
                       cwd=tmp_path, capture_output=True)

    (tmp_path / "sizes.py").write_text("WIDTH = 2\n")
    (tmp_path / "a.py").write_text(SCRIPT.format(width=3).replace(
        "import sys\n", "import sys\nfrom sizes import WIDTH\n").replace(
        "Dense(2, activation=\"relu\")", "Dense(WIDTH, activation=\"relu\")"))
    git("init", "-q")
    git("add", "a.py", "sizes.py")
    git("commit", "-qm", "one")
    (tmp_path / "sizes.py").write_text("WIDTH = 16\n")
    git("commit", "-qam", "two")
    done = call("git:HEAD~1", "a.py", "--budget", "600runs", "-q")
    assert done.exit_code == 0 and "BETTER." in done.stdout, done.output
    same = call("git:HEAD:a.py", "a.py", "--budget", "2000runs", "-q")
    assert same.exit_code == 0 and "NO DIFFERENCE." in same.stdout, same.output
    lost = call("git:HEAD~7", "a.py")
    assert lost.exit_code == 2 and "git archive --format=tar HEAD~7" in lost.stderr
    assert call("git:HEAD", "git:HEAD~1").exit_code == 2


def test_a_condition_that_is_none_is_refused(call):
    done = call("a.py", "b.py", "--at-least", "A > B")
    assert done.exit_code == 2 and "write 'B >= A + 5'" in done.stderr
