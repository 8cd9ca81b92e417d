"""A loss of one's own that falls while the answers get no better."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from unstuck.interventions.swap_labels import SwapLabels
from unstuck.network import adapter

from . import Check, Family, Finding, Observation, measured
from . import _anatomy as anatomy
from . import _own_loss as own_loss
from . import _tries as tries
from ._words import number


@dataclass(frozen=True)
class OwnLossMisleads(Check):
    """A loss of the user's own is minimised, and what it rewards are not the right answers.

    ## What it sees
    A loss that is not one of Keras's, in a network that fails. It is asked what it says of answers
    that are all right: where these cost more than the same answers shuffled among the rows, or just
    as much, that is a fact. Of a distance between two inputs it is asked which label it pulls
    together, and the inputs how far apart they are. Else it is told by training: the loss fell, by
    more than `fell` of its first value or below zero or to no number at all, while the yardstick is
    no better than a constant output's.

    ## Why learning stops
    The optimizer does its work on the wrong thing. A sign the wrong way round rewards distance, a
    mean over the wrong axis forgets which row was which, a similarity that is returned as it is,
    and not negated, is driven down. A contrastive loss whose terms stand the wrong way round for the
    labels pulls apart what is alike.

    ## What it tries
    A loss of Keras's own that belongs to these targets; of pairs, the labels swapped.

    ## Example
        keras.ops.mean(y_pred * y_true, axis=-1)     # a likeness, made small: sick
        -keras.ops.mean(y_pred * y_true, axis=-1)    # cured

    ## When it is wrong
    Some losses are meant for something else than answers near the targets.

    ## References
    Humbatova et al. 2020, Taxonomy of real faults in deep learning systems,
    arxiv.org/abs/1910.11015, "wrong loss function calculation".
    """

    family: ClassVar[Family] = Family.LOSS
    of_targets: ClassVar[bool] = True

    fell: float = 0.3
    # Pairs of which the label says nothing are nearer in half of all cases.
    nearer: float = 0.6

    def look(self, seen: Observation) -> Iterator[Finding]:
        """The loss's way against the yardstick."""
        own = adapter.overrides(seen.recipe.architecture.source, "compute_loss")
        if seen.recipe.loss_config[0] != "custom" and not own:
            return
        told = [*self._of_answers(seen), *self._of_pairs(seen)]
        if told or seen.control.loss.shape[1] < 2:
            yield from told
            return
        first, last = seen.control.loss[:, 0], seen.control.loss[:, -1]
        with np.errstate(invalid="ignore"):
            down = (last < first - self.fell * np.abs(first)) | ~np.isfinite(last)
            score = np.nan_to_num(seen.control.score[:, 0], nan=-np.inf)
            better = score > seen.goal.constant + 0.1 * (seen.goal.ceiling - seen.goal.constant)
        shown = seen.shown(down & ~better)
        if shown.share < self.often or not shown.replicas:
            return
        yield self.suspicion(
            f"The loss, a function of your own, went from {number(seen.typical(first))} to"
            f" {number(seen.typical(last))} in {shown}, and the answers are no better than a"
            " constant: it rewards something else.",
            measured(seen.goal.metric, seen.typical(score), seen.goal.constant, shown=shown),
            site="loss",
            tries=tries.usual_loss(seen.recipe, seen.goal, anatomy.head(seen.recipe)),
        )

    def _of_answers(self, seen: Observation) -> Iterator[Finding]:
        """What the loss says of right answers, and of wrong ones."""
        found = own_loss.judged(seen.recipe, seen.goal)
        if not found or not all(one.blind or one.reversed for one in found):
            return
        one = found[0]
        says = "just as much" if one.blind else "more"
        yield self.fact(
            f"Answers that are all right cost {number(one.right)} by your loss, {says}"
            f"{' as' if one.blind else ' than'} the same answers shuffled among the rows"
            f" ({number(one.shuffled)}); their mean for every row costs {number(one.constant)}. So "
            + ("it cannot tell which answer belongs to which row." if one.blind
               else "it is made smaller by being wrong."),
            measured("loss of right answers", one.right, one.shuffled), site="loss",
            tries=tries.usual_loss(seen.recipe, seen.goal, anatomy.head(seen.recipe)),
        )

    def _of_pairs(self, seen: Observation) -> Iterator[Finding]:
        """Which pairs a loss on distances pulls together, and which of them are alike."""
        found = own_loss.pairs(seen.recipe, seen.goal)
        if found is None:
            return
        pulled = [same < other for same, other in zip(found.at_same, found.at_other, strict=True)]
        alike = 0 if found.nearer >= self.nearer else 1 if found.nearer <= 1 - self.nearer else None
        if alike is None or pulled[alike] or not pulled[1 - alike]:
            return
        close, apart = found.labels[alike], found.labels[1 - alike]
        yield self.suspicion(
            f"Pairs with the label {number(close)} are the ones that are alike: their inputs are"
            f" {number(found.distances[alike])} apart, those with {number(apart)}"
            f" {number(found.distances[1 - alike])}. Your loss wants them unlike: at an output of"
            f" {number(found.same)}, as for an input with itself, they cost"
            f" {number(found.at_same[alike])}, at {number(found.other)}"
            f" {number(found.at_other[alike])}; the others {number(found.at_same[1 - alike])} and"
            f" {number(found.at_other[1 - alike])}."
            " Its terms are the other way round than the labels.",
            measured("share of pairs that are nearer than one of the other label",
                     found.nearer if alike == 0 else 1 - found.nearer, self.nearer),
            site="loss", tries=(SwapLabels.of(seen.recipe),),
        )
