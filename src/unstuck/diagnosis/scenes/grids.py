"""Two things varied together, as grids of success rates: pairs of changes, and a sweep."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from unstuck.base.errors import NotSupported
from unstuck.interventions._network import hidden_layers
from unstuck.interventions._width import width_of, with_width
from unstuck.result.pictures import Cell, Grid
from unstuck.search.arms import Arm
from unstuck.search.experiment import Experiment

RATES = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
WIDTHS = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Factors by which the sweep multiplies the learning rate, and the width of all hidden layers."""
REPLICAS = 32
"""Replicas of each field of the sweep, on the control's first seeds."""
MOST = 9
"""Most changes of a grid."""

LEAST_ROWS = 3
"""A sweep of fewer widths is left out."""
LEAST = 4
"""Fewer pairs are read faster in the list of what was tried."""


def pairs(experiment: Experiment) -> tuple[Grid, ...]:
    """The pairs that were tried, with each of their changes alone on the diagonal."""
    tried = [arm for arm in experiment.tried if not arm.is_placebo]
    together = [arm for arm in tried if len(arm.changes) == 2]
    alone = {arm.changes[0].label: arm for arm in tried if len(arm.changes) == 1}
    times = Counter(c.label for arm in together for c in arm.changes)
    best = {label: max(arm.rate for arm in together if label in _labels(arm)) for label in times}
    names = sorted(times, key=lambda label: (-times[label], -best[label], label))[:MOST]
    if len(together) < LEAST:
        return ()
    place = {name: i for i, name in enumerate(names)}
    cells = [_of(alone[name].learned, i, i) for name, i in place.items() if name in alone]
    for arm in together:
        one, other = (place.get(label) for label in _labels(arm))
        if one is not None and other is not None:
            cells.append(_of(arm.learned, max(one, other), min(one, other)))
    return (Grid(title="Two changes together", row_name="one change", column_name="another",
                 rows=tuple(names), columns=tuple(names), cells=tuple(cells)),)


def sweep(experiment: Experiment) -> tuple[Grid, ...]:
    """Learning rate by width, where that costs next to nothing, as far as the time for it goes."""
    control, recipe = experiment.control, experiment.control.recipe
    rate = recipe.optimizer.learning_rate
    layers = hidden_layers(recipe)
    assert control.population is not None
    if not rate or not layers or len(control.learned) < REPLICAS:
        return ()
    rates = {f"{rate * factor:.3g}": float(f"{rate * factor:.6g}") for factor in RATES}
    widths: dict[str, tuple[int, ...]] = {}
    for factor in WIDTHS:
        units = tuple(max(1, round(factor * width_of(layer))) for layer in layers)
        widths[", ".join(map(str, units))] = units
    room, begun = experiment.spare, experiment.spent
    least = len(widths) * len(rates) * experiment.costs.of(control, REPLICAS)
    if control.population.engine != "native" or least > room:
        return ()
    seeds, took = control.population.seeds[:REPLICAS], 0.0
    was = ", ".join(str(width_of(layer)) for layer in layers)
    found: dict[str, list[Cell]] = {}
    # Outwards from the user's own width, for as long as there is time.
    for name in sorted(widths, key=lambda name: abs(math.log2(widths[name][0] / widths[was][0]))):
        units = widths[name]
        if 2 * took > room - (experiment.spent - begun) and experiment.budget.seconds is not None:
            break
        row, row_begun = list(widths).index(name), experiment.spent
        cells = found.setdefault(name, [])
        for column, value in enumerate(rates.values()):
            try:
                changed = recipe.with_optimizer(learning_rate=value)
                for layer, count in zip(layers, units, strict=True):
                    changed = with_width(changed, layer.name, count)
            except NotSupported:
                continue
            if changed.signature == recipe.signature:
                learned = control.learned[:REPLICAS]
            else:
                population = experiment.aside(changed, seeds)
                if population is None:
                    continue
                learned = experiment.goal.learned(population)
            cells.append(_of(learned, row, column))
        took = experiment.spent - row_begun
    if len(found) < LEAST_ROWS:
        return ()
    kept = [name for name in widths if name in found]
    cells = [replace(cell, row=kept.index(name)) for name in kept for cell in found[name]]
    several = "the hidden layers" if len(layers) > 3 else ", ".join(layer.name for layer in layers)
    return (Grid(
        title="Learning rate by width", column_name="learning rate",
        row_name=f"units of {several}",
        columns=tuple(f"{name} (yours)" if value == rate else name for name, value in rates.items()),
        rows=tuple(f"{name} (yours)" if name == was else name for name in kept),
        cells=tuple(cells),
    ),)  # fmt: skip


def _labels(arm: Arm) -> list[str]:
    return [change.label for change in arm.changes]


def _of(learned: NDArray[np.bool_], row: int, column: int) -> Cell:
    successes = int(learned.sum())
    return Cell(row=row, column=column, replicas=len(learned), successes=successes,
                success_rate=successes / max(1, len(learned)))
