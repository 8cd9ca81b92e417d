"""Another share of the rows, or none, kept from training for validation."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import ClassVar

from unstuck.base.errors import NotSupported
from unstuck.network.recipe import Recipe
from unstuck.script import Script

from . import Intervention
from ._source import Edits, method_call, number, set_value, tidy

_READS_VALIDATION = re.compile(r"""["']val_""")


@dataclass(frozen=True, kw_only=True)
class ValidationSplit(Intervention):
    """The last `value` (0 to 1) of the rows are validated on; with 0, all are trained on."""

    kind: ClassVar[str] = "validation_split"
    cost: ClassVar[float] = 1

    value: float = 0.0

    @property
    def label(self) -> str:
        """What is done."""
        return f"validation_split → {self.value:.4g}" if self.value else "no validation_split"

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe with this split."""
        if not recipe.validation_split or recipe.validation_data is not None:
            raise NotSupported("No validation_split takes rows away from training.")
        return replace(recipe, validation_split=float(tidy(self.value)))

    def edit(self, script: Script, before: Recipe, after: Recipe) -> Edits | None:
        """The argument of `fit`, gone for 0; not where the script reads "val_loss" and the like."""
        call = method_call(script, before, "fit")
        if call is None:
            return None
        if after.validation_split:
            return set_value(call, "validation_split", number(after.validation_split), position=6)
        if _READS_VALIDATION.search(script.text):
            return None
        gone = call.remove_argument("validation_split", position=6)
        return gone if gone else call.set_argument("validation_split", "0.0", position=6)
