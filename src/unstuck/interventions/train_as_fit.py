"""A loop of the user's own, in one thing trained as `fit` would."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

from unstuck.base.errors import NotSupported
from unstuck.network.loops import Loop
from unstuck.network.recipe import Recipe
from unstuck.script import Script
from unstuck.script.nodes import NodeEdits, parsed

from . import Intervention
from ._source import Edits, set_value, site_call

What = Literal["training", "regularised", "untrained", "optimizer_for", "clears", "steps_every",
               "training_for"]

_LABELS: Mapping[What, str] = {
    "training": "the forward pass in the mode of training",
    "regularised": "the penalties (model.losses) added to the loss",
    "untrained": "all trainable weights trained",
    "optimizer_for": "the optimizer made once, before the loop",
    "clears": "gradients cleared before each backward pass",
    "steps_every": "a step after every batch",
    "training_for": "the mode of training for all updates",
}


_REASONS: Mapping[What, str] = {
    "training": "the network was in the mode of inference while it was trained",
    "training_for": "the network stayed in the mode of inference",
    "untrained": "the optimizer did not have all parameters",
    "steps_every": "the optimizer made a step after some of the batches only",
}
_OF_CLEARING = {"never": "gradients were never cleared",
                "lost": "gradients were cleared before the step"}


@dataclass(frozen=True, kw_only=True)
class TrainAsFit(Intervention):
    """What `fit` does by itself, and a loop has left out.

    Attributes:
        what: a field of `network.loops.Loop`, which is set to its default.
    """

    kind: ClassVar[str] = "other"
    cost: ClassVar[float] = 2

    what: What

    @property
    def label(self) -> str:
        """What is done."""
        return _LABELS[self.what]

    def reason(self, before: Recipe) -> str:
        """How it was."""
        clears = "" if before.loop is None else _OF_CLEARING.get(before.loop.clears, "")
        return (clears if self.what == "clears" and clears else
                _REASONS.get(self.what) or super().reason(before))

    @property
    def site(self) -> str:
        """The part it changes."""
        return {"training": "forward", "training_for": "forward", "untrained": "update",
                "clears": "zero_grad", "steps_every": "step"}.get(self.what, "optimizer")

    @property
    def conflicts(self) -> frozenset[str]:
        """One property of the loop."""
        return frozenset({f"loop.{self.what}"})

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe with a loop that does it; with none, where nothing else is left out."""
        usual: Any = getattr(Loop(), self.what)
        if recipe.loop is None or getattr(recipe.loop, self.what) == usual:
            raise NotSupported("The loop does what fit does.")
        loop = replace(recipe.loop, **{self.what: usual})
        if self.what == "steps_every" and loop.clears == "batch":  # which is now the same
            loop = replace(loop, clears="step")
        return recipe.with_loop(loop)

    def edit(self, script: Script, before: Recipe, after: Recipe) -> Edits | None:
        """The argument `training`, or the model's variables in the place of some.

        The others hang on more than one place, and are only shown.
        """
        if self.what == "untrained":
            return _all_variables(script, before)
        call = site_call(script, before, "forward") if self.what == "training" else None
        return None if call is None else set_value(call, "training", "True")


def _all_variables(script: Script, before: Recipe) -> Edits | None:
    """`head.trainable_variables` as `model.trainable_variables`, wherever it is written.

    `None` where what the update is given is not of that form, or the model has no plain name.
    """
    spans = before.sites.get("forward"), before.sites.get("update")
    tree = parsed(script)
    calls = {(n.lineno, n.col_offset, n.end_lineno, n.end_col_offset): n for n in ast.walk(tree)
             if isinstance(n, ast.Call)}
    forward, update = (None if span is None else calls.get(
        (span.line, span.column, span.end_line, span.end_column)) for span in spans)
    if forward is None or update is None or not isinstance(forward.func, ast.Name | ast.Attribute):
        return None
    written = [n for n in ast.walk(update) if isinstance(n, ast.Attribute)
               and n.attr in ("trainable_variables", "trainable_weights", "variables", "weights")]
    if len(written) != 1 or ast.unparse(written[0].value) == ast.unparse(forward.func):
        return None
    edits = NodeEdits(script)
    name = f"{ast.unparse(forward.func)}.{written[0].attr}"
    return tuple(edit for node in ast.walk(tree)
                 if isinstance(node, ast.Attribute) and ast.dump(node) == ast.dump(written[0])
                 for edit in edits.replaced(node, name))


def left_out(loop: Loop) -> tuple[What, ...]:
    """What a loop does otherwise than `fit`.

    Gradients that are added up over several batches, and then stepped with, are no such thing.
    """
    usual = Loop()
    found = tuple(what for what in _LABELS if getattr(loop, what) != getattr(usual, what))
    if loop.clears == "batch":  # a step after every batch loses none of them
        return tuple(what for what in found if what != "clears")
    adds_up = loop.clears == "step" and loop.steps_every > 1
    return tuple(what for what in found if what != "steps_every" or not adds_up)
