"""Rows and their neighbours."""

from __future__ import annotations

import numpy as np
import pytest

from unstuck.checks import _data as data


@pytest.mark.parametrize("apart", [1, 4])
def test_nearest_rows_are_those_of_a_full_sort(apart: int) -> None:
    rows = np.random.default_rng(0).normal(size=(60, 3))
    distance = np.linalg.norm(rows[:, None] - rows, axis=2)
    numbers = np.arange(60)
    distance[np.abs(numbers[:, None] - numbers) < apart] = np.inf
    expected = np.argsort(distance, axis=1)[:, :5]
    assert np.array_equal(data.nearest(rows, 5, apart=apart), expected)
