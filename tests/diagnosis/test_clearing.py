"""What is not the reason: by its own trials where an effect would have shown, or by a repair."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from unstuck.base.stats import success_rate
from unstuck.checks import Certainty, Finding
from unstuck.diagnosis.clearing import cleared
from unstuck.interventions.batch_size import BatchSize
from unstuck.interventions.epochs import Epochs
from unstuck.interventions.learning_rate import LearningRate
from unstuck.interventions.output_and_loss import OutputAndLoss
from unstuck.interventions.placebo import Placebo
from unstuck.search.candidates import Candidate
from unstuck.search.proof import Cure
from unstuck.search.trial import Trial, judge

RATE, LONGER, LARGER = (LearningRate(value=0.1, was=0.001), Epochs(value=100, was=10),
                        BatchSize(value=64, was=32))
BOTH = OutputAndLoss(layer="dense", activation="sigmoid", loss="binary_crossentropy")
ALL = [Candidate(change=change) for change in (RATE, LONGER, LARGER, BOTH, Placebo())]


def judged(change, learned, of=256, control=0.5):
    before = np.arange(of) < control * of
    return judge([Trial(changes=(change,), control=before, treatment=np.arange(of) < learned * of)])[0]


def cure(*changes, learned=128, of=128):
    return Cure(arm=SimpleNamespace(changes=changes), rate=success_rate(np.arange(of) < learned))


def told(found):
    return {one.kind: one.by for one in found}


def test_a_kind_is_cleared_by_its_own_trials_where_an_effect_would_have_shown():
    assert told(cleared([judged(RATE, 0.5)], [], [], ALL)) == {"learning_rate": "trial"}
    assert told(cleared([judged(RATE, 0.0, control=0.0)], [], [], ALL)) == {}


def test_one_change_of_a_kind_that_helps_or_may_help_keeps_the_kind():
    other = LearningRate(value=0.01, was=0.001)
    assert told(cleared([judged(RATE, 0.5), judged(other, 0.9)], [], [], ALL)) == {}
    assert told(cleared([judged(RATE, 0.5), judged(other, 0.6, of=32)], [], [], ALL)) == {}


def test_what_a_repair_leaves_as_it_was_is_cleared_by_it():
    found = told(cleared([judged(RATE, 0.0, control=0.0)], [cure(LONGER)], [], ALL))
    assert found == {"learning_rate": "repair", "batch_size": "repair", "loss": "repair",
                     "activation": "repair"}


def test_a_repair_that_learns_too_seldom_or_was_tried_too_seldom_clears_nothing():
    assert cleared([], [cure(LONGER, learned=115)], [], ALL) == ()
    assert cleared([], [cure(LONGER, learned=8, of=8)], [], ALL) == ()


def test_nothing_is_cleared_that_any_offered_repair_changes():
    found = told(cleared([], [cure(LONGER), cure(RATE, BOTH)], [], ALL))
    assert found == {"batch_size": "repair"}


def seen(certainty, change):
    return [Finding(check="x", message="", certainty=certainty, interventions=(change,))]


@pytest.mark.parametrize("certainty", Certainty)
def test_no_repair_clears_what_is_suspected_or_known(certainty):
    assert told(cleared([], [cure(LONGER)], seen(certainty, BOTH), ALL)) == {
        "learning_rate": "repair", "batch_size": "repair"}


def test_a_trial_clears_what_is_suspected_but_not_what_is_known():
    idle = [judged(RATE, 0.5)]
    assert told(cleared(idle, [], seen(Certainty.SUSPICION, RATE), ALL)) == {"learning_rate": "trial"}
    assert told(cleared(idle, [], seen(Certainty.FACT, RATE), ALL)) == {}


def test_the_placebo_is_no_kind_of_thing():
    assert told(cleared([judged(Placebo(), 0.5)], [], [], ALL)) == {}
