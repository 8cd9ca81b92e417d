"""Changes that were tried together, as a grid of success rates."""

from __future__ import annotations

from collections import Counter

from unstuck.lab import Arm, Lab
from unstuck.pictures import Cell, Grid

MOST = 9
"""Most changes of a grid."""

LEAST = 4
"""Fewer pairs are read faster in the list of what was tried."""


def grids_of(lab: Lab) -> tuple[Grid, ...]:
    """The pairs that were tried, with each of their changes alone on the diagonal."""
    tried = [arm for arm in lab.tried if not any(c.kind == "placebo" for c in arm.changes)]
    pairs = [arm for arm in tried if len(arm.changes) == 2]
    alone = {arm.changes[0].label: arm for arm in tried if len(arm.changes) == 1}
    times = Counter(c.label for arm in pairs for c in arm.changes)
    best = {label: max(arm.rate for arm in pairs if label in _labels(arm)) for label in times}
    names = sorted(times, key=lambda label: (-times[label], -best[label], label))[:MOST]
    if len(pairs) < LEAST:
        return ()
    place = {name: i for i, name in enumerate(names)}
    cells = [_cell(alone[name], i, i) for name, i in place.items() if name in alone]
    for arm in pairs:
        one, other = (place.get(label) for label in _labels(arm))
        if one is not None and other is not None:
            cells.append(_cell(arm, max(one, other), min(one, other)))
    return (Grid(title="Two changes together", row_name="one change", column_name="another",
                 rows=tuple(names), columns=tuple(names), cells=tuple(cells)),)


def _labels(arm: Arm) -> list[str]:
    return [change.label for change in arm.changes]


def _cell(arm: Arm, row: int, column: int) -> Cell:
    successes = int(arm.learned.sum())
    return Cell(row=row, column=column, replicas=len(arm.learned), successes=successes,
                success_rate=successes / max(1, len(arm.learned)))
