"""What every diagnosis has to keep to, whatever its script: it says nothing that it has not shown."""

from __future__ import annotations

import numpy as np
import pytest

from unstuck.base.stats import success_rate
from unstuck.reports.parts.verdict import placebo_worked
from unstuck.result.results import Result
from unstuck.search.ranking import CURED
from unstuck.search.trial import NEGLIGIBLE, TELLING


def assert_honest(result: Result) -> None:
    """Raises AssertionError where a report would clear what is guilty, or claim what was not shown."""
    _clears_nothing_that_is_guilty(result)
    _acquits_only_where_an_effect_would_have_shown(result)
    _says_of_each_change_what_it_is_needed_for(result)
    _counts_add_up(result)


def _clears_nothing_that_is_guilty(result: Result) -> None:
    cleared = {one.kind for one in result.cleared}
    changed = {kind for repair in result.repairs for kind in repair.touches}
    named = {kind for fact in result.facts for kind in fact.kinds}
    helping = {arm.kind for arm in result.arms
               if arm.verdict in ("cause", "contributes", "needs company")}
    assert not cleared & (changed | named | helping)
    by_repair = [one for one in result.cleared if one.by == "repair"]
    assert not by_repair or result.repairs[0].success_rate >= CURED


def _acquits_only_where_an_effect_would_have_shown(result: Result) -> None:
    for arm in result.arms:
        if arm.verdict == "acquitted":
            assert TELLING[0] <= arm.control_rate <= TELLING[1], arm.intervention
            assert arm.ci95[1] < NEGLIGIBLE, arm.intervention


def _says_of_each_change_what_it_is_needed_for(result: Result) -> None:
    verdicts = {arm.intervention: arm.verdict for arm in result.arms}
    for repair in result.repairs if placebo_worked(result) is None else ():
        several = len(repair.interventions) > 1
        assert len(repair.put_back) == several * len(repair.interventions)
        for change, back in zip(repair.interventions, repair.put_back, strict=False):
            if back is not None and back.needed:
                assert verdicts[change] in ("cause", "contributes", "needs company"), change
                assert back.without < back.whole and back.ci95[0] > 0, change
    for arm in result.arms:
        if arm.verdict == "needs company":
            assert any(arm.intervention in repair.interventions
                       and set(arm.company) < set(repair.interventions) for repair in result.repairs)


def _counts_add_up(result: Result) -> None:
    population = result.population
    assert sum(mode.share for mode in population.modes) == pytest.approx(1.0)
    for who in (*result.arms, *result.repairs):
        if who.replicas:
            assert who.success_rate == pytest.approx(who.successes / who.replicas)
    for arm in result.arms:
        if arm.replicas:
            assert arm.difference == pytest.approx((arm.rescued - arm.broken) / arm.replicas)
            assert arm.success_rate - arm.control_rate == pytest.approx(arm.difference)
    for repair in result.repairs:
        rate = success_rate(np.arange(repair.replicas) < repair.successes)
        assert repair.ci95 == pytest.approx((rate.low, rate.high))
