"""A series of which each row shows too little."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from unstuck.goal.references import later_score
from unstuck.goal.tasks import Task

from . import Check, Family, Finding, Observation, measured
from . import _data as data
from . import _moves as moves
from ._words import number


@dataclass(frozen=True)
class WindowTooShort(Check):
    """Rows that follow each other in time, of which each one alone does not say what comes next.

    ## What it sees
    A plain method that is given the last one to `longest` rows instead of one, fitted on the first
    part of the rows and asked about the rest. It speaks where plain methods leave at least `open` of
    the way from a constant to a perfect answer, and so many rows close `gained` of the whole way
    more than one does, and more than they do with the rows in any of `placebos` random orders.

    ## Why learning stops
    What comes next depends on values that the row does not hold: of a swing one needs two points to
    tell the way it goes. A network sees each row by itself and forgets the one before.

    ## What it tries
    Nothing: other inputs are another task. The message says how many rows a window needs.

    ## Example
        x, y = series[:-1, None], series[1:]                                       # one step: sick
        x = np.lib.stride_tricks.sliding_window_view(series[:-1], 3); y = series[3:]    # cured

    ## When it is wrong
    A stateful recurrent layer, fed in order, remembers earlier rows by itself.

    ## References
    Takens 1981, Detecting strange attractors in turbulence, for windows of a series.
    """

    family: ClassVar[Family] = Family.DATA
    of_targets: ClassVar[bool] = True

    longest: int = 5
    open: float = 0.3
    gained: float = 0.3
    # Of two windows that differ by less the shorter one is told.
    nearly: float = 0.05
    # The best of so many by chance would be claimed once in 20 times.
    placebos: int = 19
    rows: int = 2000
    columns: int = 16
    least: int = 60

    def look(self, seen: Observation) -> Iterator[Finding]:
        """What one row reaches, and what several reach."""
        goal, recipe = seen.goal, seen.recipe
        inputs, targets = data.arrays(recipe.x), data.arrays(recipe.y)
        best = max(goal.references.values(), default=1.0)
        if len(inputs) != 1 or len(targets) != 1 or goal.patterns or goal.is_autoencoder or (
                1.0 - best < self.open * (1.0 - goal.constant)) or any(
                layer.config.get("stateful") for layer in recipe.layers):
            return
        x, y = inputs[0][: self.rows], targets[0][: self.rows]
        x = x.reshape(len(x), -1).astype(np.float64)
        if len(x) < self.least or x.shape[1] > self.columns or not np.isfinite(x).all():
            return
        task = replace(goal.task, targets=y)

        def reached(order: data.Array, rows: int) -> float:
            windows, last = _windows(x[order], rows), order[rows - 1 :]
            score = later_score(windows, replace(task, targets=y[last]))
            return -np.inf if score is None else score

        in_time = np.arange(len(x))
        one = max(best, reached(in_time, 1))
        gap = 1.0 - goal.constant
        scores = {rows: reached(in_time, rows) for rows in range(2, self.longest + 1)}
        rows = next(rows for rows, score in scores.items()
                    if score >= max(scores.values()) - self.nearly * gap)
        several = scores[rows]
        if several < one + self.gained * gap or (
                not moves.is_series(x, y.reshape(len(y), -1), self.longest)
                and self._one_will_do(x, task, several - self.nearly * gap)):
            return
        rng = np.random.default_rng(0)
        if any(reached(rng.permutation(len(x)), rows) >= several for _ in range(self.placebos)):
            return
        yield self.fact(
            "The rows follow each other in time, and targets depend on rows before their own: with"
            f" the last {rows} rows a plain method reaches {number(several)} ({goal.metric}) on the"
            f" later part of them; with one, as the network has it, the best reaches {number(one)}."
            f" Make windows of {rows} steps.",
            measured(f"{goal.metric} with {rows} rows", several, one), site="fit",
        )

    def _one_will_do(self, x: data.Array, task: Task, enough: float) -> bool:
        """True where a single earlier row says as much: out of step, which rows-out-of-step tells."""
        for back in range(1, self.longest):
            score = later_score(x[:-back], replace(task, targets=task.targets[back:]))
            if score is not None and score >= enough:
                return True
        return False


def _windows(x: data.Array, rows: int) -> data.Array:
    """Each row from the `rows`th on beside those before it, [row, column]."""
    return np.concatenate([x[place : len(x) - rows + 1 + place] for place in range(rows)], 1)
