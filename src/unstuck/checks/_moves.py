"""Which rows' targets belong to which rows' inputs, where they are out of step.

A move is a path: for each row, how many rows further down its target stands. A plain method that is
fitted on rows moved so predicts targets; each row then says which shift suits it, and the best path
that changes seldom comes out. Random moves of the targets say how well noise can be suited.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import _data as data

Array = NDArray[Any]
Path = NDArray[np.int64]

FOLDS = 5
ROUNDS = 3
"""A path and the method fitted on it settle in two or three rounds."""
STARTS = 3
CHANGE = 8.0
"""What a change of the shift costs, in rows that are predicted exactly; by chance six are."""
NEIGHBOURS = 5


@dataclass(frozen=True, kw_only=True)
class Part:
    """Rows from `start` on, up to the next part, whose targets stand `shift` rows further down."""

    start: int
    shift: int


def parts(path: Path) -> tuple[Part, ...]:
    """The parts of a path."""
    starts = [0, *(i + 1 for i, (one, next_one) in enumerate(pairwise(path)) if one != next_one)]
    return tuple(Part(start=start, shift=int(path[start])) for start in starts)


def moved(path: Path) -> tuple[Array, Array]:
    """The rows that have a target after the move, and the rows where those stand."""
    rows = np.arange(len(path))
    at = rows + path
    inside = (at >= 0) & (at < len(path))
    return rows[inside], at[inside]


def best_path(x: Array, y: Array, far: int, seed: int = 0) -> tuple[Path, float]:
    """The path of shifts up to `far` with which targets are predicted best, and how well, per row.

    Args:
        x: inputs [row, column], standardised.
        y: targets [row, column], standardised; classes one column each.
        far: the largest shift, of either sign.
        seed: for the folds.
    """
    shifts = np.arange(-far, far + 1)
    folds = np.random.default_rng(seed).permutation(len(x)) % FOLDS
    nearest = data.nearest(x, NEIGHBOURS, apart=2 * far + 1)
    best: tuple[Path, float] = (np.zeros(len(x), np.int64), -np.inf)
    methods: tuple[Callable[[Path], Array], ...] = (
        lambda path: _ridge(x, y, path, folds), lambda path: _like(nearest, y, path))
    for predict in methods:
        constant = [np.full(len(x), shift) for shift in shifts]
        known = [float(_gains(predict(path), y, shifts)[i].sum()) for i, path in enumerate(constant)]
        for start in np.argsort(known)[::-1][:STARTS]:
            path = constant[start]
            for _ in range(ROUNDS):
                path, gain = _settled(_gains(predict(path), y, shifts), shifts)
                if gain > best[1] * len(x):
                    best = path, gain / len(x)
    return best


def _gains(predicted: Array, y: Array, shifts: Array) -> Array:
    """By how much a prediction is nearer to a row's target than the mean is, [shift, row]."""
    found = np.zeros((len(shifts), len(y)))
    for i, shift in enumerate(shifts):
        rows, at = moved(np.full(len(y), shift))
        found[i, rows] = ((y[at] ** 2).mean(1) - ((y[at] - predicted[rows]) ** 2).mean(1))
    return np.maximum(found, -1.0)  # one row far off says no more than that it does not fit


def _settled(gains: Array, shifts: Array) -> tuple[Path, float]:
    """The path with the largest sum of gains [shift, row], less what its changes cost."""
    total, came = gains[:, 0].copy(), np.zeros((gains.shape[1], len(shifts)), np.int64)
    own = np.arange(len(shifts))
    for row in range(1, gains.shape[1]):
        top = int(total.argmax())
        changed = total[top] - CHANGE > total
        came[row] = np.where(changed, top, own)
        total = np.where(changed, total[top] - CHANGE, total) + gains[:, row]
    place = int(total.argmax())
    path = np.empty(gains.shape[1], np.int64)
    for row in range(gains.shape[1] - 1, -1, -1):
        path[row] = place
        place = int(came[row, place])
    return shifts[path], float(total.max())


def _ridge(x: Array, y: Array, path: Path, folds: Array) -> Array:
    """Each row's target as ridge regression on the inputs and their squares has it, held out."""
    wide = np.concatenate([x, x**2 - 1, np.ones((len(x), 1))], 1)
    rows, at = moved(path)
    predicted = np.zeros_like(y)
    for fold in range(FOLDS):
        taken = folds[rows] != fold
        one, two = wide[rows[taken]], y[at[taken]]
        weights = np.linalg.solve(one.T @ one + np.eye(wide.shape[1]), one.T @ two)
        predicted[folds == fold] = wide[folds == fold] @ weights
    return predicted


def _like(nearest: Array, y: Array, path: Path) -> Array:
    """The mean of the targets of the rows most like each row."""
    rows, at = moved(path)
    own = np.zeros_like(y)
    own[rows] = y[at]
    predicted: Array = own[nearest].mean(axis=1)
    return predicted


def is_series(x: Array, y: Array, far: int) -> bool:
    """True where a row's inputs [row, column] hold the target [row, column] of a row nearby, as it is.

    That is a series cut into windows: its rows are in step, whatever a move would do for them.
    """
    rows = np.arange(len(y))
    for shift in (*range(-far, 0), *range(1, far + 1)):
        inside = (rows + shift >= 0) & (rows + shift < len(y))
        same = np.isclose(x[inside], y[rows[inside] + shift, :1], rtol=1e-4).all(axis=0)
        if (same & (np.ptp(x[inside], axis=0) > 0)).any():
            return True
    return False
