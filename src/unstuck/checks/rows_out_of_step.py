"""Targets that belong to other rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from unstuck.goal.references import reference_scores

from . import Check, Family, Finding, Observation, measured
from . import _data as data
from . import _moves as moves
from ._words import count, number


@dataclass(frozen=True)
class RowsOutOfStep(Check):
    """Inputs and targets are shifted against each other by a row or a few, perhaps from some row on.

    ## What it sees
    Whether rows with like inputs have like targets: for each of up to `rows` rows in a run, the
    most similar other one, and the correlation of the two rows' targets. It speaks where that is
    below `mismatch` as the rows lie, and above `match` with the targets moved by at most `far`
    rows. Where plain methods leave at least `open` of the way to a perfect answer, it also tries
    moves of up to `further` rows that begin or change at some row. It speaks where a plain method,
    on rows held out, then closes `gained` of the whole way more, and the move suits the rows better
    than any of `placebos` random ones can be made to.

    ## Why learning stops
    Every row is taught another row's answer. In the inputs there is nothing that says it, so the
    best output is a constant, however good network and training are. One header line too many, a
    difference that shortened one array, or a window that ends a step later is enough; so is one row
    that was dropped from the inputs and not from the targets.

    ## What it tries
    Nothing: what is judged are the rows as they were given, and no change to the network puts them
    in step. The message says by how many rows they are out.

    ## Example
        model.fit(x, np.roll(y, 1))    # each row has the answer of the row before: sick
        model.fit(x, y)                # cured

    ## When it is wrong
    In a time series neighbouring rows resemble each other, and a shift may only predict worse, not
    wrongly; where rows hold the targets of others, or shifts both ways agree, nothing is said. Rows
    shuffled separately cannot be put in step again; targets-say-nothing speaks then.

    ## References
    Ojala and Garriga 2010, Permutation Tests for Studying Classifier Performance, JMLR 11.
    """

    family: ClassVar[Family] = Family.LABELS
    # With half of the rows in step, a network that comes as far as plain methods do counts as learning.
    always: ClassVar[bool] = True

    rows: int = 600
    # By chance a correlation over 100 rows is below 0.2 in 95 of 100 cases.
    mismatch: float = 0.2
    match: float = 0.5
    far: int = 3
    least: int = 60
    columns: int = 64
    # What noise leaves of a half is no reason to suspect the rows.
    open: float = 0.3
    further: int = 5
    gained: float = 0.2
    # The best of so many by chance would be claimed once in 20 times.
    placebos: int = 19

    def look(self, seen: Observation) -> Iterator[Finding]:
        """The agreement of like rows' targets for every shift."""
        recipe = seen.recipe
        inputs, targets = data.arrays(recipe.x), data.arrays(recipe.y)
        if len(inputs) != 1 or len(targets) != 1 or seen.goal.patterns or (
                seen.goal.is_autoencoder or len(inputs[0]) < self.least):
            return
        rows = inputs[0][: self.rows].astype(np.float64)  # some are True or False
        rows = rows.reshape(len(rows), -1)
        x = data.standardised(rows)
        y = targets[0][: self.rows].reshape(len(x), -1).astype(np.float64)
        if seen.goal.task.kind == "classes" and y.shape[1] == 1 and 0 <= y.min() <= y.max() < 1000:
            y = np.eye(int(y.max()) + 1)[y[:, 0].astype(np.int64)]
        if not (np.isfinite(x).all() and np.isfinite(y).all()):
            return
        if moves.is_series(rows, y, self.further):
            return
        nearest = data.nearest(x, 1, apart=2 * self.far + 1)[:, 0]
        scores = {shift: agreement(y, nearest, shift) for shift in range(-self.far, self.far + 1)}
        best = max(scores, key=scores.__getitem__)
        in_parts = list(self._in_parts(seen, x, y))
        both_ways = any(shift * best < 0 and score >= self.match for shift, score in scores.items())
        if in_parts or both_ways or not best or scores[0] > self.mismatch or (
                scores[best] < self.match):
            yield from in_parts
            return
        yield self.fact(
            "Rows with like inputs have targets that agree no more than by chance (correlation"
            f" {number(scores[0])}); those of {count(abs(best), 'row')}"
            f" {'further down' if best > 0 else 'further up'} agree ({number(scores[best])}).",
            measured("correlation of like rows' targets as they lie", scores[0], self.mismatch),
            measured("correlation after the shift", scores[best], self.match),
            site="fit",
        )


    def _in_parts(self, seen: Observation, x: data.Array, y: data.Array) -> Iterator[Finding]:
        """A move that begins or changes at some row; one of all rows is told by their likeness."""
        goal = seen.goal
        known = max(goal.references.values(), default=goal.constant)
        if not goal.references or 1.0 - known < self.open * (1.0 - goal.constant) or (
                x.shape[1] > self.columns):
            return
        y = data.standardised(y)
        path, suits = moves.best_path(x, y, self.further)
        if len(moves.parts(path)) == 1 and abs(path[0]) <= self.far:
            return
        rng = np.random.default_rng(0)
        apart = 2 * self.further + 1
        for _ in range(self.placebos):
            away = np.roll(y, int(rng.integers(apart, len(y) - apart)), axis=0)
            if moves.best_path(x, away, self.further)[1] >= suits:
                return
        rows, at = moves.moved(path)
        targets = data.arrays(seen.recipe.y)[0]
        scores = reference_scores(x[rows], replace(goal.task, targets=targets[at]))
        name = max(scores, key=scores.__getitem__, default="")
        if not name or scores[name] < known + self.gained * (1.0 - goal.constant):
            return
        yield self.fact(
            f"Inputs and targets are out of step. With the targets {_told(moves.parts(path))},"
            f" {name} reaches {number(scores[name])} ({goal.metric}) on rows held out; as they lie, the"
            f" best plain method reaches {number(known)}. None of {self.placebos} random moves suits"
            " the rows as well.",
            measured(f"{goal.metric} after the move", scores[name], known),
            site="fit",
        )


def _told(parts: Sequence[moves.Part]) -> str:
    """The parts of a move: "moved up by 1 from row 212 on"."""
    said = []
    for part, following in zip(parts, (*parts[1:], None), strict=True):
        if not part.shift:
            continue
        way = f"moved {'up' if part.shift > 0 else 'down'} by {abs(part.shift)}"
        if following is None:
            said.append(f"{way} from row {part.start} on" if part.start else way)
        else:
            said.append(f"{way} from row {part.start} to {following.start - 1}")
    return " and ".join(said)


def agreement(y: NDArray[Any], nearest: NDArray[np.int64], shift: int) -> float:
    """Correlation of rows' targets [row, column], moved, with those of the rows nearest to them."""
    rows = np.arange(len(y))
    one, other = rows + shift, nearest + shift
    inside = (one >= 0) & (one < len(y)) & (other >= 0) & (other < len(y))
    first, second = y[one[inside]], y[other[inside]]
    if len(first) < 2:
        return 0.0
    first, second = first - first.mean(axis=0), second - second.mean(axis=0)
    size = float(np.sqrt((first**2).sum() * (second**2).sum()))
    return float((first * second).sum()) / size if size > 0 else 0.0
