"""Success that depends on the draw."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from . import Check, Evidence, Family, Finding, Observation
from ._words import number


@dataclass(frozen=True)
class FragileSeeds(Check):
    """The same script learns or fails by the seed it happens to draw.

    ## What it sees
    A population in which between `least` and `most` of the replicas learn, and the losses of those
    that do and those that do not lie apart.

    ## Why learning stops
    In the replicas that fail, it stops at a plateau that the draw of the weights led to: usually
    too few units survive, or two of them do the same. A single run says nothing about such a
    script: repeat it, and it will behave otherwise.

    ## What it tries
    Nothing of its own: luck is a symptom. What takes it away (more room, units that cannot die, a
    better rate) other checks propose, and the trials of those say how many replicas it rescues.

    ## Example
        layers.Dense(3, activation="relu")     # XOR: learned by some seeds
        layers.Dense(32, activation="relu")    # by all

    ## When it is wrong
    "Fragile" is not "wrong": the script is right for some seeds, and one failing run of a healthy
    script is no fault. Its success rate is stated with its interval.

    ## References
    Bouthillier et al. 2021, Accounting for Variance in Machine Learning Benchmarks,
    arxiv.org/abs/2103.03098.
    """

    family: ClassVar[Family] = Family.INITIALIZATION
    of_rates: ClassVar[bool] = True
    of_the_end: ClassVar[bool] = True

    # The limits of "stuck" and "learns".
    least: float = 0.05
    most: float = 0.95
    # With fewer replicas a share says nothing.
    replicas: int = 8

    def look(self, seen: Observation) -> Iterator[Finding]:
        """How many learn, and where the others end."""
        of, learned = seen.control.replicas, ~seen.failing
        rate = float(learned.mean())
        if of < self.replicas or not self.least <= rate <= self.most:
            return
        loss = seen.control.final_loss
        good, bad = float(np.median(loss[learned])), seen.typical(loss)
        if np.isfinite(bad) and not bad > float(np.max(loss[learned])):
            return
        yield self.fact(
            f"{int(learned.sum())} of {of} trainings learn, by the seed alone: they end at a loss of"
            f" {number(good)}, the others at {number(bad)}. A single run cannot tell whether a"
            " change to this script helps.",
            Evidence(quantity="trainings that learn", value=rate, threshold=self.most,
                     unit="share of trainings", replicas=int(learned.sum()), of=of),
            site="fit",
        )
