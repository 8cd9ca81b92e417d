"""The ways in which trainings end, and what each of them confuses.

A mode is read off the final losses: with a ladder each replica belongs to its nearest rung, else
to those that learned, that did not, or that diverged. Its reading says what all of its replicas
share: how many inputs come out alike, and in how many replicas which.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unstuck.base.stats import success_rate
from unstuck.goal import Goal
from unstuck.goal.losses import Rung
from unstuck.population.population import Population
from unstuck.result.results import Mode

Array = NDArray[Any]

ALIKE = 0.15
"""Outputs nearer than this share of the targets' range count as one: what rounding cannot split."""
GROUPS_NAMED, ROWS_NAMED, NUMBERS_NAMED = 2, 4, 8
"""Groups of a reading, rows of a group and numbers of a row that are told one by one."""
WAYS_NAMED = 3
"""Ways of merging inputs that are told one by one, where the replicas of a mode have several."""

Groups = tuple[tuple[int, ...], ...]


def modes_of(goal: Goal, population: Population) -> tuple[Mode, ...]:
    """The modes of a population, the commonest first."""
    learned = goal.learned(population)
    found = []
    for members in members_of(goal, population):
        losses = population.final_loss[members].astype(float)
        finite = losses[np.isfinite(losses)]
        median = float(np.median(finite)) if len(finite) else float("nan")
        typical = members[int(np.argmin(np.abs(losses - median)))] if len(finite) else members[0]
        rate = success_rate(np.isin(np.arange(population.replicas), members))
        found.append(Mode(
            ci95=(rate.low, rate.high),
            share=len(members) / population.replicas,
            loss=median,
            outputs=table(population.outputs, typical),
            codes=table(population.codes, typical) if population.outputs is not None else (),
            learned=bool(learned[members].mean() > 0.5),
            reading=_reading(goal, population, members, learned=bool(learned[typical])),
        ))
    return tuple(found)


def members_of(goal: Goal, population: Population) -> tuple[Array, ...]:
    """Which replicas end in each mode, the commonest first, as `modes_of` has them."""
    labels = _labels(goal, population, goal.learned(population))
    found = [np.flatnonzero(labels == label) for label in sorted(set(labels.tolist()))]
    return tuple(sorted(found, key=lambda members: -len(members)))


def table(outputs: Array | None, replica: int) -> tuple[tuple[float, ...], ...]:
    """One replica's outputs row by row; empty where none were kept."""
    if outputs is None:
        return ()
    rows = outputs[replica].reshape(outputs.shape[1], -1)
    return tuple(tuple(round(float(value), 6) for value in row) for row in rows)


def _labels(goal: Goal, population: Population, learned: Array) -> Array:
    """A number for each replica: −1 diverged, 0 learned, above it the rung or "did not learn"."""
    losses = population.final_loss.astype(float)
    if goal.ladder:
        floor = goal.floor or 0.0
        marks = np.asarray([floor, *(rung.loss for rung in goal.ladder)])
        nearest = np.abs(np.nan_to_num(losses, nan=0.0)[:, None] - marks).argmin(1)
        labels = np.where(learned, 0, np.maximum(nearest, 1))
    else:
        labels = np.where(learned, 0, 1)
    return np.where(np.isfinite(losses), labels, -1)


def _reading(goal: Goal, population: Population, members: Array, *, learned: bool) -> str:
    """What all replicas of a mode share, and how many have what they do not share."""
    if not np.isfinite(population.final_loss[members]).any():
        return "the loss is no number any more"
    if population.outputs is None:
        return "learned" if learned else "did not learn"
    if learned:
        return "every input comes out right"
    ways = Counter(_merged(goal, population.outputs[member]) for member in members)
    if len(ways) == 1:
        return _way(goal, next(iter(ways)))
    rows, most = goal.judged_rows, max(len(group) for way in ways for group in way)
    if not _are_short(goal) or ROWS_NAMED < most < rows:
        sizes = sorted(sum(map(len, way)) for way in ways)
        return f"{sizes[0]} to {sizes[-1]} of {rows} inputs come out like another one"
    named = [f"{_short_way(goal, way)} in {count:,}" for way, count in ways.most_common(WAYS_NAMED)]
    if len(ways) > WAYS_NAMED:
        named.append(f"{len(ways) - WAYS_NAMED} other ways in"
                     f" {sum(ways.values()) - sum(n for _, n in ways.most_common(WAYS_NAMED)):,}")
    shapes = {tuple(map(len, way)) for way in ways}
    only = next(iter(shapes)) if len(shapes) == 1 else ()
    said = (f"{' and '.join(map(str, only))} of the {rows} inputs come out alike" if only else
            f"some of the {rows} inputs come out alike, not always the same ones")
    return f"{said} ({len(members):,}): {', '.join(named)}"


def _merged(goal: Goal, given: Array) -> Groups:
    """The groups of inputs that come out alike though they should not, the largest first."""
    outputs = given.reshape(goal.judged_rows, -1)
    targets = goal.task.targets.reshape(goal.judged_rows, -1).astype(float)
    return tuple(g for g in groups_alike(outputs, _range(targets)) if _differ(targets, g))


def _way(goal: Goal, groups: Groups) -> str:
    """One way of merging inputs, in a sentence."""
    if not groups:
        return "no two inputs come out alike, but not as they should"
    if len(groups[0]) == goal.judged_rows:
        return "every input comes out the same"
    named = [f"{_named(goal, group)} come out alike" for group in groups[:GROUPS_NAMED]]
    more = groups[GROUPS_NAMED:]
    if more:
        what = "group" if len(more) == 1 else "groups"
        named.append(f"{len(more)} more {what} of {sum(map(len, more))} inputs")
    return "; ".join(named)


def _short_way(goal: Goal, groups: Groups) -> str:
    """One of several ways of merging inputs: "[0, 0] and [0, 1]", or "none", or "all"."""
    if not groups:
        return "none"
    if len(groups[0]) == goal.judged_rows:
        return "all"
    if len(groups) == 1:
        return _named(goal, groups[0])
    return " beside ".join(_equated(goal, group) for group in groups)


def _named(goal: Goal, group: tuple[int, ...]) -> str:
    """Rows in a sentence: every one of a few short ones, else their number."""
    if not _are_short(goal):
        return f"{len(group)} of {goal.judged_rows} inputs"
    if len(group) > ROWS_NAMED:
        return f"{len(group)} of {goal.judged_rows} inputs ({_row_name(goal, group[0])} and others)"
    names = [_row_name(goal, row) for row in group]
    return f"{', '.join(names[:-1])} and {names[-1]}"


def groups_alike(outputs: Array, size: float) -> list[tuple[int, ...]]:
    """Rows whose outputs lie together, by complete linkage within `ALIKE` × `size`."""
    near = np.abs(outputs[:, None] - outputs).max(axis=2) <= ALIKE * size
    left, groups = list(range(len(outputs))), []
    while left:
        first = left.pop(0)
        group = [first]
        for other in list(left):
            if near[other, group].all():
                group.append(other)
                left.remove(other)
        if len(group) > 1:
            groups.append(tuple(group))
    return sorted(groups, key=lambda group: -len(group))


def rung_text(goal: Goal, rung: Rung) -> str:
    """Which inputs are merged on a rung: "[0, 1] and [1, 1] alike (or 7 other ways)"."""
    if sum(map(len, rung.groups)) == goal.judged_rows and len(rung.groups) == 1:
        text = "one output for every input"
    else:
        shown = rung.groups[:GROUPS_NAMED]
        text = ", ".join(_equated(goal, group) for group in shown)
        if len(rung.groups) > len(shown):
            text += f" and {len(rung.groups) - len(shown)} more"
    if rung.column is not None:
        text += f" in output {rung.column + 1}"
    return text if rung.ways == 1 else f"{text} (one of {rung.ways} ways)"


def _equated(goal: Goal, group: tuple[int, ...]) -> str:
    """Rows that are merged: "[0, 1] = [1, 1]", else their number."""
    if not _are_short(goal) or len(group) > ROWS_NAMED:
        return f"{len(group)} inputs alike"
    return " = ".join(_row_name(goal, row) for row in group)


def _are_short(goal: Goal) -> bool:
    return bool(goal.flat_inputs.shape[1] <= NUMBERS_NAMED)


def _row_name(goal: Goal, row: int) -> str:
    """A judged row as a user would write it."""
    return "[" + ", ".join(f"{value:g}" for value in goal.flat_inputs[row]) + "]"


def _differ(targets: Array, group: tuple[int, ...]) -> bool:
    return bool(np.ptp(targets[list(group)], axis=0).max() > 0)


def _range(targets: Array) -> float:
    return float(np.ptp(targets)) or 1.0
