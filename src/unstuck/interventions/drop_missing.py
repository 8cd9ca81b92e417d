"""Rows that hold NaN or infinity, left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import keras

from unstuck.base.errors import NotSupported
from unstuck.goal.rows import without_missing
from unstuck.network.recipe import Recipe
from unstuck.script import Script

from . import Intervention
from ._source import Edits, free_name, method_call, pair_of_names

LEAST_LEFT = 0.5
"""Share of the rows that have to be left: what is learned from fewer is another task."""


@dataclass(frozen=True, kw_only=True)
class DropMissing(Intervention):
    """Only rows whose inputs and targets are all finite, to train on and to validate on.

    What belongs in place of a missing value only the one who knows the data can say; that a row is left
    out shows what else there is to mend.
    """

    kind: ClassVar[str] = "other"
    cost: ClassVar[float] = 8

    @property
    def label(self) -> str:
        """What is done."""
        return "rows with missing values left out"

    @property
    def stage(self) -> int:
        """Before anything is worked out from the rows."""
        return 0

    @property
    def conflicts(self) -> frozenset[str]:
        """Which rows there are."""
        return frozenset({"fit.rows"})

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe without them.

        Raises:
            NotSupported: there are none, too few are left, or rows are tied to batches.
        """
        if recipe.taped or recipe.batches != "drawn":
            raise NotSupported("The data come in batches, whose rows belong together.")
        kept = without_missing(recipe)
        if kept is recipe:
            raise NotSupported("No value is missing, or one in every row.")
        left = len(keras.tree.flatten(kept.x)[0]) / len(keras.tree.flatten(recipe.x)[0])
        if left < LEAST_LEFT:
            raise NotSupported(f"Values are missing in {100 * (1 - left):.0f} % of the rows.")
        return kept

    def edit(self, script: Script, before: Recipe, after: Recipe) -> Edits | None:
        """Lines before `fit` that take the complete rows of its arrays, where names hold them."""
        call = method_call(script, before, "fit")
        if call is None or call.has_hidden_arguments or call.in_loop_or_comprehension or (
                call.in_function or before.sample_weight is not None):
            return None
        given = (call.argument("x", 0), call.argument("y", 1))
        held = call.argument("validation_data", 7)
        pairs = [tuple(one.code for one in given if one is not None)]
        if before.validation_data is not None:
            pairs.append(pair_of_names(held.code if held is not None else "") or ())
        numpy, imports = script.module_alias("numpy", call.span)
        rows = free_name(script, "complete")
        lines = []
        for pair in dict.fromkeys(pairs):
            if len(pair) != 2 or not all(name.isidentifier() for name in pair):
                return None
            tests = [f"{numpy}.isfinite({numpy}.asarray({name}, float).reshape(len({name}), -1))"
                     ".all(axis=1)" for name in dict.fromkeys(pair)]
            names = ", ".join(dict.fromkeys(pair))
            lines += [f"{rows} = {' & '.join(tests)}",
                      f"{names} = {', '.join(f'{name}[{rows}]' for name in dict.fromkeys(pair))}"]
        put = call.insert_statement_before("\n".join(lines))
        return None if put is None else (*imports, *put)
