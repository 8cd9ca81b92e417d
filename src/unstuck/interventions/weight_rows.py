"""A few rows that count as much as the many others."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from unstuck.base.errors import NotSupported
from unstuck.network.recipe import Recipe
from unstuck.script import Script

from . import Intervention
from . import _network as network
from ._source import Edits, free_name, method_call, number, two_digits

FEW = 0.01
"""Share of the rows from which on a target is no exception."""


@dataclass(frozen=True, kw_only=True)
class WeightRows(Intervention):
    """`sample_weight` of `weight` for the few rows whose target is not that of nearly all others."""

    kind: ClassVar[str] = "labels"
    cost: ClassVar[float] = 3

    weight: float

    @property
    def label(self) -> str:
        """What is done."""
        return f"rows with another target than the rest weighted {self._written}"

    @property
    def _written(self) -> str:
        return number(self.weight).removesuffix(".0")

    @property
    def conflicts(self) -> frozenset[str]:
        """The weights of rows."""
        return frozenset({"fit.weights"})

    def reason(self, before: Recipe) -> str:
        """What they are among."""
        rows, _ = exceptions(before)
        return f"{len(rows)} of {before.train.rows} rows: more than their share of the loss"

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe with these weights.

        Raises:
            NotSupported: rows have weights already, or no target is that of nearly all rows.
        """
        if recipe.sample_weight is not None or recipe.class_weight is not None:
            raise NotSupported("The rows have weights already.")
        rows, _ = exceptions(recipe)
        weights = np.ones(len(network.single_array(recipe.y, "targets")), np.float32)
        weights[rows] = self.weight
        return replace(recipe, sample_weight=weights)

    def edit(self, script: Script, before: Recipe, after: Recipe) -> Edits | None:
        """The weights on a line before `fit`, and its argument."""
        call = method_call(script, before, "fit")
        y = None if call is None else call.argument("y", 1)
        rows, usual = exceptions(before)
        targets = network.single_array(before.y, "targets").reshape(-1)
        if call is None or y is None or call.has_hidden_arguments or not y.code.isidentifier() or (
                before.taped or len(usual) > 1):
            return None
        told = number(float(usual[0])).removesuffix(".0")
        if not np.array_equal(np.flatnonzero(targets != float(told)), rows):
            return None  # it cannot be spelled in so few digits
        numpy, imports = script.module_alias("numpy", call.span)
        name = free_name(script, "weights")
        put = call.insert_statement_before(
            f"{name} = {numpy}.where({numpy}.ravel({y.code}) != {told},"
            f" {self._written}, 1)")
        given = call.set_argument("sample_weight", name, position=10)
        return None if put is None or given is None else (*imports, *put, *given)


def balanced(recipe: Recipe) -> float:
    """The weight with which the exceptions count as much as all other rows. Raises NotSupported."""
    rows, _ = exceptions(recipe)
    count = len(network.single_array(recipe.y, "targets"))
    return float(two_digits((count - len(rows)) / len(rows)))


def exceptions(recipe: Recipe) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """The rows whose target is not that of nearly all others, and that target.

    Raises:
        NotSupported: there are several arrays of targets, or no such rows.
    """
    targets = network.single_array(recipe.y, "targets")
    flat = targets.reshape(len(targets), -1)
    usual = flat[len(flat) // 2]
    for candidate in flat[np.linspace(0, len(flat) - 1, 9).astype(int)]:
        if (flat == candidate).all(axis=1).mean() > (flat == usual).all(axis=1).mean():
            usual = candidate
    rows = np.flatnonzero((flat != usual).any(axis=1))
    if not 0 < len(rows) <= FEW * len(flat):
        raise NotSupported("No target is that of nearly all rows.")
    return rows, usual
