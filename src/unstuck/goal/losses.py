"""The user's own loss on this data: floor, baseline and ladder.

All values are means over rows and elements in the loss's own units, penalties left out. They are
known for the cross-entropies and for squared and absolute error; for other losses they are `None`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import entr

from .tasks import group_means

Array = NDArray[Any]

LADDER_PATTERNS = 6
"""Most distinct inputs for which every way of merging them is listed: 6 have 203 of them."""


@dataclass(frozen=True, kw_only=True)
class Rung:
    """A loss at which some inputs come out alike, and which (indices of distinct rows).

    `column` is the one output that is confused where the others are right; `None` for all.
    """

    loss: float
    groups: tuple[tuple[int, ...], ...]
    column: int | None = None
    ways: int = 1


def as_probabilities(targets: Array, loss: str, output_size: int | None) -> Array | None:
    """Targets [row, element] in the form whose group means minimise the loss; `None` if unknown."""
    if loss.startswith("sparse_categorical"):
        flat = targets.reshape(len(targets), -1).astype(np.int64)
        size = output_size or int(flat.max()) + 1
        if flat.min() < 0 or flat.max() >= size:
            return None
        return np.eye(size)[flat].reshape(len(flat), -1)
    if loss in ("binary_crossentropy", "categorical_crossentropy", "mean_squared_error",
                "mean_absolute_error"):
        return targets.reshape(len(targets), -1).astype(np.float64)
    return None


def loss_of(fitted: Array, targets: Array, share: Array, loss: str, size: int) -> float:
    """The loss of outputs `fitted` that are group means of `targets`, all [row, element]."""
    if loss == "binary_crossentropy":
        each = (entr(fitted) + entr(1.0 - fitted)).mean(1)
    elif loss.endswith("categorical_crossentropy"):
        each = entr(fitted).reshape(len(fitted), -1, size).sum(2).mean(1)
    elif loss == "mean_squared_error":
        each = ((fitted - targets) ** 2).mean(1)
    else:
        each = np.abs(fitted - targets).mean(1)
    return float(each @ share)


def best_loss(
    targets: Array, groups: Array, share: Array, loss: str, size: int
) -> float | None:
    """The least loss of any output that is the same within each group; `None` if there is none.

    Zero groups apart it is the baseline (one group) or the floor (a group for each distinct input).
    Cross-entropies have no least value for targets outside [0, 1].
    """
    if loss.endswith("crossentropy") and (targets.min() < 0 or targets.max() > 1):
        return None
    if loss == "mean_absolute_error":
        fitted = _group_medians(targets, groups)
    else:
        fitted = group_means(targets, groups, share)
    return loss_of(np.clip(fitted, 0, 1) if loss.endswith("crossentropy") else fitted,
                   targets, share, loss, size)


def _group_medians(values: Array, groups: Array) -> Array:
    fitted = np.empty_like(values)
    for group in np.unique(groups):
        fitted[groups == group] = np.median(values[groups == group], axis=0)
    return fitted


def ladder(targets: Array, share: Array, loss: str, size: int) -> tuple[Rung, ...]:
    """Every plateau of a network that confuses some of the distinct rows given here.

    Targets [pattern, element] and shares of distinct, consistent inputs. Listed are all ways of
    merging patterns in all outputs at once, and all ways of merging them in a single output while
    the others are right; rungs nearer to each other than 4 % of the highest are one.
    """
    patterns = len(targets)
    if not 1 < patterns <= LADDER_PATTERNS or loss == "mean_absolute_error":
        return ()
    found: list[Rung] = []
    for groups in _partitions(patterns):
        index = np.empty(patterns, dtype=np.int64)
        for number, group in enumerate(groups):
            index[list(group)] = number
        merged = tuple(group for group in groups if len(group) > 1)
        if not merged:
            continue
        value = best_loss(targets, index, share, loss, size)
        if value is None:
            return ()
        found.append(Rung(loss=value, groups=merged))
        if loss == "categorical_crossentropy" or targets.shape[1] > 8:
            continue
        for column in range(targets.shape[1]):
            part = targets[:, column : column + 1]
            alone = best_loss(part, index, share, loss, 1)
            if alone:
                found.append(Rung(loss=alone / targets.shape[1], groups=merged, column=column))
    return _clustered(found)


def _clustered(rungs: list[Rung]) -> tuple[Rung, ...]:
    rungs = sorted((r for r in rungs if r.loss > 1e-9),
                   key=lambda r: (round(r.loss, 9), r.column is not None, len(r.groups)))
    if not rungs:
        return ()
    near = 0.04 * rungs[-1].loss
    bundles: list[list[Rung]] = [[rungs[0]]]
    for before, rung in pairwise(rungs):
        if rung.loss - before.loss > near:
            bundles.append([])
        bundles[-1].append(rung)
    out = []
    for bundle in bundles:
        first = min(bundle, key=lambda r: (r.column is not None, sum(map(len, r.groups))))
        out.append(Rung(loss=float(np.mean([r.loss for r in bundle])), groups=first.groups,
                        column=first.column, ways=len(bundle)))
    return tuple(out)


def _partitions(count: int) -> Iterator[tuple[tuple[int, ...], ...]]:
    """All ways of dividing 0…count−1 into groups."""
    if not count:
        yield ()
        return
    last = count - 1
    for smaller in _partitions(last):
        yield (*smaller, (last,))
        for i, group in enumerate(smaller):
            yield (*smaller[:i], (*group, last), *smaller[i + 1 :])
