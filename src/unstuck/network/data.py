"""Rows for a training: inputs, targets and the weights of rows, which go together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras

Tree = Any


@dataclass(frozen=True, kw_only=True, eq=False)
class Data:
    """Rows as the training loop sees them: numpy arrays (or trees of them) of equal length."""

    x: Tree
    y: Tree
    sample_weight: Tree = None

    @property
    def rows(self) -> int:
        """How many rows."""
        return int(keras.tree.flatten(self.x)[0].shape[0])

    def taken(self, chosen: Any) -> Data:
        """Some of the rows: `chosen` is what a numpy array may be indexed with."""
        x, y, weight = keras.tree.map_structure(
            lambda a: None if a is None else a[chosen], (self.x, self.y, self.sample_weight))
        return Data(x=x, y=y, sample_weight=weight)
