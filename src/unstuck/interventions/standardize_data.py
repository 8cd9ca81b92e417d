"""Columns of one scale for a network that is to give back what it gets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from unstuck.base.errors import NotSupported
from unstuck.goal.tasks import are_unlike
from unstuck.network.recipe import Recipe, Units
from unstuck.script import Script

from . import Intervention
from ._same_data import fit_of_named_data, same_data
from ._scales import NEAR, shown
from ._source import Edits, free_name


@dataclass(frozen=True, kw_only=True)
class StandardizeData(Intervention):
    """Inputs and targets, which are the same table, with each column brought to mean 0, spread 1.

    What the network puts out, and what it is judged by, is then all columns, not the largest.
    """

    kind: ClassVar[str] = "target_encoding"
    cost: ClassVar[float] = 4

    @property
    def label(self) -> str:
        """What is done."""
        return "data standardised"

    @property
    def touches(self) -> frozenset[str]:
        """Inputs and targets."""
        return frozenset({"target_encoding", "input_scale"})

    @property
    def conflicts(self) -> frozenset[str]:
        """All that scales inputs or targets."""
        return frozenset({"fit.input_scale", "fit.target_encoding"})

    def reason(self, before: Recipe) -> str:
        """How far the columns spread."""
        spreads = np.asarray(_units(before).spread)
        least, largest = (shown(float(how(spreads))) for how in (np.min, np.max))
        return f"columns had spreads of {least} to {largest}: brought to mean 0, spread 1"

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe on standardised data; what it is judged by stays in the user's units.

        Raises:
            NotSupported: inputs and targets differ, are no table, share a scale that begins at 0, as
                pixels do, or are standardised already.
        """
        return replace(recipe, data_units=_units(recipe))

    def edit(self, script: Script, before: Recipe, after: Recipe) -> Edits | None:
        """Lines before `fit`, where one name holds the data, and no other data are read later."""
        found = fit_of_named_data(script, before)
        if found is None or "x" not in before.plain:
            return None
        call, names = found
        mean, spread = (free_name(script, f"{names[0]}_{what}") for what in ("mean", "std"))
        lines = [f"# in the old units: {call.callee.removesuffix('.fit')}.predict({names[0]})"
                 f" * {spread} + {mean}",
                 f"{mean}, {spread} = {names[0]}.mean(axis=0), {names[0]}.std(axis=0)"]
        if _constant(same_data(before)).any():
            lines.append(f"{spread}[{names[0]}.max(axis=0) == {names[0]}.min(axis=0)] = 1"
                         "  # columns that are constant")
        return call.insert_statement_before("\n".join(
            [*lines, *(f"{name} = ({name} - {mean}) / {spread}" for name in names)]))


def _units(recipe: Recipe) -> Units:
    values = same_data(recipe).astype(np.float64)
    if values.ndim != 2 or values.shape[1] < 2 or not np.isfinite(values).all():
        raise NotSupported("Only a table of numbers has columns to standardise.")
    if values.min() >= 0 and not are_unlike(values):
        raise NotSupported("The columns share a scale that begins at 0.")
    constant = _constant(values)
    mean, spread = values.mean(0), np.where(constant, 1.0, values.std(0))
    if np.abs(mean).max() <= NEAR and np.abs(np.log(spread)).max() <= NEAR:
        raise NotSupported("The data are standardised already.")
    return Units(mean=tuple(map(float, mean)), spread=tuple(map(float, spread)))


def _constant(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Which columns are: their spread is 0 but for rounding."""
    return np.asarray(values.max(0) == values.min(0))
