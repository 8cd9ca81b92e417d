"""Validation rows that are trained on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import keras
import numpy as np
from numpy.typing import NDArray

from . import Check, Family, Finding, Observation, measured
from . import _data as data
from ._words import percent


@dataclass(frozen=True)
class ValidationLeak(Check):
    """The rows that are validated on are among those that are trained on.

    ## What it sees
    Validation rows whose inputs are, number for number, those of a row trained on: a share of
    `share` or more. Data of a few distinct rows, which have to repeat, is passed over.

    ## Why learning stops
    It does not; one only cannot see any more whether it works. A network that remembers its rows
    scores as well in validation as in training, and fails on the next new row.

    ## What it tries
    Nothing: which rows are new only the data knows. Split before repeating, augmenting or
    resampling, and by person, place or day where several rows come from one.

    ## Example
        model.fit(x, y, validation_data=(x, y))        # sick
        model.fit(x[200:], y[200:], validation_data=(x[:200], y[:200]))    # cured

    ## When it is wrong
    Inputs of few possible values repeat by themselves, without any row having leaked. So do readings of
    a sensor that stood still, and texts of a single word.

    ## References
    Kaufman et al. 2012, Leakage in Data Mining, ACM TKDD 6.
    """

    family: ClassVar[Family] = Family.EVALUATION
    always: ClassVar[bool] = True

    # A public data set may have a twin or two.
    share: float = 0.1
    # Data where fewer of the rows trained on are distinct has few possible rows.
    distinct: float = 0.9
    rows: int = 20_000

    def look(self, seen: Observation) -> Iterator[Finding]:
        """The rows that stand in both."""
        recipe = seen.recipe
        if recipe.validation is None:
            return
        train, held = self._rows(recipe.train.x), self._rows(recipe.validation.x)
        if not len(train) or not len(held) or train.shape[1] != held.shape[1]:
            return
        groups = data.groups(np.concatenate([train, held]))
        known = np.unique(groups[: len(train)])
        both = float(np.isin(groups[len(train):], known).mean())
        own = len(np.unique(groups[len(train):])) / len(held)
        if both < self.share or own < self.distinct:
            return
        yield self.fact(
            f"{percent(both)} of the {recipe.validation.rows:,} rows validated on are among the"
            f" {recipe.train.rows:,} trained on: validation does not show what is new.",
            measured("validation rows that are trained on", both, self.share, "share of rows"),
            site="fit",
        )

    def _rows(self, tree: Any) -> NDArray[np.float64]:
        parts = [array[: self.rows].reshape(len(array[: self.rows]), -1)
                 for array in data.arrays(tree)]
        if not parts or len(keras.tree.flatten(tree)) != len(parts):
            return np.zeros((0, 0))
        return np.concatenate(parts, axis=1).astype(np.float64)
