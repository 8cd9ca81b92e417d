"""The statistics against independent oracles, and their promises computed exactly.

Coverage and error rates are not simulated here but summed over every possible outcome of the
experiment (`benchmarks/calibration.py` simulates them instead), so nothing depends on a seed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import brentq, minimize_scalar
from scipy.signal import fftconvolve
from scipy.special import gammaln, xlogy
from scipy.stats import binomtest, chi2, norm
from statsmodels.stats.contingency_tables import mcnemar as statsmodels_mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from unstuck.base.stats import (
    LOOKS,
    PairedEffect,
    confidence_at,
    difference_interval,
    fall_plan,
    holm,
    mcnemar,
    paired_effect,
    pairs_to_decide,
    sequential_p,
    success_rate,
)

TO_256 = tuple(look for look in LOOKS if look <= 256)
TO_128 = tuple(look for look in LOOKS if look <= 128)

confidences = st.sampled_from([0.8, 0.9, 0.95, 0.99, 0.9999])
paired_outcomes = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=60)
p_value_lists = st.lists(st.floats(0, 1), max_size=30)


def effect(pairs: int, rescued: int, broken: int, confidence: float = 0.95) -> PairedEffect:
    control, treatment = np.zeros(pairs, dtype=bool), np.zeros(pairs, dtype=bool)
    treatment[:rescued] = True
    control[rescued : rescued + broken] = True
    return paired_effect(control, treatment, confidence=confidence)


def columns(outcomes: list[tuple[bool, bool]]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    table = np.array(outcomes, dtype=bool)
    return table[:, 0], table[:, 1]


# One success rate


@pytest.mark.parametrize("trials", [1, 2, 16, 256])
@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.999])
def test_the_rate_has_wilsons_interval(trials: int, confidence: float) -> None:
    for successes in {0, 1, trials // 2, trials - 1, trials}:
        rate = success_rate(np.arange(trials) < successes, confidence=confidence)
        oracle = proportion_confint(successes, trials, alpha=1 - confidence, method="wilson")
        assert (rate.successes, rate.trials) == (successes, trials)
        assert rate.share == successes / trials
        assert (rate.low, rate.high) == pytest.approx(oracle, abs=1e-12)


def test_no_trial_tells_nothing() -> None:
    rate = success_rate(np.array([], dtype=bool))
    assert (rate.successes, rate.trials, rate.share, rate.low, rate.high) == (0, 0, 0.0, 0.0, 1.0)


@given(st.lists(st.booleans(), max_size=60), confidences)
def test_a_rate_lies_in_its_interval(learned: list[bool], confidence: float) -> None:
    rate = success_rate(np.array(learned, dtype=bool), confidence=confidence)
    assert 0 <= rate.low <= rate.share <= rate.high <= 1


# The paired test and its interval


@pytest.mark.parametrize(
    ("rescued", "broken"), [(0, 0), (0, 1), (5, 0), (8, 8), (20, 76), (184, 0), (1000, 1100)]
)
def test_the_p_value_is_exact_mcnemar(rescued: int, broken: int) -> None:
    table = [[3, broken], [rescued, 4]]
    assert mcnemar(rescued, broken) == pytest.approx(
        statsmodels_mcnemar(table, exact=True).pvalue if rescued + broken else 1.0, rel=1e-9
    )
    if rescued + broken:
        oracle = binomtest(rescued, rescued + broken).pvalue
        assert mcnemar(rescued, broken) == pytest.approx(oracle, rel=1e-9)


def score_statistic(rescued: int, broken: int, pairs: int, difference: float) -> float:
    """The score statistic with its nuisance parameter found by maximising the likelihood."""

    def minus_log_likelihood(breaking: float) -> float:
        rescuing = breaking + difference
        same = max(1 - breaking - rescuing, 0.0)
        counts, shares = (rescued, broken, pairs - rescued - broken), (rescuing, breaking, same)
        return -float(np.sum(xlogy(counts, shares)))

    best = minimize_scalar(
        minus_log_likelihood,
        bounds=(max(0.0, -difference), (1 - difference) / 2),
        method="bounded",
        options={"xatol": 1e-13},
    ).x
    variance = pairs * (2 * best + difference - difference**2)
    return float((rescued - broken - pairs * difference) / np.sqrt(variance))


@pytest.mark.parametrize(
    ("pairs", "rescued", "broken"),
    [(16, 0, 0), (16, 1, 0), (16, 12, 0), (16, 3, 4), (16, 7, 9), (256, 20, 3), (256, 184, 0)],
)
@pytest.mark.parametrize("confidence", [0.95, 0.999])
def test_the_interval_inverts_the_score_test(
    pairs: int, rescued: int, broken: int, confidence: float
) -> None:
    z = norm.isf((1 - confidence) / 2)
    found = effect(pairs, rescued, broken, confidence)

    def excess(difference: float) -> float:
        return float(abs(score_statistic(rescued, broken, pairs, difference)) - z)

    estimate = (rescued - broken) / pairs
    assert found.low == pytest.approx(brentq(excess, -1 + 1e-9, estimate), abs=1e-5)
    assert found.high == pytest.approx(brentq(excess, estimate, 1 - 1e-9), abs=1e-5)


def test_the_interval_excludes_zero_where_the_mcnemar_score_does() -> None:
    threshold = np.sqrt(chi2.isf(0.05, 1))
    for rescued in range(17):
        for broken in range(17 - rescued):
            low, high = difference_interval(rescued, broken, 16)
            score = abs(rescued - broken) / np.sqrt(max(rescued + broken, 1))
            assert (low > 0 or high < 0) == (score > threshold)


@pytest.mark.parametrize("pairs", [1, 16, 2048])
def test_bounds_where_all_pairs_agree_or_all_differ(pairs: int) -> None:
    z2 = norm.isf(0.025) ** 2
    nothing, everything = effect(pairs, 0, 0), effect(pairs, pairs, 0)
    assert nothing.high == pytest.approx(z2 / (pairs + z2), abs=1e-12)
    assert nothing.low == -nothing.high
    assert nothing.p_value == 1.0
    assert everything.difference == everything.high == 1.0
    assert everything.low == pytest.approx((pairs - z2) / (pairs + z2), abs=1e-12)


def test_the_effect_says_which_replicas_changed_sides() -> None:
    control = np.array([True, True, False, False, False, False])
    treatment = np.array([True, False, True, True, True, False])
    found = paired_effect(control, treatment)
    assert (found.pairs, found.rescued, found.broken) == (6, 3, 1)
    assert found.difference == pytest.approx(2 / 6)
    assert found.p_value == pytest.approx(0.625)


@given(paired_outcomes, confidences)
def test_an_effect_lies_in_its_interval(
    outcomes: list[tuple[bool, bool]], confidence: float
) -> None:
    found = paired_effect(*columns(outcomes), confidence=confidence)
    assert -1 <= found.low <= found.difference <= found.high <= 1
    assert 0 < found.p_value <= 1


@given(paired_outcomes, st.randoms(use_true_random=False))
def test_the_order_of_pairs_does_not_matter(
    outcomes: list[tuple[bool, bool]], random: Random
) -> None:
    shuffled = list(outcomes)
    random.shuffle(shuffled)
    assert paired_effect(*columns(shuffled)) == paired_effect(*columns(outcomes))


@given(paired_outcomes, confidences)
def test_swapping_control_and_treatment_mirrors_the_effect(
    outcomes: list[tuple[bool, bool]], confidence: float
) -> None:
    control, treatment = columns(outcomes)
    there = paired_effect(control, treatment, confidence=confidence)
    back = paired_effect(treatment, control, confidence=confidence)
    assert (back.difference, back.low, back.high) == (-there.difference, -there.high, -there.low)
    assert (back.rescued, back.broken) == (there.broken, there.rescued)
    assert back.p_value == there.p_value


@given(paired_outcomes)
def test_more_confidence_never_narrows_the_interval(outcomes: list[tuple[bool, bool]]) -> None:
    narrow = paired_effect(*columns(outcomes), confidence=0.9)
    wide = paired_effect(*columns(outcomes), confidence=0.99)
    assert wide.low <= narrow.low
    assert narrow.high <= wide.high


# Many tests, many looks


@given(p_value_lists.filter(len))
@settings(max_examples=25, deadline=None)  # statsmodels takes its time
def test_holm_is_holm(p_values: list[float]) -> None:
    assert holm(p_values) == pytest.approx(multipletests(p_values, method="holm")[1], abs=1e-15)


@given(p_value_lists)
def test_holm_keeps_the_order_of_evidence_and_never_adds_any(p_values: list[float]) -> None:
    adjusted = holm(p_values)
    order = np.argsort(p_values, kind="stable")
    assert len(adjusted) == len(p_values)
    assert np.all(np.diff(adjusted[order]) >= 0)
    assert np.all((adjusted >= p_values) & (adjusted <= 1))


def spent(pairs: int) -> float:
    return 1 - confidence_at(pairs, confidence=0.95)


def test_all_looks_together_spend_no_more_than_the_permitted_error() -> None:
    endless = [2**k for k in range(4, 60)]
    assert tuple(endless[: len(LOOKS)]) == LOOKS
    assert sum(spent(look) for look in endless) == pytest.approx(0.05, rel=1e-6)


@pytest.mark.parametrize(
    ("pairs", "look"), [(1, 16), (17, 32), (200, 256), (257, 512), (2049, 4096), (8193, 16384)]
)
def test_between_two_looks_the_next_one_counts(pairs: int, look: int) -> None:
    assert confidence_at(pairs) == confidence_at(look)
    assert sequential_p(0.001, pairs) == sequential_p(0.001, look)


def test_every_look_narrows_the_interval() -> None:
    widths = [norm.isf(spent(2**k) / 2) / np.sqrt(2**k) for k in range(4, 20)]
    assert all(later < earlier for earlier, later in pairwise(widths))


def test_p_values_and_confidence_spend_the_same() -> None:
    for look in LOOKS:
        assert sequential_p(spent(look), look) == pytest.approx(0.05)
        assert sequential_p(1.0, look) == 1.0


def test_13_percent_of_discordant_pairs_can_be_acquitted_at_256() -> None:
    each = 0.13 * 256 / 2
    assert difference_interval(each, each, 256, confidence=confidence_at(256))[1] < 0.05


# How many more


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(effect(256, 184, 0), 256, id="a cause already"),
        pytest.param(effect(256, 2, 2), 256, id="acquitted already"),
        pytest.param(effect(16, 0, 0), 256, id="nothing happens: acquitted later"),
        pytest.param(effect(16, 1, 9), 32, id="harmful, a little later"),
        pytest.param(effect(100, 12, 2), 256, id="contributes, later"),
        pytest.param(effect(100, 17, 1), 1024, id="contributes, or perhaps a cause"),
        pytest.param(effect(100, 40, 20), None, id="on the border of cause and contribution"),
        pytest.param(effect(7, 3, 4), 256, id="every pair is discordant"),
    ],
)
def test_pairs_to_decide(found: PairedEffect, expected: int | None) -> None:
    assert pairs_to_decide(found) == expected


@given(st.integers(1, 300), st.data())
def test_the_forecast_is_a_look_that_decides(pairs: int, data: st.DataObject) -> None:
    rescued = data.draw(st.integers(0, pairs))
    broken = data.draw(st.integers(0, pairs - rescued))
    answer = pairs_to_decide(effect(pairs, rescued, broken))
    if answer is None:
        return
    assert answer == pairs or (answer > pairs and answer in (*LOOKS, 4096))
    growth = answer / pairs
    low, high = difference_interval(
        rescued * growth, broken * growth, answer, confidence=confidence_at(answer)
    )
    assert low >= 0.2 or high < 0.05 or (low > 0 and high < 0.2)


def test_the_forecast_stops_at_the_limit() -> None:
    assert pairs_to_decide(effect(16, 0, 0), limit=128) is None
    assert pairs_to_decide(effect(16, 0, 0), limit=256) == 256


# Calibration, summed over all outcomes


@dataclass(frozen=True, kw_only=True)
class Truth:
    rescuing: float
    breaking: float

    @property
    def effect(self) -> float:
        return self.rescuing - self.breaking


def truth(control: float, treatment: float, correlation: float) -> Truth:
    spread = np.sqrt(control * (1 - control) * treatment * (1 - treatment))
    both = min(control * treatment + correlation * spread, control, treatment)
    return Truth(rescuing=treatment - both, breaking=control - both)


RATES = [(0.05, 0.05), (0.19, 0.19), (0.5, 0.5), (0.19, 0.28), (0.19, 0.41), (0.5, 0.3)]
TRUTHS = [truth(*rates, correlation) for rates in RATES for correlation in (0.0, 0.4, 0.8)]


def chances(pairs: int, of: Truth) -> NDArray[np.float64]:
    """The probability of every [rescued, broken] among so many pairs."""
    rescued, broken = np.indices((pairs + 1, pairs + 1))
    same = np.maximum(pairs - rescued - broken, 0)
    log = (
        gammaln(pairs + 1)
        - gammaln(rescued + 1)
        - gammaln(broken + 1)
        - gammaln(same + 1)
        + xlogy(rescued, of.rescuing)
        + xlogy(broken, of.breaking)
        + xlogy(same, 1 - of.rescuing - of.breaking)
    )
    return np.where(rescued + broken <= pairs, np.exp(log), 0.0)


@cache
def intervals(pairs: int, confidence: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The interval of every [rescued, broken]; where there is no such outcome, nan."""
    rescued, broken = np.indices((pairs + 1, pairs + 1))
    possible = rescued + broken <= pairs
    low, high = np.full(possible.shape, np.nan), np.full(possible.shape, np.nan)
    low[possible], high[possible] = difference_interval(
        rescued[possible], broken[possible], pairs, confidence=confidence
    )
    return low, high


@pytest.mark.parametrize("pairs", [64, 256])
@pytest.mark.parametrize("of", TRUTHS, ids=str)
def test_an_interval_at_a_fixed_number_of_pairs_covers_the_truth(pairs: int, of: Truth) -> None:
    low, high = intervals(pairs, 0.95)
    covered = (low <= of.effect) & (of.effect <= high)
    share = chances(pairs, of)[covered].sum()
    # With a handful of discordant pairs no interval can be both honest and exact: it covers more.
    few = pairs * (of.rescuing + of.breaking) < 5
    assert 0.93 <= share <= (1.0 if few else 0.97)


def stopped(looks: tuple[int, ...], of: Truth) -> tuple[float, float]:
    """Chance that an interval excludes 0 at some look, and of the last one seen to be right.

    Whoever runs the experiment stops at the first look whose interval excludes 0.
    """
    going = np.ones((1, 1))
    excluding = right = 0.0
    for before, pairs in pairwise((0, *looks)):
        going = fftconvolve(going, chances(pairs - before, of))
        low, high = intervals(pairs, confidence_at(pairs))
        excludes = (low > 0) | (high < 0)
        stops = np.full_like(excludes, True) if pairs == looks[-1] else excludes
        covers = (low <= of.effect) & (of.effect <= high)
        excluding += going[excludes].sum()
        right += going[stops & covers].sum()
        going = np.where(stops, 0.0, going)
    return excluding, right


@pytest.mark.parametrize("looks", [TO_128, TO_256], ids=["to 128", "to 256"])
@pytest.mark.parametrize("of", TRUTHS, ids=str)
def test_stopping_when_one_likes_keeps_coverage(looks: tuple[int, ...], of: Truth) -> None:
    _, right = stopped(looks, of)
    assert right >= 0.95


@pytest.mark.parametrize("discordant", [0.01, 0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 1.0])
def test_a_placebo_is_rarely_said_to_work(discordant: float) -> None:
    of = Truth(rescuing=discordant / 2, breaking=discordant / 2)
    excluding, right = stopped(TO_256, of)
    assert excluding <= 0.05
    assert right == pytest.approx(1 - excluding, abs=1e-9)


def test_looking_without_correction_would_say_so_too_often() -> None:
    """The calculation above can fail: plain 95 % intervals, looked at five times, do."""
    of = Truth(rescuing=0.25, breaking=0.25)
    going, excluding = np.ones((1, 1)), 0.0
    for before, pairs in pairwise((0, *TO_256)):
        going = fftconvolve(going, chances(pairs - before, of))
        low, high = intervals(pairs, 0.95)
        excludes = (low > 0) | (high < 0)
        excluding += going[excludes].sum()
        going = np.where(excludes, 0.0, going)
    assert excluding > 0.10


@pytest.mark.parametrize("level", [0.05, 0.01, 0.0005])
def test_sequential_p_values_hold_at_every_level(level: float) -> None:
    of = Truth(rescuing=0.25, breaking=0.25)
    going, rejecting = np.ones((1, 1)), 0.0
    for before, pairs in pairwise((0, *TO_128)):
        going = fftconvolve(going, chances(pairs - before, of))
        rejects = np.array(
            [
                [b + c <= pairs and sequential_p(mcnemar(b, c), pairs) <= level for c in counts]
                for counts in [range(pairs + 1)]
                for b in counts
            ]
        )
        rejecting += going[rejects].sum()
        going = np.where(rejects, 0.0, going)
    assert rejecting <= level


# What is refused


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: paired_effect(np.ones(2, bool), np.ones(3, bool)), "has 2 replicas and"),
        (lambda: paired_effect(np.ones(0, bool), np.ones(0, bool)), "at least one pair"),
        (lambda: paired_effect(np.ones((2, 1), bool), np.ones(2, bool)), "control must have one"),
        (lambda: success_rate(np.ones(2, bool), confidence=95), "between 0 and 1, not 95"),
        (lambda: difference_interval(3, 2, 4), "together exceed pairs"),
        (lambda: difference_interval(-1, 2, 4), "must not be negative"),
        (lambda: holm([0.1, float("nan")]), "between 0 and 1, not nan"),
        (lambda: sequential_p(1.1, 16), "between 0 and 1, not 1.1"),
        (lambda: confidence_at(0), "nothing to look at"),
    ],
)
def test_misuse_is_refused(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_numbers_are_not_taken_for_outcomes() -> None:
    """A nan would count as a success."""
    with pytest.raises(TypeError, match="True and False, not of float64"):
        success_rate(np.array([0.0, np.nan]))


@pytest.mark.parametrize("planned", [16, 32, 64, 128, 256])
def test_looks_planned_for_fewer_pairs_spend_the_same_error(planned):
    """The table of looks is shrunk to the plan: its largest share stands at the planned number."""
    assert confidence_at(planned, planned=planned) == confidence_at(256)
    looks = [planned // 16 * 2**k for k in range(40)]
    spent = sum(1 - confidence_at(look, planned=planned) for look in looks)
    assert spent <= 0.05 + 1e-12
    assert sequential_p(0.001, planned, planned=planned) == sequential_p(0.001, 256)


@pytest.mark.parametrize("rate", [1.0, 0.95, 0.8, 0.3])
def test_a_plan_for_a_fall_keeps_both_error_rates_and_no_smaller_one_does(rate):
    plan = fall_plan(rate, rate / 2)
    assert plan is not None and plan.wrongly <= 0.001 and plan.missed <= 0.01
    rng = np.random.default_rng(0)
    drawn = {share: rng.binomial(plan.trainings, share, 200_000) for share in (rate, rate / 2)}
    assert (drawn[rate] < plan.least).mean() <= 0.0014
    assert (drawn[rate / 2] >= plan.least).mean() <= 0.011
    smaller = fall_plan(rate, rate / 2, trainings=plan.trainings - 1)
    assert smaller is not None and (smaller.missed > 0.01 or smaller.least == 0)


def test_a_fall_that_is_none_is_refused():
    with pytest.raises(ValueError, match="none"):
        fall_plan(0.5, 0.5)
