from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from . import Check, Family, Finding, Observation, measured


@dataclass(frozen=True)
class ModeCollapse(Check):
    """A generator makes nearly the same thing of all its noise.

    ## What it sees
    A step that trains two networks against each other, and what it makes up at the end of each
    training: how much that differs from draw to draw (the mean over all numbers of the standard
    deviation over draws), as a share of how much the real rows differ. Below `least` it is collapse.

    ## Why learning stops
    The generator is paid for one output that the discriminator takes for real. Nothing in its loss asks
    for another one. The discriminator learns that output, the generator moves on to the next, and the
    two go in circles.

    ## What it tries
    Nothing: what one network is to learn depends on the other, so that nothing tells whether a change
    has helped. What people try: a smaller rate for the one that wins, label smoothing, spectral
    normalisation, a Wasserstein loss with a gradient penalty.

    ## Example
        gan.compile(d_optimizer=Adam(1e-5), g_optimizer=Adam(0.05))  # it runs after one output: sick
        gan.compile(d_optimizer=Adam(1e-3), g_optimizer=Adam(1e-3))  # they keep pace

    ## When it is wrong
    That outputs hardly differ is a measurement. A generator that has hardly been trained makes alike
    things, too: look at its loss. The opposite, variety without likeness, is not told here.

    ## References
    Goodfellow, NIPS 2016 tutorial: Generative adversarial networks, section 5.1.
    """

    family: ClassVar[Family] = Family.LOSS
    of_the_end: ClassVar[bool] = True
    of_rivals: ClassVar[bool] = True

    # Real rows differ by 1. One of four groups of them, as wide as the group, differs by 0.1 or less.
    least: float = 0.1

    def look(self, seen: Observation) -> Iterator[Finding]:
        """Trainings whose made-up rows are alike."""
        if not seen.goal.undecided:
            return
        variety = seen.control.score[:, 0]
        alike = np.nan_to_num(variety, nan=1.0) < self.least
        shown = seen.shown(alike)
        if shown.share < self.often:
            return
        share = seen.typical(variety, alike)
        yield self.fact(
            f"In {shown.replicas} of {shown.of} trainings what is made up is nearly the same for all"
            f" noise: it differs by {100 * share:.2g} % of how much the real rows do (mode collapse).",
            measured("spread of what is made up, by that of the rows", share, self.least, shown=shown))
