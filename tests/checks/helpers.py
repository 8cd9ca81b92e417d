"""Tiny recipes, and populations made by hand: nothing trains.

`recipe` makes what `fit` would be given; `observed` puts a yardstick and a population beside it. Of
readings, those that a test does not name are NaN: the probe says nothing about that layer.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from unstuck.capture import capture_model
from unstuck.checks import Finding, Observation, all_checks
from unstuck.goal import Goal, make_goal
from unstuck.network.recipe import Recipe
from unstuck.population.population import Moment, Population, Readings

PROBES = ("dead", "saturated", "distinct", "gradient_norm", "weight_norm", "spread")
BITS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype="float32")
Probed = Mapping[str, Mapping[str, float | Sequence[float]]]


def dense(units: int, activation: str | None = None, **arguments: Any) -> keras.Layer:
    """A dense layer."""
    return keras.layers.Dense(units, activation=activation, **arguments)


def recipe(
    *layers: keras.Layer,
    x: Any = BITS,
    y: Any = None,
    loss: Any = "binary_crossentropy",
    optimizer: Any = "adam",
    **fit: Any,
) -> Recipe:
    """The recipe of a Sequential model of these layers; by default it reproduces two bits."""
    x = np.asarray(x)
    model = keras.Sequential([keras.Input(x.shape[1:]), *layers])
    model.compile(optimizer=optimizer, loss=loss)
    made = capture_model(model, x, x if y is None else np.asarray(y), **fit).recipe
    keras.utils.clear_session(free_memory=False)  # names start at dense again
    return made


def two_bits(**fit: Any) -> Recipe:
    """Dense 4, 2 and 2 with ReLU, ReLU and sigmoid: layers dense, dense_1, dense_2."""
    arguments: dict[str, Any] = {"epochs": 3000, **fit}
    return recipe(dense(4, "relu"), dense(2, "relu"), dense(2, "sigmoid"), **arguments)


def readings(given: Recipe, replicas: int, probed: Probed) -> Readings:
    """Readings by probe and layer; one number counts for all replicas."""
    names = tuple(layer.name for layer in given.layers if layer.kind != "InputLayer")
    columns: dict[str, NDArray[np.float32]] = {}
    for probe in PROBES:
        values = np.full((replicas, len(names)), np.nan, dtype=np.float32)
        for layer, numbers in probed.get(probe, {}).items():
            values[:, names.index(layer)] = numbers
        columns[probe] = values
    return Readings(layers=names, **columns)


def observed(
    given: Recipe,
    *,
    learned: Sequence[bool] = (False,) * 8,
    loss: Any = None,
    final_loss: Any = None,
    start: Probed | None = None,
    end: Probed | None = None,
    outputs: Any = None,
    codes: Any = None,
    added: Any = None,
    metrics: Mapping[str, Any] | None = None,
    goal: Mapping[str, Any] | None = None,
) -> Observation:
    """What a check sees: a population with so many replicas, of which these learned.

    Args:
        given: the recipe.
        learned: which replicas learned.
        loss: [replica, epoch], or one curve for all; falls from .7 and settles by default.
        final_loss: [replica], or one for all.
        start, end: readings at these moments.
        outputs: [replica, row, column], or those of one replica for all.
        codes: likewise, of the network's narrowest layer.
        added: [replica], or one for all: what the network adds to its loss at the end.
        metrics: by name, one curve [epoch] for all.
        goal: fields of the yardstick that the test sets itself.
    """
    replicas = len(learned)
    yardstick: Goal = dataclasses.replace(make_goal(given), **(goal or {}))
    curve = 0.4 + 0.3 * np.exp(-np.arange(40) / 3) if loss is None else np.asarray(loss)
    moments: dict[Moment, Readings] = {}
    if start is not None:
        moments["start"] = readings(given, replicas, start)
    if end is not None:
        moments["end"] = readings(given, replicas, end)
    score = np.where(np.asarray(learned)[:, None], 1.0, yardstick.constant) * np.ones(3)
    last = curve[..., -1] if final_loss is None else final_loss
    if outputs is not None:
        outputs = np.broadcast_to(outputs, (replicas, *np.shape(outputs)[-2:])).astype(np.float32)
    named = None
    if codes is not None:
        codes = np.broadcast_to(codes, (replicas, *np.shape(codes)[-2:])).astype(np.float32)
        named = next(layer.name for layer in given.layers
                     if layer.config.get("units") == codes.shape[-1])
    control = Population(
        seeds=tuple(range(replicas)),
        loss=np.broadcast_to(curve, (replicas, curve.shape[-1])).astype(np.float32),
        final_loss=np.broadcast_to(last, (replicas,)).astype(np.float32),
        score=score, engine="by hand", strategy="none", readings=moments, outputs=outputs,
        codes=codes, code_layer=named,
        added=None if added is None else np.broadcast_to(added, (replicas,)).astype(np.float32),
        metrics={name: np.broadcast_to(values, (replicas, len(values))).astype(np.float32)
                 for name, values in (metrics or {}).items()},
    )
    return Observation(recipe=given, goal=yardstick, control=control)


def findings(check: str, seen: Observation, **thresholds: Any) -> list[Finding]:
    """What a check finds."""
    return list(all_checks()[check](**thresholds).findings(seen))


def labels(found: Finding) -> list[str]:
    """What a finding proposes, in words."""
    return [change.label for change in found.interventions]
