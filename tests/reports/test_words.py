"""Numbers as people read them."""

from __future__ import annotations

import dataclasses
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from results_examples import TWO_BITS
from unstuck.reports.parts import words
from unstuck.reports.parts.source import fix_of
from unstuck.result.results import EditInfo


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (0.0, "0 %"), (1.0, "100 %"), (255 / 256, "99.6 %"), (1 / 256, "0.4 %"), (0.19, "19 %"),
        (1023 / 1024, "99.9 %"), (0.99998, "99.998 %"), (0.00001, "0.001 %"), (0.0095, "1 %"),
        (0.99, "99 %"),
        (math.nan, "? %"),
    ],
)  # fmt: skip
def test_percent(share: float, said: str) -> None:
    assert words.percent(share).replace(words.NBSP, " ") == said


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_all_and_nothing_are_said_only_of_all_and_nothing(counts: tuple[int, int]) -> None:
    successes, trials = counts
    said = words.percent(successes / trials)
    assert (said == f"100{words.NBSP}%") == (successes == trials)
    assert (said == f"0{words.NBSP}%") == (successes == 0)


def test_a_rate_has_counts_share_and_interval() -> None:
    said = words.rate(48, 256, (0.1446, 0.2399)).replace(words.NBSP, " ")
    assert said == "48 of 256 (19 %, 95 % CI 14–24 %)"


@pytest.mark.parametrize(
    ("difference", "interval", "said"),
    [
        (0.72, (0.66, 0.77), "+72 [66, 77]"), (0.0, (-0.01, 0.0), "0 [−1, 0]"),
        (-0.19, (-0.24, -0.004), "−19 [−24, −0.4]"), (0.0001, (-0.0001, 1.0), "+0.0 [−0.0, 100]"),
    ],
)  # fmt: skip
def test_points(difference: float, interval: tuple[float, float], said: str) -> None:
    assert words.points(difference, interval).replace(words.NBSP, " ") == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.17328, "0.173"), (0.0, "0"), (0.5, "0.5"), (1200.4, "1,200"), (1.31e10, "1.31e10"),
        (2e-5, "2e−5"), (-0.25, "−0.25"), (100.0, "100"), (99999.6, "100,000"),
        (math.nan, "not a number"), (math.inf, "infinite"), (-math.inf, "−infinite"),
    ],
)  # fmt: skip
def test_number(value: float, said: str) -> None:
    assert words.number(value) == said


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.42, "0.4 s"), (41.2, "41 s"), (120.0, "2 min"), (125.4, "2 min 5 s")]
)
def test_duration(seconds: float, said: str) -> None:
    assert words.duration(seconds).replace(words.NBSP, " ") == said


def test_vectors_of_whole_numbers_look_like_them() -> None:
    assert words.vector((0.0, 1.0)) == f"[0,{words.NBSP}1]"
    assert words.vector((0.02, -1.5)) == f"[0.02,{words.NBSP}−1.50]"


def test_rows_held_back_are_not_counted_as_trained_on() -> None:
    fit = dataclasses.replace(TWO_BITS.fit, rows=120, distinct_rows=149)
    assert words.distinct_rows(fit) == "149 distinct with those held back"
    assert words.distinct_rows(TWO_BITS.fit) == "4 distinct"


def test_lines_put_in_at_one_place_keep_their_order() -> None:
    lines = [f"line_{number}()" for number in range(8)]
    edits = tuple(EditInfo(start=2, end=2, replacement=f"{line}\n") for line in lines)
    arm = dataclasses.replace(TWO_BITS.arms[0], edits=edits)
    assert fix_of(dataclasses.replace(TWO_BITS, source="a\nb\n"), arm) == lines
