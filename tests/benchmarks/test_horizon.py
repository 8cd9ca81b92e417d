"""What the benchmark of horizons makes of two diagnoses."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "benchmarks"))
horizon = importlib.import_module("horizon")


def said(outcome, *kinds, horizon=True, repaired=()):
    arms = [{"kind": kind, "verdict": "cause"} for kind in kinds]
    arms += [{"kind": "placebo", "verdict": "cause"}, {"kind": "loss", "verdict": "acquitted"}]
    return {"outcome": outcome, "arms": arms, "repairs": [{"touches": list(repaired)}],
            "horizon": {} if horizon else None}


@pytest.mark.parametrize(("whole", "first", "word"), [
    (said("STUCK", "optimizer"), said("STUCK", "optimizer", "loss"), "cause agrees"),
    (said("STUCK", repaired=["activation"]), said("FRAGILE", "activation"), "cause agrees"),
    (said("STUCK", "optimizer"), said("STUCK", "loss"), "wrong cause"),
    (said("LEARNS"), said("STUCK", "loss"), "wrong cause"),
    (said("STUCK"), said("STUCK", "loss"), "only at the horizon"),
    (said("STUCK", "optimizer"), said("STUCK"), "silent"),
    (said("STUCK", "optimizer"), said("BEGINS"), "wrong acquittal"),
    (said("LEARNS"), said("BEGINS"), "both learn"),
    (said("STUCK"), said("STUCK"), "both know nothing"),
    (said("LEARNS"), said("LEARNS", horizon=False), "whole all the same"),
])
def test_a_horizon_is_held_against_the_whole(whole, first, word):
    assert horizon.compared(whole, first) == word


def test_scripts_and_cases_are_found(tmp_path):
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "case.py").touch()
    (tmp_path / "alone.py").touch()
    assert horizon.scripts([tmp_path], []) == {"one": tmp_path / "one" / "case.py"}
    assert set(horizon.scripts([tmp_path, tmp_path / "alone.py"], ["alone"])) == {"alone"}


def test_the_table_counts_what_was_compared():
    at = {"outcome": "STUCK", "kinds": ["loss"], "seconds": 1.0, "compared": "cause agrees"}
    rows = {"a": {"whole": "STUCK", "kinds": ["loss"], "updates": 1000, "at": {"0.1": at}},
            "b": {"whole": "STUCK", "kinds": [], "updates": 10, "at": {"0.1": None}},
            "c": {"whole": None}}
    text = horizon.table(rows, [0.1])
    assert "At 10 %: cause agrees 1, no answer 1." in text
    assert "| a | 1,000 | STUCK: loss | cause agrees (STUCK; loss) |" in text
