"""The catalogue end to end: each specimen is caught and its cure confirmed; healthy ones are left.

A specimen's second line says what was measured with Keras's own `fit`, and which change cures it.
Each takes a whole diagnosis: all run with UNSTUCK_SLOW=1 only, a few quick ones always.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from honesty import assert_honest
from replayed import assert_replays
from unstuck.diagnosis.diagnosis import Diagnosis, Options, diagnose_script
from unstuck.script import Script
from unstuck.search.budget import Budget
from written import assert_well_written

SPECIMENS = Path(__file__).parent.parent / "specimens"
SICK = sorted(SPECIMENS.glob("*.py"))
HEALTHY = sorted((SPECIMENS / "healthy").glob("*.py"))
QUICK = {"fragile_seeds", "nan_in_data", "xor"}
MEASURED = re.compile(
    r"^# As is (?P<learned>\d) of (?P<of>\d) seeds learn"
    r"(?:; with “(?P<cure>.+)” (?P<cured>\d))?\.$"
)
PROVED = ("cause", "contributes", "needs company")

# Keras warns of some of the mistakes itself.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::SyntaxWarning")


def cases(paths: list[Path]) -> list[object]:
    slow = pytest.mark.skipif(os.environ.get("UNSTUCK_SLOW") != "1", reason="set UNSTUCK_SLOW=1")
    return [pytest.param(path, id=path.stem,
                         marks=() if path.stem in QUICK else (pytest.mark.slow, slow))
            for path in paths]


def diagnosed(path: Path) -> Diagnosis:
    return diagnose_script(path, options=Options(budget=Budget.parse("90s"), replicas=64))


def measured(path: Path) -> re.Match[str]:
    line = path.read_text(encoding="utf-8").splitlines()[1]
    found = MEASURED.match(line)
    assert found is not None, f"{path.name}: its second line does not say what was measured"
    return found


@pytest.mark.parametrize("path", SICK, ids=lambda path: path.stem)
def test_a_specimen_is_sick_and_its_cure_was_measured(path: Path) -> None:
    found = measured(path)
    if found["cure"] is not None:
        assert int(found["learned"]) <= int(found["of"]) / 2
        assert found["cured"] == found["of"]


@pytest.mark.parametrize("path", HEALTHY, ids=lambda path: path.stem)
def test_a_healthy_script_was_measured_to_learn(path: Path) -> None:
    assert measured(path)["learned"] == measured(path)["of"]


@pytest.mark.parametrize("path", cases(SICK))
def test_a_specimen_is_caught_and_its_cure_confirmed(path: Path) -> None:
    name, cure = path.stem.replace("_", "-"), measured(path)["cure"]
    diagnosis = diagnosed(path)
    result = diagnosis.result
    assert_honest(result)
    assert_replays(diagnosis)
    assert_well_written(Script.read(path), result)
    assert name in {finding.check for finding in (*result.facts, *result.suspicions)}
    asked = [arm for arm in result.arms if name in arm.checks]
    if cure is None:
        assert not asked
    elif asked:
        assert any(arm.verdict in PROVED for arm in asked)
    else:  # a symptom, whose cures other checks propose
        assert any(arm.verdict in PROVED for arm in result.arms)


@pytest.mark.parametrize("path", cases(HEALTHY))
def test_a_healthy_script_is_left_alone(path: Path) -> None:
    diagnosis = diagnosed(path)
    result = diagnosis.result
    assert_honest(result)
    assert_replays(diagnosis)
    assert result.outcome in ("LEARNS", "AT_FLOOR")
    assert result.causes == ()
    assert result.suspicions == ()
    assert {finding.check for finding in result.facts} <= {"loss-at-its-floor"}
