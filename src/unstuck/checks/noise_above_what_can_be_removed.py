"""Noise that hides what is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from . import Check, Family, Finding, Observation, measured
from ._words import number, percent


@dataclass(frozen=True)
class NoiseAboveWhatCanBeRemoved(Check):
    """There is so much noise on the inputs that even the best denoiser stays far from clean outputs.

    ## What it sees
    A denoiser with few clean patterns and noise of a known kind, whose level it estimates from the
    rows. The best denoiser there can be is then known, and its expected loss is more than the share
    `hidden` of that of the best constant output.

    ## Why learning stops
    It stops where knowledge stops: different patterns lead to the same noisy row, and all that can
    be said is how probable each of them is. No network, no data and no time change that.

    ## What it tries
    Nothing: less noise is another task.

    ## Example
        x_noisy = x + 1.0 * rng.normal(size=x.shape)     # two bits: 31 % wrong at best
        x_noisy = x + 0.25 * rng.normal(size=x.shape)    # 2 %

    ## When it is wrong
    It is arithmetic for noise that is independent from element to element, which is checked.

    ## References
    The posterior mean minimises squared error and cross-entropy: Bishop 2006, Pattern Recognition
    and Machine Learning, section 1.5.5.
    """

    family: ClassVar[Family] = Family.AUTOENCODER
    of_the_end: ClassVar[bool] = True
    always: ClassVar[bool] = True

    # Half of what could be learned is gone.
    hidden: float = 0.5

    def look(self, seen: Observation) -> Iterator[Finding]:
        """The Bayes floor against the constant output."""
        goal = seen.goal
        best = next((level for level in goal.levels if level.here is not None), None)
        if best is None or goal.noise is None or not goal.baseline:
            return
        share = best.loss / goal.baseline
        if share < self.hidden:
            return
        wrong = "" if best.wrong is None else f" and {percent(best.wrong)} of the values wrong"
        yield self.fact(
            f"After {goal.noise.text}, the best denoiser there can be has a loss of"
            f" {number(best.loss)}{wrong}; a constant output has {number(goal.baseline)}.",
            measured("loss of the best denoiser over that of a constant output", share, self.hidden),
            site="fit",
        )
