"""Data and arguments that make no sense: each is answered in a sentence or in a report, none by a
traceback of ours.
"""

from __future__ import annotations

import gc
import json
import os
import re

import keras
import pytest
from typer.testing import CliRunner

from faults.bad_arguments import ARGUMENTS
from faults.bad_arrays import ARRAYS
from unstuck.doors.cli import app

CASES = {**ARRAYS, **ARGUMENTS}
pytestmark = pytest.mark.filterwarnings("ignore")  # of Keras and of the scripts: users see them, too
CHEAP = not os.environ.get("UNSTUCK_SLOW")


SOME = [name for name, case in CASES.items() if not case.said and not case.slow][::6]
"""Those trained in every run; the others of them in the slow one."""


@pytest.mark.parametrize("name", CASES)
def test_what_makes_no_sense_is_told(name, tmp_path, monkeypatch, fault):
    case = CASES[name]
    if CHEAP and (case.slow or (not case.said and name not in SOME)):
        pytest.skip("seconds: UNSTUCK_SLOW=1")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text(case.script)
    policy = keras.config.dtype_policy()
    try:
        done = CliRunner().invoke(app, ["run", "train.py", "--budget", "12runs", "--replicas", "4",
                                        "--no-journal", "--quiet", "--json", "a.json"])
    finally:
        keras.config.set_dtype_policy(policy)
    assert "fault of unstuck" not in done.output
    if case.said:
        assert f"unstuck: {case.said}" in done.stderr
        assert done.stdout == ""
        # What plain `fit` would not train either is told with its line; the rest is beyond unstuck.
        placed = re.search(r"\n  train\.py, line \d+: \S", done.stderr)
        assert done.exit_code == (4 if placed else 2), done.output
        assert ("Traceback" in done.stderr) is case.raises  # the script's own, as Python tells it
    else:
        assert done.exit_code in (0, 1, 3), done.output
        assert "Traceback" not in done.output
        document = json.loads((tmp_path / "a.json").read_text())
        assert set(case.facts) <= {fact["check"] for fact in document["facts"]}
        assert not [one for one in document["not_tested"] if "itself failed" in one["reason"]]
    del done
    gc.collect()  # files that a script has left open are closed here
    fault("F38", 1, "data or an argument of fit that makes no sense: a sentence, or a fact in a report")
