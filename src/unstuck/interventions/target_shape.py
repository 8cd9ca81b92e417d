"""Targets as a column, or as plain numbers, where a loss of one's own wants the other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from unstuck.base.errors import NotSupported
from unstuck.network.recipe import Recipe
from unstuck.script import Script

from . import Intervention
from . import _network as network
from ._source import Edits, method_call, pair_of_names
from ._target_lines import targets_handed_over, targets_named


@dataclass(frozen=True, kw_only=True)
class TargetShape(Intervention):
    """Targets of the shape (rows, 1) for those of (rows,); the reverse without `column`."""

    kind: ClassVar[str] = "target_encoding"
    cost: ClassVar[float] = 1

    column: bool

    @property
    def label(self) -> str:
        """What is done."""
        return f"targets of the shape {'(rows, 1)' if self.column else '(rows,)'}"

    @property
    def stage(self) -> int:
        """Before anything is worked out from the targets."""
        return 0

    @property
    def conflicts(self) -> frozenset[str]:
        """The targets' shape."""
        return frozenset({"fit.target_shape"})

    def reason(self, before: Recipe) -> str:
        """How they met."""
        shape = "(rows, 1)" if self.column else "(rows,)"
        return f"targets as {shape}, as the outputs: each row met all others"

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe with such targets.

        Raises:
            NotSupported: there are several arrays of targets, or they have another shape.
        """
        y, held = network.single_array(recipe.y, "targets"), recipe.validation_data
        if y.ndim != (1 if self.column else 2) or (y.ndim == 2 and y.shape[1] != 1):
            raise NotSupported(f"The targets have the shape {y.shape}.")
        return replace(recipe, y=self._shaped(y), validation_data=None if held is None else replace(
            held, y=self._shaped(network.single_array(held.y, "targets"))))

    def _shaped(self, y: Any) -> Any:
        return np.asarray(y).reshape((-1, 1) if self.column else (-1,))

    def edit(self, script: Script, before: Recipe, after: Recipe) -> Edits | None:
        """The argument of `fit`, and the targets that are held back."""
        call = method_call(script, before, "fit")
        y = None if call is None else targets_named(call, before)
        if call is None or call.has_hidden_arguments or y is None:
            return None
        numpy, imports = script.module_alias("numpy", call.span)
        if plain := "y" in before.plain and y.isidentifier():
            imports = ()

        def shaped(code: str) -> str:
            if plain:
                return f"{code}.reshape({'-1, 1' if self.column else '-1'})"
            return f"{numpy}.reshape({code}, {'(-1, 1)' if self.column else '-1'})"

        edits = targets_handed_over(script, call, before, y, shaped, pair_of_names)
        return None if edits is None else (*imports, *edits)
