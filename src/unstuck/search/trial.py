"""One change against the script as it is, on the same seeds, and what that shows.

`Trial` holds which replicas learned in the control and in the treatment; `judge` is the only place
that says "cause". The rules are DESIGN's: exact McNemar on rescued and broken replicas, Holm over
all arms that were run, and bounds that stay valid under racing (`stats.confidence_at`). Reports
give the plain 95 % interval of where an arm was left: since the wider bounds decide when that is,
it covers what it says (measured: `benchmarks/calibration.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from unstuck.base.stats import (
    PLANNED,
    PairedEffect,
    Rate,
    confidence_at,
    holm,
    paired_effect,
    pairs_to_decide,
    sequential_p,
    success_rate,
)
from unstuck.interventions import Changes
from unstuck.result.results import Verdict

USEFUL = 0.20
"""A cause must rescue at least this share of all replicas, by the lower bound of the interval."""
NEGLIGIBLE = 0.05
"""A change is acquitted when the upper bound of its effect is below this."""
SIGNIFICANCE = 0.01
"""For p-values corrected for all arms (CAUSES.md § 1)."""

Learned = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False)
class Trial:
    """Changes tried on the control's first seeds: who learned, shaped [replica].

    `planned` is the number of pairs that the looks were planned for, before the first of them.
    """

    changes: Changes
    control: Learned
    treatment: Learned
    checks: tuple[str, ...] = ()
    seconds: float = 0.0
    planned: int = PLANNED

    @property
    def replicas(self) -> int:
        """Pairs."""
        return len(self.treatment)

    @property
    def rate(self) -> Rate:
        """The treatment's success rate with its 95 % interval."""
        return success_rate(self.treatment)

    @property
    def effect(self) -> PairedEffect:
        """The paired difference with its 95 % interval, as reports give it."""
        return paired_effect(self.control[:self.replicas], self.treatment)

    @property
    def bounds(self) -> PairedEffect:
        """The same, its interval widened for the looks taken: what verdicts rest on."""
        return paired_effect(self.control[:self.replicas], self.treatment,
                             confidence=confidence_at(self.replicas, planned=self.planned))


@dataclass(frozen=True, kw_only=True, eq=False)
class Judged:
    """A trial with its verdict and what it rests on."""

    trial: Trial
    effect: PairedEffect
    verdict: Verdict
    p_holm: float
    company: tuple[str, ...] = ()
    to_decide: int | None = None


def judge(trials: Sequence[Trial]) -> list[Judged]:
    """The verdict on every arm, corrected for all of them together."""
    if not trials:
        return []
    effects = [trial.effect for trial in trials]
    corrected = holm([sequential_p(e.p_value, e.pairs, planned=trial.planned)
                      for trial, e in zip(trials, effects, strict=True)])
    return [
        Judged(
            trial=trial, effect=effect, p_holm=float(p),
            verdict=(verdict := rule(trial.bounds, float(p))),
            to_decide=pairs_to_decide(effect, useful=USEFUL, negligible=NEGLIGIBLE,
                                      planned=trial.planned)
            if verdict == "undecided" else None,
        )
        for trial, effect, p in zip(trials, effects, corrected, strict=True)
    ]


def rule(effect: PairedEffect, p_holm: float) -> Verdict:
    """DESIGN's table of verdicts for one change alone; `effect` is a trial's `bounds`.

    An effect that is surely positive but surely below `NEGLIGIBLE` is an acquittal: with many
    replicas every difference is significant, and nobody would call it a reason. Harm is claimed
    like help, corrected for all arms: among twenty that do nothing, some interval often misses 0.
    """
    if p_holm < SIGNIFICANCE and effect.low >= USEFUL:
        return "cause"
    if p_holm < SIGNIFICANCE and effect.high < 0:
        return "harmful"
    if effect.high < NEGLIGIBLE:
        return "acquitted"
    if p_holm < SIGNIFICANCE and effect.low > 0:
        return "contributes"
    return "undecided"


def in_company(judged: Judged, others: Sequence[str]) -> Judged:
    """The same arm as one that cures only together with others: shown by leaving it out."""
    if judged.verdict in ("cause", "contributes"):
        return judged
    return replace(judged, verdict="needs company", company=tuple(others))
