"""Rare classes count more."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from unstuck.base.errors import NotSupported
from unstuck.network.recipe import Recipe
from unstuck.script import Script

from . import Intervention
from . import _network as network
from ._source import Edits, method_call, number, tidy

MOST_CLASSES = 32


@dataclass(frozen=True, kw_only=True)
class ClassWeights(Intervention):
    """`class_weight` such that every class has the same part in the loss of an epoch.

    Class c with n_c of n rows weighs n / (classes · n_c) (King and Zeng 2001), to three digits.
    """

    kind: ClassVar[str] = "labels"
    cost: ClassVar[float] = 3

    @property
    def label(self) -> str:
        """What is done."""
        return "classes weighted by rarity"

    @property
    def conflicts(self) -> frozenset[str]:
        """The weights of rows."""
        return frozenset({"fit.weights"})

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe with these weights."""
        if recipe.sample_weight is not None or recipe.class_weight is not None:
            raise NotSupported("The rows have weights already.")
        if recipe.several_outputs:
            raise NotSupported("class_weight needs a model with one output.")
        return replace(recipe, class_weight=_balanced(recipe))

    def edit(self, script: Script, before: Recipe, after: Recipe) -> Edits | None:
        """The argument of `fit`."""
        call = method_call(script, before, "fit")
        if call is None or after.class_weight is None:
            return None
        pairs = (f"{label}: {number(weight)}" for label, weight in after.class_weight.items())
        return call.set_argument("class_weight", f"{{{', '.join(pairs)}}}", position=9)


def _balanced(recipe: Recipe) -> dict[int, float]:
    y = network.single_array(recipe.train.y, "targets")
    labels = y.argmax(-1) if y.ndim == 2 and y.shape[1] > 1 else y.reshape(len(y), -1)[:, 0]
    if y.ndim > 2 or (y.ndim == 2 and y.shape[1] > 1 and not np.all(y.sum(axis=1) == 1)):
        raise NotSupported("The targets are not one class for each row.")
    values, counts = np.unique(labels, return_counts=True)
    whole = np.all(np.isfinite(values)) and np.all(values == np.rint(values)) and values[0] >= 0
    if not whole or not 1 < len(values) <= MOST_CLASSES:
        raise NotSupported("The targets are not a few class numbers.")
    if counts.max() < 2 * counts.min():
        raise NotSupported("The classes are about equally frequent.")
    even = len(labels) / len(values)
    return {int(value): float(tidy(float(f"{even / count:.3g}")))
            for value, count in zip(values, counts, strict=True)}
