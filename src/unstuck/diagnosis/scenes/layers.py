"""The network, layer by layer: medians over all replicas, and the inside of single ones."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unstuck.goal import Goal
from unstuck.network.recipe import Recipe
from unstuck.population.keras_engine.probes import RECTIFIERS, SATURATING
from unstuck.population.population import Population
from unstuck.result.pictures import LayerInfo, LayerState

Array = NDArray[Any]
Pair = tuple[float, float]

SAME = 1e-6
"""Outputs nearer than this share of a layer's range count as one, as for the probes."""
MOST_VALUES = 16
"""A layer of at most so many units is shown number by number, for at most so many samples."""


def layers_of(recipe: Recipe, goal: Goal, control: Population) -> tuple[LayerInfo, ...]:
    """Every layer but the input, with what was read off all replicas."""
    start, end = control.readings.get("start"), control.readings.get("end")
    alive = ~control.diverged
    found = []
    for layer in recipe.layers:
        if layer.kind == "InputLayer":
            continue
        known = layer.output_shape[1:]
        read: dict[str, Pair | None] = {}
        if start is not None and end is not None and layer.name in end.layers:
            for probe in ("distinct", "dead", "saturated", "gradient_norm"):
                read[probe] = _medians(
                    start.of(probe, layer.name), end.of(probe, layer.name)[alive])
        found.append(LayerInfo(
            name=layer.name, kind=layer.kind, activation=layer.activation,
            units=int(np.prod([d for d in known if d])) if known and None not in known else None,
            parameters=layer.parameters, of=min(goal.judged_rows, 256) if read else None,
            distinct=read.get("distinct"), dead=read.get("dead"), saturated=read.get("saturated"),
            gradient=read.get("gradient_norm"),
        ))
    return tuple(found)


def _medians(start: Array, end: Array) -> Pair | None:
    """Medians over the replicas that say something; `None` where none does before training."""
    before, after = start[np.isfinite(start)].astype(float), end[np.isfinite(end)].astype(float)
    if not len(before):
        return None
    return float(np.median(before)), float(np.median(after)) if len(after) else math.nan


def layer_states(
    recipe: Recipe, inner: Mapping[str, Array], places: Sequence[int]
) -> tuple[LayerState, ...]:
    """What one replica's layers make of the rows looked at; `places` are the samples among them.

    Nothing is said of a network whose numbers are none any more.
    """
    if not all(np.isfinite(out).all() for out in inner.values()):
        return ()
    activation = {layer.name: layer.activation for layer in recipe.layers}
    found = []
    for name, out in inner.items():
        samples = out[list(places)].reshape(len(places), -1).astype(float)
        by_unit = out.reshape(-1, out.shape[-1]).astype(float)
        groups = _alike(samples)
        small = samples.shape[1] <= MOST_VALUES and len(samples) <= MOST_VALUES
        found.append(LayerState(
            layer=name, units=int(by_unit.shape[1]), of=len(samples),
            distinct=len(samples) - sum(len(group) - 1 for group in groups), groups=groups,
            dead=_places((by_unit == 0).all(0)) if activation.get(name) in RECTIFIERS else (),
            saturated=_saturated(by_unit, activation.get(name)),
            values=tuple(tuple(float(f"{v:.4g}") for v in row) for row in samples) if small else (),
        ))
    return tuple(found)


def _saturated(by_unit: Array, activation: str | None) -> tuple[int, ...]:
    if activation not in SATURATING:
        return ()
    low, high = SATURATING[activation]
    beyond: Array = (by_unit < low) | (by_unit > high)
    return _places(np.asarray(beyond.all(axis=0)))


def _places(flags: Array) -> tuple[int, ...]:
    return tuple(int(i) for i in np.flatnonzero(flags))


def _alike(samples: Array) -> tuple[tuple[int, ...], ...]:
    """Groups of two and more rows that are the same up to rounding."""
    size = float(np.abs(samples).max()) or 1.0
    left, groups = list(range(len(samples))), []
    while left:
        first, *rest = left
        near = [i for i in rest if np.abs(samples[i] - samples[first]).max() <= SAME * size]
        if near:
            groups.append((first, *near))
        left = [i for i in rest if i not in near]
    return tuple(groups)
