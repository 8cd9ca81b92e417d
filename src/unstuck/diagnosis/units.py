"""A rewritten script whose data are in other units, as a recipe that is judged in the user's."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from unstuck.base.errors import NotSupported
from unstuck.interventions.fill_missing import FillMissing, missing_marks
from unstuck.network import outputs
from unstuck.network.recipe import Recipe, Units

_SAME = 1e-3
"""How far data may be from a change of units, against their spread."""


def in_units_of(before: Recipe, after: Recipe) -> Recipe:
    """`after` with its data as `before` has them, and the units that its script brings them to.

    Only data that are the same but for their units, in whatever order, for what stands in place of
    missing values, or for axes that change places where `before` has a view, are known again; others
    are left as they are.
    """
    after = _viewed(before, _unfilled(before, after))
    pair = [outputs.targets(recipe, recipe.y) for recipe in (before, after)]
    if len(pair[0]) != len(pair[1]):
        return after
    each = tuple(_between(*arrays) for arrays in zip(*pair, strict=True))
    held = after.validation_data
    if len(each) != 1:
        known = replace(after, target_units=each if any(each) else None)
        return replace(known, y=known.unscaled(after.y), validation_data=(
            None if held is None else replace(held, y=known.unscaled(held.y))))
    (units,) = each
    if units is None:
        return after
    if _scaled_alike(before.x, after.x, units):
        x, y = (keras.tree.map_structure(units.back, tree) for tree in (after.x, after.y))
        return replace(after, x=x, y=y, data_units=units, validation_data=(
            None if held is None else replace(held, x=units.back(held.x), y=units.back(held.y))))
    return replace(
        after, y=keras.tree.map_structure(units.back, after.y), target_units=units,
        validation_data=None if held is None else replace(held, y=units.back(held.y)))


def _unfilled(before: Recipe, after: Recipe) -> Recipe:
    """`after` on the rows of `before`, where its script fills what is missing in these."""
    pair = [keras.tree.flatten(recipe.x) for recipe in (before, after)]
    if [len(arrays) for arrays in pair] != [1, 1]:
        return after
    users, trained = (np.asarray(arrays[0]) for arrays in pair)
    if len(users) != len(trained) or np.array_equal(users, trained):
        return after
    ways = [[(), *(((FillMissing(mark=mark, columns=columns, told=told),)) for told in (False, True))]
            for mark, columns in missing_marks(users).items()]
    for chosen in itertools.product(*ways):
        recipe = before
        try:
            for change in itertools.chain(*chosen):
                recipe = change.apply(recipe)
        except NotSupported:
            continue
        made = np.asarray(keras.tree.flatten(recipe.scaled(recipe.x))[0])
        if chosen and made.shape == trained.shape and np.allclose(made, trained, rtol=1e-5):
            return replace(after, x=before.x, filled=recipe.filled, validation_data=(
                before.validation_data if after.validation_data is not None else None))
    return after


def _viewed(before: Recipe, after: Recipe) -> Recipe:
    """`after` on rows of the view of `before`, where its script has the axes change places instead."""
    viewed = before.viewed
    if viewed is None or viewed in after.filled or keras.tree.is_nested(after.x):
        return after
    try:
        rows = viewed.back(after.x)
        if not np.array_equal(viewed.of(rows), after.x):
            return after
        held = after.validation_data
        held = None if held is None else replace(held, x=viewed.back(held.x))
    except LookupError:
        return after
    return replace(after, x=rows, filled=(viewed, *after.filled), validation_data=held)


def _between(users: NDArray[Any], trained: NDArray[Any]) -> Units | None:
    """The units in which `trained` are `users`; `None` where they are others, or the same."""
    if users.shape != trained.shape or not all(
            np.issubdtype(a.dtype, np.number) and np.isfinite(a).all() for a in (users, trained)):
        return None
    by_column = users.ndim == 2 and users.shape[1] > 1
    ours, theirs = (np.sort(a.astype(np.float64) if by_column else a.astype(np.float64).reshape(-1, 1),
                            axis=0) for a in (users, trained))
    varies, theirs_vary = (np.ptp(values, axis=0) > 0 for values in (ours, theirs))
    if np.allclose(ours, theirs, rtol=1e-5) or not varies.any() or (
            not np.array_equal(varies, theirs_vary)):
        return None
    spreads = ours.std(0), theirs.std(0)
    spread = np.divide(*spreads, where=varies, out=np.ones(len(varies)))
    mean = ours.mean(0) - spread * theirs.mean(0)
    away = np.abs(theirs * spread + mean - ours).max(0)
    if np.any(away > _SAME * np.where(varies, spreads[0], 1.0)):
        return None
    alike = np.ptp(spread) <= _SAME * spread.max() and np.ptp(mean) <= _SAME * spread.max()
    if not alike:
        return Units(mean=tuple(map(float, mean)), spread=tuple(map(float, spread)))
    return Units(mean=float(mean[0]), spread=float(spread[0]))


def _scaled_alike(users: Any, trained: Any, units: Units) -> bool:
    """Whether the inputs were brought to the very units that the targets were."""
    pair = [np.asarray(keras.tree.flatten(x)[0]).astype(np.float64) for x in (users, trained)]
    columns = np.size(units.spread)
    if pair[0].shape != pair[1].shape or columns not in (1, pair[0].shape[-1]):
        return False
    ours, theirs = (np.sort(a.reshape(-1, columns), axis=0) for a in (
        pair[0], pair[1] * np.asarray(units.spread) + np.asarray(units.mean)))
    ranges = np.ptp(ours, axis=0)
    return bool(np.all(np.abs(ours - theirs).max(0) <= _SAME * np.where(ranges > 0, ranges, 1.0)))
