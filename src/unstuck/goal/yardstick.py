"""The yardstick itself: which rows are judged, by what score, and how much is enough."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import keras
import numpy as np
from numpy.typing import NDArray

from unstuck.network import outputs
from unstuck.network.loss_names import config_of
from unstuck.network.recipe import Recipe

from . import losses
from .judged import FEW_PATTERNS
from .levels import Level
from .noise import Noise
from .rows import flat
from .tasks import Task

Array = NDArray[Any]

SMALL_OUTPUT = 4096
"""Outputs are kept for every replica where the judged rows have at most this many numbers."""

LEAST_HELD = 20
"""On fewer rows held out chance says too much."""
SEEN = 0.1
"""Share of the way from a constant to a perfect answer that rows held out must have come, or further
where chance alone comes as far."""

_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    ">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt,
}


class Trained(Protocol):
    """What the yardstick reads off a population."""

    @property
    def final_loss(self) -> NDArray[np.float32]:
        """The loss on the training rows, shaped [replica]."""

    @property
    def score(self) -> NDArray[np.float64]:
        """This goal's scores, shaped [replica, part]."""

    @property
    def diverged(self) -> NDArray[np.bool_]:
        """Which replicas' loss is no number, shaped [replica]."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Goal:
    """What counts as learned.

    - `inputs`, `targets`: the judged rows, `weights[part, row]` how much each counts among all rows
      handed to `fit`, those trained on, those only validated on (rows of zeros where there are none).
    - `floor`, `baseline`: the least loss of any function of the inputs and of the best constant, on
      the trained rows, in the user's loss; `None` where they are not known.
    - `ceiling`, `constant`: the score that the data allows and that of the best constant.
    - `references`: scores of plain methods. `no_signal`: none of them sees any dependence.
    - `levels`: for autoencoders and denoisers, the losses of plain methods and the floor, by name.
    - `noise`: what a denoiser is to remove; the floor is then that of new noise, where it is known.
    - `shown`: the score that a network has reached on rows held out, where that is far beyond plain
      methods, so that it is the ceiling.
    - `asked`: the user's own goal as (metric, comparison, value).
    - `by_loss`: nothing says what the outputs should be; the targets stand for nothing.
    - `undecided`: nothing tells when it has learned, since it is two trainings, each by what the other
      does; the score is how much outputs differ, as a share of how much the rows do.
    - `early`: this is the yardstick of the first updates, and asks whether learning has begun;
      `end` is that of the whole training.
    - `settled`: False where what the data allows was not asked of plain methods, so that the threshold
      is that of a perfect answer.
    """

    tasks: tuple[Task, ...]
    inputs: Any
    weights: Array
    rows: int
    distinct_rows: int
    patterns: bool
    threshold: float
    metric: str
    why: str
    ceiling: float
    constant: float
    floor: float | None = None
    baseline: float | None = None
    ladder: tuple[losses.Rung, ...] = ()
    references: dict[str, float] = field(default_factory=dict)
    no_signal: bool = False
    is_autoencoder: bool = False
    levels: tuple[Level, ...] = ()
    noise: Noise | None = None
    asked: tuple[str, str, float] | None = None
    by_loss: bool = False
    undecided: bool = False
    early: bool = False
    end: Goal | None = None
    settled: bool = True
    shown: float | None = None
    parts: tuple[Goal, ...] = ()

    @property
    def task(self) -> Task:
        """The task of the first output; the only one in most networks."""
        return self.tasks[0]

    @property
    def nothing_to_learn(self) -> bool:
        """True where every row of several has the same target: the best answer ignores the input."""
        return self.asked is None and self.rows > 1 and all(
            task.kind == "constant" for task in self.tasks)

    @property
    def judged_rows(self) -> int:
        """How many rows are judged."""
        return int(self.weights.shape[1])

    @property
    def keeps_outputs(self) -> bool:
        """True where outputs are so few that every replica's are kept."""
        size = sum(int(np.prod(task.targets.shape)) for task in self.tasks)
        few = size <= SMALL_OUTPUT and self.judged_rows <= FEW_PATTERNS
        return few and len(self.tasks) == 1 and not self.by_loss

    @property
    def keeps_codes(self) -> bool:
        """True where codes are kept: for autoencoders and denoisers, and where outputs are."""
        return self.keeps_outputs or self.is_autoencoder or self.noise is not None

    @property
    def flat_inputs(self) -> Array:
        """The judged rows as [row, number]."""
        return flat(self.inputs)

    @property
    def aim(self) -> float:
        """The score from which on something is learned."""
        return -self.threshold if self.by_loss else self.threshold

    def score(
        self, recipe: Recipe, given: Any, final_loss: NDArray[np.float32] | None = None
    ) -> NDArray[np.float64]:
        """Scores [replica, part] of outputs [replica, row, …]; NaN where there is none.

        Of several outputs, that of the one which is furthest from its yardstick (`way`). Where nothing
        says what they should be, the score is the loss [replica] with its sign turned round.
        """
        if self.undecided:
            return np.repeat(_variety(given, self.task.targets)[:, None], len(self.weights), axis=1)
        if self.by_loss and final_loss is not None:
            return np.repeat(-np.asarray(final_loss, np.float64)[:, None], len(self.weights), axis=1)
        losses_of, each = outputs.in_order(recipe, recipe.loss), keras.tree.flatten(given)
        if len(losses_of) == 1:
            losses_of *= len(each)
        scores = [
            np.stack([task.score(np.asarray(out), part, logits=_from_logits(loss))
                      for part in self.weights], 1)
            for task, out, loss in zip(self.tasks, each, losses_of, strict=False)]
        if len(self.tasks) == 1:
            only: NDArray[np.float64] = scores[0]
            return only
        if self.parts:
            ways = [part.way(score) for part, score in zip(self.parts, scores, strict=True)
                    if not part.no_signal or self.no_signal]
        else:
            lows = [task.best_constant(self.weights[0]) for task in self.tasks]
            ways = [(score - low) / max(1.0 - low, 1e-12)
                    for score, low in zip(scores, lows, strict=True)]
        worst: NDArray[np.float64] = np.min(ways, axis=0)
        return worst

    def way(self, score: Array) -> Array:
        """How far a score is on the way from the best constant (0) to the yardstick (1)."""
        gone: Array = (score - self.constant) / max(self.aim - self.constant, 1e-12)
        return gone

    def learned(self, population: Trained, *, part: int = 0) -> NDArray[np.bool_]:
        """Which replicas learned, by all rows (part 0), the trained (1) or the validated ones (2)."""
        if self.undecided:
            return np.zeros(len(population.final_loss), np.bool_)
        if self.asked is not None and self.asked[0] == "loss":
            _, comparison, value = self.asked
            enough: NDArray[np.bool_] = np.asarray(
                _COMPARISONS[comparison](population.final_loss, value))
            return enough & np.isfinite(population.final_loss)
        score = population.score[:, part]
        with np.errstate(invalid="ignore"):
            reached: NDArray[np.bool_] = score >= self.threshold - 1e-9
        return reached & ~population.diverged

    def holds(self, population: Trained) -> bool | None:
        """Whether what is learned holds for rows that were only validated on.

        By the usual replica of those that learned, against what a constant and chance come to.
        `None` where none learned, or fewer than `LEAST_HELD` rows tell.
        """
        held, rows = population.score[:, 2], int((self.weights[2] > 0).sum())
        held = held[self.learned(population) & np.isfinite(held)]
        if len(self.tasks) > 1 or rows < LEAST_HELD or not len(held):
            return None
        return bool(np.median(held) >= self.least_seen(rows))

    def least_seen(self, rows: int) -> float:
        """The score on so many rows held out from which the inputs say something about them."""
        return self.constant + max(SEEN * (1.0 - self.constant),
                                   self.task.by_chance(self.constant, rows))

    def skill(self, loss: float) -> float | None:
        """(baseline − loss) / (baseline − floor): 0 is no better than a constant, 1 is perfect."""
        if self.baseline is None or self.floor is None or self.baseline <= self.floor:
            return None
        return (self.baseline - loss) / (self.baseline - self.floor)


def _variety(outputs: Any, rows: Array) -> NDArray[np.float64]:
    """How much the outputs [replica, row, …] of each replica differ, as a share of how much rows do."""
    given = np.asarray(outputs, np.float64)
    spread = given.reshape(*given.shape[:2], -1).std(1).mean(-1)
    share: NDArray[np.float64] = spread / max(float(flat(rows).std(0).mean()), 1e-12)
    return share


def _from_logits(loss: Any) -> bool:
    """True where outputs under this loss are logits that no softmax follows."""
    name, config = config_of(loss)
    return bool(config.get("from_logits")) and name != "categorical_crossentropy"
