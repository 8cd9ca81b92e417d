"""The only place that says "cause", on hand-made trials."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from unstuck.base.stats import PairedEffect
from unstuck.interventions.epochs import Epochs
from unstuck.interventions.placebo import Placebo
from unstuck.search.trial import USEFUL, PutBack, Trial, is_needed, judge, rule


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
    assert rule(effect(low, high), p, 0.3) == verdict


@pytest.mark.parametrize(("control", "verdict"), [
    pytest.param(0.0, "no effect alone", id="another cause may hide what it does"),
    pytest.param(0.09, "no effect alone", id="nearly nothing learns"),
    pytest.param(0.1, "acquitted", id="an effect could have been seen"),
    pytest.param(0.9, "acquitted", id="still room for it"),
    pytest.param(0.91, "no effect alone", id="no room for an effect"),
])
def test_nothing_is_acquitted_where_no_effect_could_have_been_seen(control, verdict):
    assert rule(effect(-0.02, 0.04), 1.0, control) == verdict


@pytest.mark.parametrize(("high", "control", "rescued", "verdict"), [
    pytest.param(0.19, 0.0, 0, "no effect alone", id="surely no cause, and has helped nobody"),
    pytest.param(0.19, 0.0, 1, "undecided", id="has helped somebody"),
    pytest.param(0.21, 0.0, 0, "undecided", id="may be a cause"),
    pytest.param(0.19, 0.5, 0, "undecided", id="may yet be acquitted"),
])
def test_where_nothing_could_be_acquitted_it_is_enough_to_be_no_cause(high, control, rescued, verdict):
    assert rule(replace(effect(-high, high, 0.0), rescued=rescued), 1.0, control) == verdict


def test_help_and_harm_are_told_whatever_the_control_does():
    assert rule(effect(0.5, 0.9), 0.001, 0.0) == "cause"
    assert rule(effect(-0.9, -0.5), 0.001, 1.0) == "harmful"


def trial(control, treatment, change=None):
    return Trial(changes=(change or Placebo(),), control=np.asarray(control, bool),
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


A, B = Placebo(), Epochs(value=20, was=10)


def back(without, change=A, company=(B,), whole=None):
    without = np.asarray(without, bool)
    whole = np.ones(len(without), bool) if whole is None else np.asarray(whole, bool)
    return PutBack(change=change, company=company, whole=whole, without=without, scores=(1.0, 0.5))


def test_what_a_cure_loses_without_a_change_shows_that_others_hide_it():
    idle = trial([0] * 256, [0] * 256, A)
    (found,) = judge([idle], [back([0] * 60 + [1] * 4)])
    assert found.verdict == "needs company"
    assert found.company == (B.label,)
    assert found.put_backs[0][0].effect.difference == pytest.approx(60 / 64)


def test_a_change_that_helps_alone_stays_a_cause_in_any_company():
    (found,) = judge([trial([0] * 64, [1] * 64, A)], [back([0] * 64)])
    assert (found.verdict, found.company) == ("cause", ())


def test_a_change_without_which_as_many_learn_is_not_shown_to_be_needed():
    (found,) = judge([trial([0] * 256, [0] * 256, A)], [back([1] * 64)])
    assert found.verdict == "no effect alone"
    assert not is_needed(*found.put_backs[0])


def test_four_replicas_show_no_need():
    (found,) = judge([trial([0] * 16, [0] * 16, A)], [back([0] * 4)])
    assert found.verdict != "needs company"


def test_what_was_never_tried_alone_is_judged_by_what_was_put_back():
    never = trial([], [], A)
    alone, judged = judge([never])[0], judge([never], [back([0] * 64)])[0]
    assert (alone.verdict, judged.verdict) == ("undecided", "needs company")
    assert judged.effect.pairs == 0


def test_what_was_put_back_is_corrected_together_with_all_arms():
    many = [trial([0] * 64, [0] * 64, B)] * 39
    weak = back([1] * 56 + [0] * 8)
    alone = judge([trial([0] * 64, [0] * 64, A)], [weak])[0].put_backs[0][1]
    among = judge([trial([0] * 64, [0] * 64, A), *many], [weak])[0].put_backs[0][1]
    assert among == pytest.approx(min(1.0, alone * 41 / 2))


def test_the_company_is_that_in_which_the_need_was_shown():
    c = Epochs(value=40, was=10)
    (found,) = judge([trial([0] * 64, [0] * 64, A)],
                     [back([1] * 64, company=(B,)), back([0] * 64, company=(c,))])
    assert found.company == (c.label,)


def test_no_trials_no_verdicts():
    assert judge([]) == []
