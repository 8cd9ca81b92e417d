"""Callbacks for many replicas at once: each replica as if it were alone."""

from __future__ import annotations

import numpy as np
import pytest

from unstuck.base.errors import NotSupported
from unstuck.network.callback_rules import (
    Course,
    EarlyStopping,
    LearningRateScheduler,
    ReduceLROnPlateau,
    Rule,
    Rules,
    held_on,
)

CURVES = np.random.default_rng(1).normal(size=(40, 30)).cumsum(axis=1).astype(np.float32)
CURVES[3, 5:] = np.nan
CURVES[4, 0] = np.nan


def run(rules: Rules, curves: np.ndarray) -> tuple[Course, np.ndarray, np.ndarray]:
    """The course, the epoch of the best weights [replica], the rates [replica, epoch]."""
    course = Course(rules, len(curves), np.full(len(curves), 0.1, np.float32))
    best, rates = np.full(len(curves), -1), []
    for epoch in range(curves.shape[1]):
        rates.append(course.begin(epoch))
        best[course.end(epoch, {"loss": curves[:, epoch]})[1]] = epoch
    return course, best, np.stack(rates, axis=1)


RULES: list[Rule] = [
    EarlyStopping(watched="loss", patience=2, restore_best_weights=True),
    EarlyStopping(watched="loss", mode="max", patience=3, min_delta=0.5, start_from_epoch=4),
    EarlyStopping(watched="loss", baseline=-2.0, patience=5),
    ReduceLROnPlateau(watched="loss", patience=1, cooldown=2, factor=0.3, min_lr=0.002),
    LearningRateScheduler(schedule=lambda epoch, rate: rate * 0.9),
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.kind)
def test_many_replicas_go_as_each_would_alone(rule: Rule) -> None:
    course, best, rates = run(Rules(rules=(rule,)), CURVES)
    for replica in range(len(CURVES)):
        alone, own_best, own_rates = run(Rules(rules=(rule,)), CURVES[replica : replica + 1])
        assert course.stopped[replica] == alone.stopped[0]
        assert best[replica] == own_best[0]
        np.testing.assert_array_equal(rates[replica], own_rates[0])


def test_early_stopping_by_hand() -> None:
    curve = np.array([[3, 2, 2.5, 1, 1, 1, 0]], np.float32)
    rules = Rules(rules=(EarlyStopping(watched="loss", patience=2, restore_best_weights=True),))
    course, best, _ = run(rules, curve)
    assert (course.stopped[0], best[0], course.active[0]) == (6, 3, False)


def test_the_first_epoch_never_stops_and_later_numbering_does() -> None:
    rising = np.array([[1, 2, 3, 4]], np.float32)
    patient = EarlyStopping(watched="loss", patience=0)
    assert run(Rules(rules=(patient,)), rising)[0].stopped[0] == 2


def test_logs_of_validation_are_seen_only_where_there_was_one() -> None:
    rules = Rules(rules=(EarlyStopping(patience=1),), validated=3)
    course = Course(rules, 1, np.ones(1, np.float32))
    ended = [bool(course.end(epoch, {"val_loss": np.ones(1, np.float32)})[0][0])
             for epoch in range(9)]
    assert ended == [False] * 5 + [True] + [False] * 3


def test_a_function_that_fails_or_gives_no_float_is_named() -> None:
    for wrong, words in ((lambda epoch, rate: 1, "gave 1"), (lambda epoch, rate: 1 / 0, "ZeroDiv")):
        with pytest.raises(NotSupported, match=words):
            Rules(rules=(LearningRateScheduler(schedule=wrong),)).scheduled(3, 0.1)


def test_curves_stay_at_their_last_value() -> None:
    curves = np.arange(8, dtype=np.float32).reshape(2, 4)
    assert held_on(curves, [2, 4]).tolist() == [[0, 1, 1, 1], [4, 5, 6, 7]]
