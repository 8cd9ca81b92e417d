"""A class so rare that answering without it pays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from unstuck.interventions.class_weights import ClassWeights

from . import Check, Family, Finding, Observation, measured
from . import _data as data
from ._words import number, percent


@dataclass(frozen=True)
class ImbalancedClasses(Check):
    """One class is so rare that never to name it is nearly right.

    ## What it sees
    The classes of the rows trained on: the rarest has less than `rare` of the share that it would
    have among equally frequent ones, in a network that fails and whose rows have no weights yet.

    ## Why learning stops
    The gradient is a mean over rows, and the rare class has a small part in it. The first thing a
    network learns is how often each class comes; until it has seen enough of the rare ones, all
    outputs are the frequent class, with an accuracy of its share that looks like success.

    ## What it tries
    Weights by class, such that each has the same part in the loss.

    ## Example
        model.fit(x, y)                                  # 3 of 100 rows are positive: sick
        model.fit(x, y, class_weight={0: 0.5, 1: 17})    # cured

    ## When it is wrong
    Weighting trades accuracy for recall: where classes overlap, the plain loss names the rare one
    seldom because that is right. With enough steps most networks learn rare classes as well.

    ## References
    King and Zeng 2001, Logistic Regression in Rare Events Data. Buda et al. 2018, A systematic
    study of the class imbalance problem, arxiv.org/abs/1710.05381.
    """

    family: ClassVar[Family] = Family.LABELS

    # Two classes: below 10 %; ten classes: below 2 %.
    rare: float = 0.2

    def look(self, seen: Observation) -> Iterator[Finding]:
        """The rarest class."""
        found = data.labels(seen.recipe)
        if found is None or not seen.goal.task.discrete or (
                seen.recipe.train.sample_weight is not None):
            return
        shares = np.bincount(found) / len(found)
        shares = shares[shares > 0]
        if len(shares) < 2 or shares.min() >= self.rare / len(shares):
            return
        score = seen.typical(seen.control.score[:, 0])
        yield self.suspicion(
            f"The rarest of {len(shares)} classes has {percent(float(shares.min()))} of the rows"
            f" trained on, the most frequent {percent(float(shares.max()))}; the usual failing"
            f" training is right in {percent(score)}, always the most frequent in"
            f" {percent(seen.goal.constant)}." if np.isfinite(score) else
            f"The rarest of {len(shares)} classes has {number(float(shares.min()))} of the rows.",
            measured("share of the rarest class", float(shares.min()), self.rare / len(shares)),
            site="fit", tries=(ClassWeights(),),
        )
