"""Something sensible in place of a number that marks a missing value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import keras
import numpy as np
from numpy.typing import NDArray

from unstuck.base.errors import NotSupported
from unstuck.network.data import Filled
from unstuck.network.layers import Layer
from unstuck.network.recipe import Recipe
from unstuck.script import Call, Script

from . import Intervention
from . import _network as network
from ._rows import rows_read
from ._source import Edits, free_name, input_call, method_call, number, own_call

Array = NDArray[Any]

TABLE = 64
"""Beyond so many columns they are pixels or the like."""
LEAST = 3
"""A reading that happens to be 999 does not come again to the last digit."""
DIFFERENT = 5
"""Fewer different values may be codes of something, of which 99 is one."""
LARGEST = 10**9
"""A saved change holds no larger number."""
FAR = 1.0
"""Long-tailed columns reach a few times as far as most of their values, but not in one leap."""


@dataclass(frozen=True, kw_only=True)
class FillMissing(Intervention):
    """The median of a column in place of `mark`, in the input columns `columns`.

    With `told`, a column more for each of them is 1 where the value was missing and 0 elsewhere.
    """

    kind: ClassVar[str] = "other"
    cost: ClassVar[float] = 4

    mark: float
    columns: tuple[int, ...]
    told: bool = False

    @property
    def label(self) -> str:
        """What is done."""
        told = ", and columns that tell where" if self.told else ""
        return f"{self._written} as missing: the median there{told}"

    @property
    def oddity(self) -> float:
        """Columns more are another network's input."""
        return 1.0 if self.told else 0.0

    @property
    def stage(self) -> int:
        """Before anything is worked out from the rows."""
        return 0

    @property
    def conflicts(self) -> frozenset[str]:
        """What stands for a missing value."""
        return frozenset({f"fit.missing {self._written}"})

    def reason(self, before: Recipe) -> str:
        """What the number says."""
        more = ", and a column tells where" if self.told else ""
        return f"{self._written} marks a missing value: the column's median there{more}"

    @property
    def _written(self) -> str:
        return number(self.mark).removesuffix(".0")

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe on filled inputs; what it is judged by stays as it was handed to `fit`.

        Raises:
            NotSupported: the inputs are no table, are the targets too, or have no such number.
        """
        x = network.single_array(recipe.scaled(recipe.x), "inputs")
        if x.ndim != 2 or x.dtype.kind not in "fiu" or x.shape[1] <= max(self.columns):
            raise NotSupported("Missing values are filled in a table with one row for each example.")
        if abs(self.mark) > LARGEST:
            raise NotSupported("A number as large as that is not written as one.")
        if any(np.array_equal(y, recipe.x) for y in keras.tree.flatten(recipe.y)):
            raise NotSupported("The inputs are the targets too: what is filled would be asked for.")
        filled = Filled(mark=self.mark, columns=self.columns, told=self.told,
                        instead=tuple(map(float, self._medians(x))))
        changed = replace(recipe, filled=(*recipe.filled, filled))
        if not self.told:
            return changed
        entry, wide = _entry(recipe), x.shape[1] + len(self.columns)
        return changed.with_layer(entry.name, batch_shape=(None, wide))

    def _medians(self, x: Array) -> Array:
        values = x[:, list(self.columns)].astype(np.float64)
        missing = values == self.mark
        if not missing.any() or missing.all(axis=0).any():
            raise NotSupported(f"No value is {self._written}, or all of a column are.")
        medians: Array = np.nanmedian(np.where(missing, np.nan, values), axis=0)
        return medians

    def edit(self, script: Script, before: Recipe, after: Recipe) -> Edits | None:
        """Lines that fill the rows of `fit`, and all that the network is asked about later."""
        call = method_call(script, before, "fit")
        rows = None if call is None else rows_read(script, before, call)
        if call is None or rows is None:
            return None
        shape: Edits | None = ()
        if self.told:
            width = after.architecture.layer(_entry(before).name).config["batch_shape"][1]
            shape = _wider(script, before, int(width))
        numpy, imports = script.module_alias("numpy", rows.first.span)
        medians = free_name(script, "medians")
        missing = self._missing(rows.names[0], before, numpy)
        lines = [f"{medians} = {numpy}.nanmedian({numpy}.where({missing}, {numpy}.nan,"
                 f" {rows.names[0]}), axis=0)"]
        edits: Edits = (*imports, *(shape or ()))
        for where, names in ((rows.first, rows.held), (call, rows.later)):
            lines += [self._line(name, before, numpy, medians) for name in names]
            put = where.insert_statement_before("\n".join(lines)) if lines else ()
            if put is None or shape is None:
                return None
            edits, lines = (*edits, *put), []
        return edits

    def _missing(self, name: str, before: Recipe, numpy: str) -> str:
        """The code for where values of a table are missing."""
        found = f"{name} == {self._written}"
        x = network.single_array(before.x, "inputs")
        if set(np.flatnonzero((x == self.mark).any(axis=0))) <= set(self.columns):
            return found
        return f"({found}) & {numpy}.isin({numpy}.arange({name}.shape[1]), {list(self.columns)})"

    def _line(self, name: str, before: Recipe, numpy: str, medians: str) -> str:
        filled = f"{numpy}.where({self._missing(name, before, numpy)}, {medians}, {name})"
        if not self.told:
            return f"{name} = {filled}"
        picked = f"{numpy}.asarray({name})[:, {list(self.columns)}] == {self._written}"
        return f"{name} = {numpy}.hstack([{filled}, {picked}])"


def _entry(recipe: Recipe) -> Layer:
    """The only input, where more columns may come in through it. Raises NotSupported."""
    entry = network.only_input(recipe)
    readers = network.readers(recipe, entry.name)
    if recipe.architecture.kept or not readers or any(reader.kind != "Dense" for reader in readers):
        raise NotSupported("More columns only come into dense layers with fresh weights.")
    return entry


def _wider(script: Script, before: Recipe, width: int) -> Edits | None:
    """The edit that tells the network of so many columns, where it is told of any."""
    entry = _entry(before)
    call: Call | None = input_call(script, before, entry)
    if call is not None:
        return None if call.argument("batch_shape") else call.set_argument(
            "shape", f"({width},)", position=0)
    first = own_call(script, before, network.readers(before, entry.name)[0])
    if first is None or first.has_hidden_arguments or first.argument("batch_input_shape"):
        return None
    for name, code in (("input_dim", f"{width}"), ("input_shape", f"({width},)")):
        if first.argument(name) is not None:
            return first.set_argument(name, code)
    return ()


def missing_marks(x: Array) -> dict[float, tuple[int, ...]]:
    """Numbers that mark missing values in a table [row, column], each with its columns.

    A number made of nines, or the end of a type's range, that comes again in a column and lies further
    from all its other values than these from each other.
    """
    found: dict[float, list[int]] = {}
    if x.ndim != 2 or x.shape[1] > TABLE or not len(x):
        return {}
    for column in range(x.shape[1]):
        for value in _marks_of(x[:, column]):
            found.setdefault(value, []).append(column)
    return {value: tuple(columns) for value, columns in found.items()}


def _marks_of(column: Array) -> Iterator[float]:
    values, often = np.unique(column, return_counts=True)
    for place in (0, -1):
        if often[place] < LEAST or not is_mark(float(values[place])):
            continue
        rest = np.delete(values, place).astype(np.float64)
        if len(rest) < DIFFERENT or not np.isfinite(rest).all():
            continue
        if float(np.abs(rest - float(values[place])).min()) > FAR * float(np.ptp(rest)):
            yield float(values[place])


def is_mark(value: float) -> bool:
    """True for a number of nines, from 99 on, of either sign, and for the ends of usual types."""
    if not np.isfinite(value) or value != round(value):
        return False
    if abs(value) >= 1e20 or abs(value) in (2**15, 2**15 - 1, 2**31, 2**31 - 1):
        return True
    return 99 <= abs(value) < 1e9 and set(str(int(abs(value)))) == {"9"}
