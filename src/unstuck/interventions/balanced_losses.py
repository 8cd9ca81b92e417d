"""Losses of several outputs, weighted so that a constant output has the same loss in each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from unstuck.base.errors import NotSupported
from unstuck.network import outputs
from unstuck.network.recipe import Recipe
from unstuck.script import Script

from ._loss import OfLossWeights, weights_edits
from ._source import Edits

FURTHEST = 1e4
"""So many times larger a loss may be for a weight to be what a person would write."""


@dataclass(frozen=True, kw_only=True)
class BalancedLosses(OfLossWeights):
    """These `weights`, by output, in the place of those that the losses had."""

    weights: tuple[tuple[str, float], ...]

    @classmethod
    def of(cls, recipe: Recipe, baselines: Iterable[float | None]) -> BalancedLosses:
        """One over the loss of the best constant, for each output.

        Args:
            recipe: a network with several outputs.
            baselines: that loss for each output, with the weight that it has now.

        Raises:
            NotSupported: one of them is not known, or is 0; or they are so far apart that what is wrong
                is the scale of the targets.
        """
        known = [baseline for baseline in baselines if baseline]
        names, now = outputs.names(recipe), outputs.in_order(recipe, recipe.loss_weights)
        if not 2 <= len(names) == len(known) == len(now):
            raise NotSupported("The losses of constant outputs are not known for all outputs.")
        if max(known) > FURTHEST * min(known):
            raise NotSupported("The losses of constant outputs are too far apart for weights: the scale"
                               " of the targets is what can be changed.")
        return cls(weights=tuple(
            (name, float(f"{(1.0 if weight is None else weight) / baseline:.2g}"))
            for name, weight, baseline in zip(names, now, known, strict=True)))

    @property
    def label(self) -> str:
        """What is done."""
        shown = ", ".join(f"{name} × {weight:g}" for name, weight in self.weights)
        return f"losses of the outputs balanced ({shown})"

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe with these weights, in the form that its losses have."""
        if recipe.target_units is not None:
            raise NotSupported("The weights are for targets that are not scaled.")
        if tuple(name for name, _ in self.weights) != outputs.names(recipe):
            raise NotSupported("The network has other outputs.")
        # One loss for all outputs takes one weight; each output has to have its own.
        return replace(
            recipe, loss=outputs.packed(recipe, outputs.in_order(recipe, recipe.loss)),
            loss_weights=outputs.packed(recipe, [weight for _, weight in self.weights]))

    def edit(self, script: Script, before: Recipe, after: Recipe) -> Edits | None:
        """The arguments of `compile`."""
        return weights_edits(script, before, after)
