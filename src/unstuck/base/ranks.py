"""An exact test on the scores of two small groups of trainings.

Plain arrays in, numbers out, as in `stats`. Where a change rescues everybody, McNemar's test needs ten
pairs to be sure of it among five tests, since it looks at who learned and at nothing else. The ranks of
the scores say the same with six.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

LARGEST = 32
"""Most scores of each group; the number of ways to part two of this size fits into 64 bits."""


def rank_sum(first: ArrayLike, second: ArrayLike) -> float:
    """The two-sided p-value of the hypothesis that both groups of scores are drawn alike.

    Wilcoxon's rank sum, with the mean rank where scores are equal, against its distribution over all
    ways to part the same scores into groups of these sizes. NaN counts as the lowest score. The groups
    are taken as independent. Where they share seeds, whose luck lifts or lowers a score in both, their
    difference varies less than that, and the test errs on the safe side.
    Wilcoxon, Biometrics Bulletin 1 (1945) 80-83; Lehmann, Nonparametrics (1975) 1.4.

    Args:
        first, second: a score for each training, at least one and at most `LARGEST` each.

    Raises:
        ValueError: a group is empty, or too large.
    """
    groups = [np.nan_to_num(np.asarray(group, float), nan=-np.inf, posinf=np.inf, neginf=-np.inf)
              for group in (first, second)]
    sizes = [group.size for group in groups]
    if not all(1 <= size <= LARGEST for size in sizes):
        raise ValueError(f"the groups have {sizes[0]} and {sizes[1]} scores; 1 to {LARGEST} are needed")
    doubled = _doubled_ranks(np.concatenate(groups))
    ways = _ways(doubled, sizes[0])
    # Twice the mean of the sum is a whole number, and so is its distance from twice any sum.
    middle = sizes[0] * (sum(sizes) + 1)
    away = np.abs(np.arange(ways.size) - middle)
    observed = abs(int(doubled[:sizes[0]].sum()) - middle)
    return min(1.0, float(ways[away >= observed].sum() / ways.sum()))


def _doubled_ranks(scores: NDArray[np.float64]) -> NDArray[np.int64]:
    """Twice the rank of each score, from 2; equal ones have twice their mean rank."""
    below = (scores[None, :] < scores[:, None]).sum(axis=1)
    alike = (scores[None, :] == scores[:, None]).sum(axis=1)
    return np.asarray(2 * below + alike + 1, np.int64)


def _ways(ranks: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """In how many ways so many of these ranks have each sum, from 0 to the sum of all."""
    ways = np.zeros((size + 1, int(ranks.sum()) + 1), np.int64)
    ways[0, 0] = 1
    for rank in ranks:
        ways[1:, rank:] += ways[:-1, : ways.shape[1] - rank].copy()
    return np.asarray(ways[size])
