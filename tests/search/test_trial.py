"""The only place that says "cause", on hand-made trials."""

from __future__ import annotations

import numpy as np
import pytest

from unstuck.base.stats import PairedEffect
from unstuck.interventions.placebo import Placebo
from unstuck.search.trial import USEFUL, Trial, in_company, judge, rule


def effect(low, high, difference=None):
    middle = (low + high) / 2 if difference is None else difference
    return PairedEffect(pairs=256, difference=middle, low=low, high=high, rescued=0, broken=0,
                        p_value=0.5)


@pytest.mark.parametrize(
    ("low", "high", "p", "verdict"),
    [
        pytest.param(0.20, 0.40, 0.001, "cause", id="rescues at least 20 points"),
        pytest.param(0.19, 0.40, 0.001, "contributes", id="perhaps fewer than 20"),
        pytest.param(0.20, 0.40, 0.02, "undecided", id="not significant after Holm"),
        pytest.param(0.01, 0.04, 0.001, "acquitted", id="significant, but negligible"),
        pytest.param(-0.02, 0.049, 1.0, "acquitted", id="nothing happened"),
        pytest.param(-0.02, 0.051, 1.0, "undecided", id="perhaps 5 points"),
        pytest.param(-0.30, -0.001, 0.001, "harmful", id="makes it worse"),
        pytest.param(-0.30, -0.001, 0.02, "acquitted", id="perhaps by chance worse, surely no help"),
    ],
)
def test_the_table_of_verdicts(low, high, p, verdict):
    assert rule(effect(low, high), p) == verdict


def trial(control, treatment):
    return Trial(changes=(Placebo(),), control=np.asarray(control, bool),
                 treatment=np.asarray(treatment, bool))


def test_rescued_and_broken_are_counted_on_the_same_seeds():
    found = judge([trial([0, 0, 1, 1] * 64, [1, 1, 1, 0] * 64)])[0]
    assert (found.effect.rescued, found.effect.broken) == (128, 64)


def test_verdicts_rest_on_wider_bounds_than_the_interval_that_is_told():
    found = judge([trial([0] * 64, [1] * 22 + [0] * 42)])[0]
    bounds = found.trial.bounds
    assert bounds.low < USEFUL <= found.effect.low < found.effect.high < bounds.high
    assert found.verdict == "contributes"


def test_an_arm_with_fewer_replicas_is_paired_with_the_first_of_the_control():
    found = judge([trial([0] * 16 + [1] * 48, [1] * 16)])[0]
    assert found.effect.pairs == 16
    assert found.effect.rescued == 16


def test_more_arms_make_each_claim_harder():
    weak = trial([0] * 64, [1] * 14 + [0] * 50)
    alone = judge([weak])[0].p_holm
    among_many = judge([weak] + [trial([0] * 64, [0] * 64)] * 40)[0].p_holm
    assert among_many == pytest.approx(min(1.0, 41 * alone))


def test_everybody_rescued_is_a_cause_and_the_undecided_say_what_is_missing():
    cause, open_ = judge([trial([0] * 64, [1] * 64), trial([0] * 64, [1] * 6 + [0] * 58)])
    assert cause.verdict == "cause"
    assert cause.to_decide is None
    assert open_.verdict == "undecided"
    assert open_.to_decide is None or open_.to_decide > 64


def test_what_cures_alone_needs_no_company():
    cause, idle = judge([trial([0] * 64, [1] * 64), trial([0] * 256, [0] * 256)])
    assert in_company(cause, ["another"]).verdict == "cause"
    assert in_company(idle, ["another"]).verdict == "needs company"
    assert in_company(idle, ["another"]).company == ("another",)


def test_no_trials_no_verdicts():
    assert judge([]) == []
