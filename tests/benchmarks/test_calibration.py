"""Small versions of what `benchmarks/calibration.py` measures; seeds are fixed, so nothing flickers."""

from __future__ import annotations

import importlib
import json
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import kstest

from unstuck.base.stats import mcnemar

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "benchmarks"))
calibration, drawn, pairs, trained, calibration_page, compare = map(importlib.import_module, (
    "calibration", "calibration_drawn", "calibration_pairs", "calibration_trained", "calibration_page",
    "compare"))


@pytest.fixture(scope="module")
def cases():
    return trained.cases()


@pytest.fixture(scope="module")
def mixed(cases):
    """The arms of some drawn diagnoses, each twice: with an ample budget, and with twice that."""
    recipe, goal = cases[0].recipe, cases[0].goal

    def arms(**other):
        return [drawn.diagnosis(recipe, goal, base, drawn.mixed(base), run=run, pace=0.001, **other)
                for run, base in drawn.runs(10)]

    return arms(), arms(budget="4m"), arms(seed=1)


@pytest.mark.parametrize("number", [0, 2, 4])
def test_placebo_p_values_are_uniform(cases, number):
    exact, spread, discordant = trained.placebo_p_values(cases[number], 200)
    assert kstest(spread, "uniform").pvalue > 0.01
    assert (exact < 0.05).mean() <= 0.05
    assert 0.02 < discordant < 0.3


def test_spread_p_values_fill_their_step():
    """Under the hypothesis a share of exactly u lies below u, for every u."""
    from math import comb

    for n in (1, 2, 5, 8):
        steps = sorted({mcnemar(k, n - k) for k in range(n + 1)})
        chance = [sum(comb(n, k) / 2**n for k in range(n + 1) if mcnemar(k, n - k) <= step)
                  for step in steps]
        np.testing.assert_allclose(chance, steps)


def test_no_cause_in_diagnoses_of_placebos(cases):
    said = sum((sum(trained.placebo_diagnoses(case, 3), Counter()) for case in cases[::2]), Counter())
    assert sum(said.values()) >= 7 * trained.ARMS  # a script that happens to be healthy has no arms
    assert set(said) <= {"acquitted", "no effect alone", "undecided"}


def test_no_claim_where_nothing_helps(cases):
    for run, base in drawn.runs(15):
        said = drawn.diagnosis(cases[0].recipe, cases[0].goal, base, (0.0,) * 20, run=run, pace=0.03)
        assert {arm.verdict for arm in said.values()} <= {"acquitted", "no effect alone", "undecided"}


def test_intervals_hold_the_truth_where_the_search_stops(mixed):
    arms = [arm for found in mixed[0] for arm in found.values()]
    assert len(arms) > 150
    assert 0.93 <= np.mean([arm.held for arm in arms]) <= 0.97


def test_large_effects_are_found_and_small_ones_are_no_causes(mixed):
    for arm in (arm for found in mixed[0] for arm in found.values()):
        if arm.effect >= 0.4:
            assert arm.verdict == "cause"
        if arm.effect <= 0.1:
            assert arm.verdict != "cause"
        if arm.effect == -0.2:
            assert arm.verdict == "harmful"


@pytest.mark.parametrize("other", [1, 2])
def test_nothing_is_contradicted(mixed, other):
    kept = calibration.compared((one[n].verdict, two[n].verdict)
                                for one, two in zip(mixed[0], mixed[other], strict=True)
                                for n in one.keys() & two.keys())
    assert kept["of"] > 150
    assert kept["contradicted"] <= 0.01 * kept["of"]  # as docs/statistics.md promises


def test_drawn_seeds_are_their_own(cases):
    """The same diagnosis again is the same; a proof and another base seed have other luck."""
    chunks = drawn.DrawnChunks(0.5, (0.0,), pace=0.001, run=3)
    first, again = chunks._of(range(64), 0), chunks._of(range(64), 0)
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(chunks._of(range(32, 64), 0), first[32:])
    for other in (1_000_000, 10_000_019, 11_000_019):
        assert not np.any(chunks._of(range(other, other + 64), 0) == first)


def test_an_injected_fault_is_found():
    rows = list(trained.faults(("xor",), ["one_epoch"], others=lambda n: True,
                               budget=("1500runs", "3000runs")))
    row = calibration.faults_row(rows)
    assert (row["found"], row["of"], row["missed"]) == (1, 1, [])
    assert row["doubled"]["of"] >= 5 and row["doubled"]["contradicted"] == 0
    assert row["seed"]["found"] == 1


def test_how_two_verdicts_agree():
    assert calibration.compared([
        ("cause", "cause"), ("cause", "contributes"), ("undecided", "acquitted"),
        ("contributes", "acquitted"), ("harmful", "cause")]) == {
            "of": 5, "same": 1, "open": 1, "contradicted": 2}


def test_single_arms_keep_their_confidence():
    rng = np.random.default_rng(1)
    for row in pairs.coverage(400, rng):
        assert row["once"] >= 0.92 * row["of"] and row["stopped"] >= 0.93 * row["of"]
        assert not row["false_p"] or row["false_p"] <= 0.02 * row["of"]
    quick, slow = pairs.acquittals(100, rng)[1], pairs.acquittals(100, rng)[-1]
    assert quick["by_256"] > 90 and slow["by_256"] < 40


def test_comparisons_find_what_is_there_and_claim_nothing_else():
    recipe = compare.xor(4, 0.05)
    said = {effect: compare.drawn(recipe, 0.5, effect, 40)["verdicts"]
            for effect in (0.0, compare.TRUE, -compare.TRUE, compare.POINTS)}
    assert said[0.0].get("better", 0) + said[0.0].get("worse", 0) <= 2
    assert said[compare.TRUE]["better"] >= 38 and said[-compare.TRUE]["worse"] >= 38
    assert said[compare.POINTS].get("no difference", 0) <= 2


def test_the_page_is_what_its_numbers_say(tmp_path):
    """docs/statistics.md is written from two files of numbers, all as they stand there."""
    found, compared = (json.loads((ROOT / "docs" / "figures" / name).read_text())
                       for name in ("statistics.json", "compare.json"))
    text = (ROOT / "docs" / "statistics.md").read_text(encoding="utf-8")
    assert f"{calibration_page.page(found)}\n{compare.section(compared)}" == text
    pytest.importorskip("altair")
    importlib.import_module("calibration_figures").draw(found, tmp_path)
    assert len(list(tmp_path.glob("statistics_*.svg"))) == 3
