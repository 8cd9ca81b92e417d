"""What kind of targets there are, how outputs are decoded, and how right they are.

Shapes: targets [row, …]; outputs [replica, row, …]; weights [row].
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Kind = Literal["classes", "one-hot", "binary", "real", "constant"]

MOST_CLASSES, ROWS_OF_A_CLASS = 100, 3
"""Whole numbers that are more, or rarer, are quantities."""
UNLIKE = 30.0
"""A column whose spread is so many times smaller is a thousandth of a score over all numbers."""
ALIKE_TOPS = 10.0
"""Of pixels, words and the like, half of the columns come so near to the largest value of all."""

METRICS = {
    "classes": "accuracy",
    "one-hot": "accuracy",
    "binary": "accuracy",
    "real": "r2",
    "constant": "relative accuracy",
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Task:
    """Targets of one output.

    - classes: class indices, decoded by argmax. one-hot: rows with a single 1, likewise.
    - binary: two values, decoded element by element to the nearer one.
    - real: scored by R² over all elements, each column about its own mean; `by_column`, by the mean of
      the columns' own R², as `sklearn.metrics.r2_score` does. A column of class numbers that a network
      with one output was to put out is still that where there is one for each.
    - constant: every row is the same; scored by 1 − RMS error / RMS of the target.

    `either_way`: outputs that tell binary targets apart are right whichever value they call which,
    as a distance does, which is small where the label says "same".
    """

    kind: Kind
    targets: Array
    levels: tuple[float, float] | None = None
    either_way: bool = False
    by_column: bool = False

    @property
    def metric(self) -> str:
        """The name of the score."""
        return METRICS[self.kind]

    @property
    def classes(self) -> int:
        """How many classes there are to tell apart; 0 where targets are no numbers of classes."""
        return int(self.targets.max()) + 1 if self.kind == "classes" else 0

    @property
    def discrete(self) -> bool:
        """True where outputs are decoded before they are compared."""
        return self.kind in ("classes", "one-hot", "binary")

    def truth(self) -> Array:
        """The targets as decoded outputs are compared with them: [row] or [row, element]."""
        if self.kind == "classes":
            indices: Array = self.targets.reshape(len(self.targets), -1).astype(np.int64)
            return indices
        if self.kind == "one-hot":
            ones: Array = self.targets.reshape(-1, self.targets.shape[-1]).argmax(-1)
            return ones.reshape(len(self.targets), -1)
        return self.targets.reshape(len(self.targets), -1).astype(np.float64)

    def decode(self, outputs: Array, *, logits: bool = False) -> Array:
        """Outputs [replica, row, …] as `truth` has them: [replica, row, element]."""
        replicas, rows = outputs.shape[:2]
        if self.kind in ("classes", "one-hot") and outputs.shape[-1] > 1:
            chosen: Array = outputs.argmax(-1).reshape(replicas, rows, -1)
            return chosen
        flat = outputs.reshape(replicas, rows, -1).astype(np.float64)
        if self._are_numbers_of(flat.shape[2]):
            numbers: Array = flat.argmax(-1)[..., None].astype(np.float64)
            return np.where(np.isfinite(flat).all(-1, keepdims=True), numbers, np.nan)
        if logits and self.kind != "constant":
            flat = 1.0 / (1.0 + np.exp(-np.clip(flat, -500, 500)))
        if self.kind in ("classes", "one-hot"):
            return np.rint(flat)
        if self.kind == "binary" and self.levels is not None:
            low, high = self.levels
            nearer = np.where(flat > (low + high) / 2, high, low)
            return np.where(np.isfinite(flat), nearer, np.nan)
        return flat

    def _are_numbers_of(self, outputs: int) -> bool:
        """True for a column of whole numbers that this many outputs have one each for."""
        flat = self.targets.reshape(len(self.targets), -1)
        return (self.kind == "real" and flat.shape[1] == 1 and outputs > 1
                and bool(np.all(flat == np.rint(flat))) and flat.min() >= 0
                and flat.max() < outputs)

    def score(self, outputs: Array, weights: Array, *, logits: bool = False) -> Array:
        """How right each replica is, shaped [replica]; NaN where outputs are no numbers."""
        if not weights.sum():
            return np.full(len(outputs), np.nan)
        broken = ~np.isfinite(outputs.reshape(len(outputs), -1)).all(axis=1)
        decoded, truth = self.decode(outputs, logits=logits), self.truth()
        if decoded.shape[2] != truth.shape[1]:
            # One output for many targets or the reverse: compare as far as numpy's rules allow.
            decoded = np.broadcast_to(decoded.mean(2, keepdims=True), (*decoded.shape[:2],
                                                                       truth.shape[1]))
        share = weights / weights.sum()
        if self.discrete:
            score = np.einsum("nre,r->n", decoded == truth, share) / truth.shape[1]
            if self.either_way:
                score = np.maximum(score, 1.0 - score)
        else:
            with np.errstate(invalid="ignore", over="ignore"):
                score = self.closeness(decoded, truth, share)
        return np.where(broken, np.nan, score)

    def closeness(self, predicted: Array, truth: Array, share: Array) -> Array:
        """The score of numbers [replica, row, element] against [row, element], shaped [replica]."""
        errors = np.einsum("nre,r->ne", (predicted - truth) ** 2, share)
        error = errors.sum(1)
        if self.kind == "constant":
            size = float(np.einsum("re,r->", truth**2, share))
            constant: Array = 1.0 - np.sqrt(error / size) if size else 1.0 - np.sqrt(error)
            return constant
        mean = np.einsum("re,r->e", truth, share)
        spreads = np.einsum("re,r->e", (truth - mean) ** 2, share)
        if not spreads.any():
            return np.where(error < 1e-12, 1.0, -np.inf)
        if self.by_column:
            varies = spreads > 0
            columns: Array = (1.0 - errors[:, varies] / spreads[varies]).mean(1)
            return columns
        whole: Array = 1.0 - error / spreads.sum()
        return whole

    def best_constant(self, weights: Array) -> float:
        """The score of the best output that ignores its input."""
        truth, share = self.truth(), weights / weights.sum()
        if self.kind == "constant":
            return 1.0
        if not self.discrete:
            return 0.0
        columns = [_largest_share(truth[:, column], share) for column in range(truth.shape[1])]
        return float(np.mean(columns))

    def by_chance(self, constant: float, rows: int) -> float:
        """What chance adds to a constant's share of right answers: two standard errors on these rows.

        0 for targets that are not counted as right or wrong.
        """
        if not self.discrete:
            return 0.0
        return 2.0 * math.sqrt(max(0.0, constant * (1.0 - constant)) / rows)

    def best_by_pattern(self, groups: Array, weights: Array) -> float:
        """The score of the best function of the inputs; `groups` numbers identical inputs."""
        truth, share = self.truth(), weights / weights.sum()
        total = 0.0
        if self.discrete:
            for column in range(truth.shape[1]):
                pairs, index = np.unique(
                    np.stack([groups.astype(np.float64), truth[:, column]]), axis=1,
                    return_inverse=True)
                mass = np.bincount(index.reshape(-1), weights=share)
                best = np.zeros(int(groups.max()) + 1)
                np.maximum.at(best, pairs[0].astype(np.int64), mass)
                total += best.sum()
            return float(total / truth.shape[1])
        fitted = group_means(truth, groups, share)
        return float(self.closeness(fitted[None], truth, share)[0])


def _largest_share(values: Array, share: Array) -> float:
    _, index = np.unique(values, return_inverse=True)
    return float(np.bincount(index, weights=share).max())


def group_means(values: Array, groups: Array, share: Array) -> Array:
    """Each row's weighted mean over the rows of its group; shapes [row, element]."""
    size = int(groups.max()) + 1
    mass = np.bincount(groups, weights=share, minlength=size)
    means = np.stack(
        [np.bincount(groups, weights=share * column, minlength=size) for column in values.T], 1
    )
    fitted: Array = (means / np.maximum(mass, 1e-300)[:, None])[groups]
    return fitted


def task_of(
    targets: Array, loss: str, output_size: int | None, *, asks_for_classes: bool = False
) -> Task:
    """What kind of targets these are, by their values, the loss and the size of the output.

    `asks_for_classes`: numbers of classes are names, also where one output is to say them.
    """
    flat = targets.reshape(len(targets), -1)
    whole = bool(np.all(flat == np.rint(flat))) if flat.dtype.kind == "f" else True
    one_hot = targets.ndim >= 2 and targets.shape[-1] > 1 and _is_one_hot(targets)
    sparse = (loss.startswith("sparse_categorical") and not one_hot) or (
        flat.shape[1] == 1 and whole and output_size is not None and output_size > 1
        and flat.min() >= 0 and flat.max() < output_size
    )
    if (sparse and whole) or (asks_for_classes and _are_class_numbers(flat)):
        return Task(kind="classes", targets=targets)
    if len(flat) > 1 and bool(np.all(flat == flat[:1])):
        return Task(kind="constant", targets=targets)
    if one_hot:
        return Task(kind="one-hot", targets=targets)
    values = np.unique(flat[: 4096])
    if len(values) == 2:
        values = np.unique(flat)
    if len(values) == 2:
        return Task(kind="binary", targets=targets, levels=(float(values[0]), float(values[1])))
    return Task(kind="real", targets=targets, by_column=targets.ndim == 2 and are_unlike(targets))


def are_unlike(columns: Array) -> bool:
    """True where columns [row, column] are things of their own: spreads that differ by `UNLIKE`.

    Then the largest alone would decide a score over all numbers. Pixels and the like, which begin at 0
    and share a largest value, are alike, however little happens in a corner.
    """
    spreads = columns.astype(np.float64).std(0)
    spreads = spreads[spreads > 0]
    if len(spreads) < 2 or spreads.max() <= UNLIKE * spreads.min():
        return False
    tops = np.abs(columns).max(0).astype(np.float64)
    return bool(columns.min() < 0 or np.median(tops) < tops.max() / ALIKE_TOPS)


def are_shares(targets: Array) -> bool:
    """True for rows [row, part] that are shares of a whole: three parts or more, none below 0, that
    sum to 1 but for rounding.
    """
    return bool(targets.ndim == 2 and targets.shape[1] > 2 and targets.min() >= 0
                and np.allclose(targets.astype(np.float64).sum(1), 1.0, rtol=0, atol=1e-3))


def _are_class_numbers(flat: Array) -> bool:
    """True for a column of all whole numbers from 0 to at least 2, each in several rows."""
    values, counts = np.unique(flat[:, 0], return_counts=True)
    return bool(flat.shape[1] == 1 and 3 <= len(values) <= MOST_CLASSES
                and counts.min() >= ROWS_OF_A_CLASS
                and np.array_equal(values, np.arange(len(values))))


def _is_one_hot(targets: Array) -> bool:
    return bool(np.all((targets == 0) | (targets == 1)) and np.all(targets.sum(-1) == 1))
