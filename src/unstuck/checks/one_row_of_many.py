"""A row that the solution hangs on, among a great many others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from unstuck.base.errors import NotSupported
from unstuck.interventions.weight_rows import WeightRows, balanced, exceptions

from . import Check, Family, Finding, Observation, measured
from . import _data as data
from ._words import number, percent


@dataclass(frozen=True)
class OneRowOfMany(Check):
    """A few rows say what nearly all others leave open, and are drowned by them in the loss.

    ## What it sees
    Targets that are the same in all rows but at most one in a hundred, under a loss that compares
    numbers, in a network that fails: such as the start condition of a differential equation among
    points at which the equation's residual is to be 0.

    ## Why learning stops
    A loss is a mean over rows. What one row of a thousand says has a thousandth of it, and an answer
    that suits all others is nearly as good as the right one; batches without that row do not know
    of it at all. Nothing at all solves many equations.

    ## What it tries
    A weight with which these rows count as much as all others together, and a tenth of it.

    ## Example
        model.fit(points, residuals)                                                 # sick
        model.fit(points, residuals, sample_weight=np.where(points == 0, 1000, 1))    # cured

    ## When it is wrong
    Exceptions may be errors in the data, which should count less. Rare classes are another matter:
    see imbalanced-classes.

    ## References
    Wang, Teng and Perdikaris 2021, Understanding and mitigating gradient flow pathologies in
    physics-informed neural networks, arxiv.org/abs/2001.04536.
    """

    family: ClassVar[Family] = Family.LOSS
    of_targets: ClassVar[bool] = True
    explains: ClassVar[tuple[str, ...]] = ("imbalanced-classes",)

    def look(self, seen: Observation) -> Iterator[Finding]:
        """The exceptions among the targets, their share, and how many batches hold one."""
        recipe = seen.recipe
        if recipe.sample_weight is not None or recipe.class_weight is not None or (
                "crossentropy" in recipe.loss_config[0] or not data.all_finite(recipe)):
            return
        try:
            rows, usual = exceptions(recipe)
            weight = balanced(recipe)
        except NotSupported:
            return
        (array,) = data.arrays(recipe.y)
        targets = array.reshape(len(array), -1)
        share, few = len(rows) / len(targets), len(rows)
        without = max(0.0, 1 - few * recipe.batch_size / len(targets))
        yield self.fact(
            f"{len(targets) - few:,} of {len(targets):,} targets are {_told(usual)}; that of row"
            f" {rows[0]} (counted from 0) is {_told(targets[rows[0]])}"
            f"{f', and {few - 1} more are others' if few > 1 else ''}. What"
            f" {'it says' if few == 1 else 'they say'} has {percent(share)} of the loss, a mean over"
            " rows"
            + (f", and {percent(without)} of the updates do not see it." if without else "."),
            measured("share of the loss", share, 0.01, "share of rows"), site="fit",
            tries=(WeightRows(weight=weight), WeightRows(weight=weight / 10)),
        )


def _told(target: data.Array) -> str:
    if len(target) == 1:
        return number(float(target[0]))
    return f"[{', '.join(number(float(one)) for one in target[:4])}{', …' * (len(target) > 4)}]"
