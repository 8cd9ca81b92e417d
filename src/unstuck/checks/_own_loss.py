"""What a loss of the user's own says of answers that are right, and of others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from unstuck.goal import Goal
from unstuck.network import adapter
from unstuck.network.recipe import Recipe

from . import _anatomy as anatomy
from . import _data as data

Array = NDArray[Any]
ROWS = 256
"""So many rows are judged by the loss, evenly spread."""
SAME = 1e-4
"""Of so little losses differ by how their terms are added."""
LOGIT, SHARE = 6.0, 0.98
"""Right answers in the form of logits, and of probabilities."""


@dataclass(frozen=True)
class Judged:
    """The loss of right answers, of the same shuffled among the rows, and of their mean for all."""

    right: float
    shuffled: float
    constant: float

    @property
    def blind(self) -> bool:
        """True where it does not matter which answer is whose."""
        return abs(self.right - self.shuffled) <= SAME * max(abs(self.right), abs(self.shuffled), SAME)

    @property
    def reversed(self) -> bool:
        """True where right answers cost more than shuffled ones, and than the same for all."""
        return self.right > self.shuffled and self.right > self.constant


def judged(recipe: Recipe, goal: Goal) -> list[Judged]:
    """What the loss says of these answers, in each form in which they may be right; none if unknown."""
    rows, found = _some(recipe), data.arrays(recipe.y)
    forms = list(_right(recipe, goal, found[0][rows])) if len(found) == 1 else []
    if not forms:
        return []
    orders = [np.random.default_rng(seed).permutation(len(rows)) for seed in range(4)]
    with suppress(Exception):  # the user's code may want other values
        loss = loss_of(recipe, rows)
        values = [Judged(
            right=loss(answers), constant=loss(np.broadcast_to(answers.mean(0), answers.shape)),
            shuffled=float(np.mean([loss(answers[order]) for order in orders]))) for answers in forms]
        return [one for one in values if np.isfinite([one.right, one.shuffled, one.constant]).all()]
    return []


def loss_of(recipe: Recipe, rows: Array) -> Callable[[Array], float]:
    """The loss of outputs for these rows, as Keras works it out in training, penalties included."""
    model = recipe.build().model
    x, y = (keras.tree.map_structure(lambda a: np.asarray(a)[rows], tree)
            for tree in (recipe.train.x, recipe.train.y))

    def loss(outputs: Array) -> float:
        return float(model.compute_loss(
            x=x, y=y, y_pred=keras.ops.convert_to_tensor(outputs, "float32"), training=False))

    return loss


def _some(recipe: Recipe) -> Array:
    count = recipe.train.rows
    return np.unique(np.linspace(0, count - 1, min(count, ROWS)).astype(int))


def _right(recipe: Recipe, goal: Goal, targets: Array) -> Iterator[Array]:
    """Answers [row, unit] that are right, in the forms in which the network may put them out."""
    head, kind = anatomy.head(recipe), goal.task.kind
    if len(goal.tasks) > 1 or goal.task.either_way or (targets == targets[:1]).all():
        return
    if head is None:  # a class that does not show its end
        if kind == "real" and targets.ndim == 2:
            yield targets.astype(np.float32)
        return
    if kind == "classes":
        if head.units != goal.task.classes or targets.size != len(targets):
            return
        targets = np.eye(head.units)[targets.reshape(-1).astype(int)]
    plain = targets.reshape(len(targets), -1).astype(np.float32)
    if plain.shape[1] != head.units:
        return
    ones = kind in ("classes", "one-hot") or goal.task.levels == (0.0, 1.0)
    if head.activation == "softmax":
        rest = (1 - SHARE) / max(1, plain.shape[1] - 1)
        yield rest + plain * (SHARE - rest)
        return
    if kind != "classes" or head.activation != "linear":
        yield plain
    if ones and head.activation == "linear":
        yield (2 * plain - 1) * LOGIT


@dataclass(frozen=True)
class Pairs:
    """Two labels of pairs: what the loss wants of the outputs, and how far the inputs are apart.

    `same` and `other` are the outputs for a pair of one input twice, and of two that are not alike.
    The rest is by label, the lower first: the loss at these outputs, and the median distance of the
    inputs. `nearer` is how often a pair with the lower label is nearer than one with the higher.
    """

    labels: tuple[float, float]
    same: float
    other: float
    at_same: tuple[float, float]
    at_other: tuple[float, float]
    distances: tuple[float, float]
    nearer: float


def pairs(recipe: Recipe, goal: Goal) -> Pairs | None:
    """Pairs of inputs of one shape, whose outputs are worked out from both; `None` for others."""
    inputs, levels, found = data.arrays(recipe.x), goal.task.levels, data.arrays(recipe.y)
    if not goal.task.either_way or levels is None or len(inputs) != 2 or len(found) != 1 or (
            inputs[0].shape != inputs[1].shape):
        return None
    labels = found[0].reshape(len(found[0]), -1)[:, 0]
    apart = np.linalg.norm((inputs[0].astype(np.float64) - inputs[1]).reshape(len(labels), -1), axis=1)
    low, high = (np.sort(apart[labels == level]) for level in levels)
    below = np.searchsorted(low, high, "left") + np.searchsorted(low, high, "right")
    with suppress(Exception):  # the user's code may want other values
        same, other = _put_out(recipe, *inputs)
        at_same, at_other = (
            (_cost(recipe, labels, levels[0], output), _cost(recipe, labels, levels[1], output))
            for output in (same, other))
        if np.isfinite([*at_same, *at_other]).all() and same != other:
            return Pairs(labels=levels, same=same, other=other, at_same=at_same, at_other=at_other,
                         nearer=float(below.mean() / 2 / len(low)),
                         distances=(float(np.median(low)), float(np.median(high))))
    return None


def _put_out(recipe: Recipe, one: Array, two: Array) -> tuple[float, float]:
    """The usual outputs of the fresh network for an input with itself, and for pairs far apart."""
    least = np.argsort(np.abs(one.astype(np.float64) - two).reshape(len(one), -1).sum(1))[-ROWS // 4:]
    outputs = [
        np.asarray(adapter.outputs_of(recipe.architecture.source, keras.tree.pack_sequence_as(
            recipe.x, recipe.scaled([one[least], second])))) for second in (one[least], two[least])]
    return float(np.median(outputs[0])), float(np.median(outputs[1]))


def _cost(recipe: Recipe, labels: Array, level: float, output: float) -> float:
    """The loss of an output of that size for rows with a label."""
    rows = np.flatnonzero(labels[: recipe.train.rows] == level)[:ROWS]
    return loss_of(recipe, rows)(np.full((len(rows), 1), output))
