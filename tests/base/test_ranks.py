"""The exact rank sum, against every assignment counted one by one and against SciPy's."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from unstuck.base.ranks import LARGEST, rank_sum


@pytest.mark.parametrize(("first", "second"), [(1, 1), (5, 8), (6, 6), (16, 16)])
def test_without_ties_it_is_scipys(first, second):
    draw = np.random.default_rng(first)
    a, b = draw.normal(size=first), draw.normal(size=second) + 0.8
    assert rank_sum(a, b) == pytest.approx(mannwhitneyu(a, b, method="exact").pvalue)


def test_with_ties_it_counts_every_way_to_part_the_scores():
    a, b = [1, 1, 2, 3], [1, 2, 2, 5, 0]
    both = np.array([*a, *b])
    ranks = np.array([(both < v).sum() + ((both == v).sum() + 1) / 2 for v in both])
    sums = np.array([ranks[list(some)].sum() for some in combinations(range(9), 4)])
    away = np.abs(sums - sums.mean())
    assert rank_sum(a, b) == pytest.approx((away >= abs(ranks[:4].sum() - sums.mean()) - 1e-9).mean())


def test_six_that_all_do_better_are_enough_among_four_tests_and_eight_among_sixty():
    assert rank_sum([1] * 6, [0] * 6) * 4 < 0.01 < rank_sum([1] * 5, [0] * 5) * 4
    assert rank_sum([1] * 8, [0] * 8) * 60 < 0.01


def test_what_is_no_number_comes_last():
    assert rank_sum([np.nan, 1.0], [-np.inf, 1.0]) == 1.0
    assert rank_sum([np.nan] * 6, [-1e300] * 6) < 0.01


@pytest.mark.parametrize("sizes", [(0, 3), (3, 0), (LARGEST + 1, 3)])
def test_groups_that_it_does_not_take(sizes):
    with pytest.raises(ValueError, match="scores"):
        rank_sum(np.zeros(sizes[0]), np.zeros(sizes[1]))
