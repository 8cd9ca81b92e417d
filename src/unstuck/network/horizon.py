"""The first updates of a training that is too long to be made many times.

A horizon makes of a recipe that of its first updates: whole epochs where several fit, else a part of
the first one. Nothing else is another: schedules, warm-ups and callbacks go as in the whole training,
and end where it is left. Changes are made to the whole recipe, before.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .data import Data
from .picking import picked
from .recipe import Recipe

LOSS_ROWS = 2048
"""The loss at the end is taken on at most so many rows: 60,000 would cost as much as 150 updates."""
HELD_ROWS = 1024
"""At most so many rows held out are validated on."""
SAMPLES_KEPT = 8
"""Other data are rare among changes; most arms share the rows of the control."""

Key = tuple[Any, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Horizon:
    """The first `updates` of every training.

    A change that makes batches of other sizes has as many updates all the same.
    """

    updates: int
    _samples: OrderedDict[Key, tuple[Recipe, Data]] = field(default_factory=OrderedDict)

    def shortens(self, recipe: Recipe) -> bool:
        """True where a training of this recipe is longer."""
        return recipe.updates > self.updates

    def length(self, recipe: Recipe) -> int:
        """How many updates a training of the recipe then has: no part of an epoch behind whole ones."""
        if not self.shortens(recipe):
            return recipe.updates
        each = recipe.updates_per_epoch
        return self.updates if each > self.updates else self.updates // each * each

    def of(self, recipe: Recipe) -> Recipe:
        """The training of its first updates; the recipe itself where there are no more."""
        if not self.shortens(recipe):
            return recipe
        each = recipe.updates_per_epoch
        if each > self.updates:
            recipe = self._part_of_an_epoch(recipe)
        return replace(recipe, epochs=max(1, self.updates // each),
                       loss_rows=LOSS_ROWS if recipe.trained_rows > LOSS_ROWS else None)

    def _part_of_an_epoch(self, recipe: Recipe) -> Recipe:
        """The recipe on as many rows as its first updates take, all of the first epoch."""
        rows = self._sample(recipe, "trained", self._first_rows(recipe))
        held, at = recipe.validation_data, _held_back(recipe, HELD_ROWS)
        if held is not None:
            held = self._sample(recipe, "held", picked(held.y, held.rows, HELD_ROWS))
        elif len(at):
            held = self._sample(recipe, "split", at)
        return replace(
            recipe, x=rows.x, y=rows.y, sample_weight=rows.sample_weight, validation_data=held,
            validation_split=0.0, epochs_in_rows=1,
            batches="drawn" if recipe.batches == "part" else recipe.batches)

    def _first_rows(self, recipe: Recipe) -> NDArray[np.int64]:
        """Which rows: the first ones where their order is kept, else a sample of all."""
        rows, batch = recipe.trained_rows, recipe.batch_size
        if not recipe.shuffle or recipe.batches == "stream":
            return np.arange(self.updates * batch)
        if recipe.batches == "whole":
            begins = np.sort(np.random.default_rng(0).permutation(rows // batch)[:self.updates])
            return np.asarray((begins[:, None] * batch + np.arange(batch)).reshape(-1), np.int64)
        return picked(_targets(recipe, slice(rows)), rows, self.updates * batch)

    def _sample(self, recipe: Recipe, part: str, chosen: NDArray[np.int64]) -> Data:
        """Those rows; the same arrays for all recipes with the same data, which then share them."""
        held = recipe.validation_data
        data = held if part == "held" and held is not None else _data(recipe)
        key = (part, len(chosen), int(chosen.sum()), id(data.x), id(data.y), id(data.sample_weight))
        if key not in self._samples:
            # The recipe is kept, so that what the key names by identity stays alive.
            self._samples[key] = recipe, data.taken(chosen)
            if len(self._samples) > SAMPLES_KEPT:
                self._samples.popitem(last=False)
        return self._samples[key][1]


def on_fewer_rows(recipe: Recipe, count: int) -> Recipe:
    """The recipe on so many of its rows, each class with its share; those held out stay held out.

    The recipe itself where it has no more.
    """
    rows = recipe.trained_rows
    if count >= rows:
        return recipe
    data, held = _data(recipe), recipe.validation_data
    some = _held_back(recipe, max(1, round((_data(recipe).rows - rows) * count / rows)))
    if held is None and len(some):
        held = data.taken(some)
    fewer = data.taken(picked(_targets(recipe, slice(rows)), rows, count))
    return replace(recipe, x=fewer.x, y=fewer.y, sample_weight=fewer.sample_weight,
                   validation_data=held, validation_split=0.0)


def _held_back(recipe: Recipe, most: int) -> NDArray[np.int64]:
    """The numbers of at most so many of the rows that a `validation_split` holds back."""
    begin, rows = recipe.trained_rows, _data(recipe).rows
    return begin + picked(_targets(recipe, slice(begin, None)), rows - begin, most)


def _data(recipe: Recipe) -> Data:
    """The rows handed to `fit`, as they were."""
    return Data(x=recipe.x, y=recipe.y, sample_weight=recipe.sample_weight)


def _targets(recipe: Recipe, chosen: slice) -> Any:
    return Data(x=recipe.y, y=None).taken(chosen).x
