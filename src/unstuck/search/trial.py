"""One change against the script as it is, on the same seeds, and what that shows.

`Trial` holds which replicas learned in the control and in the treatment, `PutBack` what a cure loses
without one of its changes; `judge` is the only place that says "cause". The rules: exact McNemar on
rescued and broken replicas, or the rank sum of their scores where there are few; Holm over all arms
that were run and all that was put back; and bounds that stay valid under racing
(`stats.confidence_at`). Reports give the plain 95 % interval of where an arm was left: since the wider
bounds decide when that is, it covers what it says (measured: `benchmarks/calibration.py`).
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
from unstuck.interventions import Changes, Intervention
from unstuck.result.results import Verdict

USEFUL = 0.20
"""A cause must rescue at least this share of all replicas, by the lower bound of the interval."""
NEGLIGIBLE = 0.05
"""A change is acquitted when the upper bound of its effect is below this."""
SIGNIFICANCE = 0.01
"""For p-values corrected for all arms and all that was put back."""
TELLING = (0.1, 0.9)
"""A change without effect is acquitted only where the control learns at least and at most this often.
Where nearly nothing learns, another cause may hide what the change does: nothing moves whether or not
it matters. Where nearly all learn, there is nothing to gain."""
NOTHING = PairedEffect(pairs=0, difference=0.0, low=-1.0, high=1.0, rescued=0, broken=0, p_value=1.0)
"""What is known of a change that was never tried alone."""

Learned = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False)
class Trial:
    """Changes tried on the control's first seeds: who learned, shaped [replica].

    `planned` is the number of pairs that the looks were planned for, before the first of them.
    `fresh`: the seeds are not the control's first, but some that no search has seen.
    """

    changes: Changes
    control: Learned
    treatment: Learned
    checks: tuple[str, ...] = ()
    seconds: float = 0.0
    planned: int = PLANNED
    fresh: bool = False

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
        if not self.replicas:
            return NOTHING
        return paired_effect(self.control[:self.replicas], self.treatment)

    @property
    def bounds(self) -> PairedEffect:
        """The same, its interval widened for the looks taken: what verdicts rest on."""
        return paired_effect(self.control[:self.replicas], self.treatment,
                             confidence=confidence_at(self.replicas, planned=self.planned))


@dataclass(frozen=True, kw_only=True, eq=False)
class PutBack:
    """One change of a cure put back as the script has it; its `company`, the rest, stays in place.

    `whole` and `without` say who learned with the whole cure and without this change, shaped
    [replica], on the same seeds, which no search has seen; `scores` are the yardstick's of a usual
    replica of each. There is one look, of a size that was fixed before. Without company the change is
    all of the cure, and without it the script is as it is: that is a trial of its own.

    `p_scores`: the p-value of the scores of all these trainings (`ranks.rank_sum`), where there was
    room for few. It then stands for that of who learned, which few pairs cannot make small.
    """

    change: Intervention
    company: Changes
    whole: Learned
    without: Learned
    scores: tuple[float, float]
    p_scores: float | None = None

    @property
    def effect(self) -> PairedEffect:
        """What the change brings in this company, with its 95 % interval."""
        effect = paired_effect(self.without, self.whole)
        return effect if self.p_scores is None else replace(effect, p_value=self.p_scores)


@dataclass(frozen=True, kw_only=True, eq=False)
class Judged:
    """A trial with its verdict and what it rests on.

    `put_backs`: what each cure that it is part of loses without it, and the p-value of that, corrected
    with all others.
    """

    trial: Trial
    effect: PairedEffect
    verdict: Verdict
    p_holm: float
    company: tuple[str, ...] = ()
    to_decide: int | None = None
    put_backs: tuple[tuple[PutBack, float], ...] = ()


def judge(trials: Sequence[Trial], put_backs: Sequence[PutBack] = ()) -> list[Judged]:
    """The verdict on every arm, corrected for all of them and for all that was put back together.

    Args:
        trials: changes tried alone, each change once; one that has no replicas was not tried alone.
        put_backs: what was put back into cures, of changes that have a trial here.
    """
    effects = [trial.effect for trial in trials]
    corrected = holm([
        *(sequential_p(e.p_value, e.pairs, planned=trial.planned) if e.pairs else 1.0
          for trial, e in zip(trials, effects, strict=True)),
        *(back.effect.p_value for back in put_backs)])
    found = [
        Judged(
            trial=trial, effect=effect, p_holm=float(p),
            verdict=(verdict := _alone(trial, float(p))),
            to_decide=pairs_to_decide(
                effect, useful=USEFUL, planned=trial.planned,
                negligible=USEFUL if _helps_nobody(effect, float(trial.control.mean())) else NEGLIGIBLE)
            if verdict == "undecided" and effect.pairs else None,
        )
        for trial, effect, p in zip(trials, effects, corrected[:len(trials)], strict=True)
    ]
    backs: dict[Intervention, list[tuple[PutBack, float]]] = {}
    for back, p in zip(put_backs, corrected[len(trials):], strict=True):
        backs.setdefault(back.change, []).append((back, float(p)))
    return [_in_company(judged, backs.get(judged.trial.changes[0], [])) for judged in found]


def _alone(trial: Trial, p_holm: float) -> Verdict:
    return rule(trial.bounds, p_holm, float(trial.control.mean())) if trial.replicas else "undecided"


def rule(effect: PairedEffect, p_holm: float, control: float) -> Verdict:
    """The verdict on one change alone.

    An effect that is surely positive but surely below `NEGLIGIBLE` is an acquittal: with many
    replicas every difference is significant, and nobody would call it a reason. Harm is claimed
    like help, corrected for all arms: among twenty that do nothing, some interval often misses 0.
    Where nothing could be acquitted, it is enough to know that a change which has helped nobody is
    surely no cause: a sharper bound would clear nothing, for four times the trainings.

    Args:
        effect: a trial's `bounds`.
        p_holm: its p-value, corrected.
        control: the share of the control's replicas that learned. Outside of `TELLING` no effect
            could have been seen, so that nothing is acquitted.
    """
    if p_holm < SIGNIFICANCE and effect.low >= USEFUL:
        return "cause"
    if p_holm < SIGNIFICANCE and effect.high < 0:
        return "harmful"
    if effect.high < NEGLIGIBLE and _is_telling(control):
        return "acquitted"
    if effect.high < (USEFUL if _helps_nobody(effect, control) else NEGLIGIBLE):
        return "no effect alone"
    if p_holm < SIGNIFICANCE and effect.low > 0:
        return "contributes"
    return "undecided"


def _is_telling(control: float) -> bool:
    return TELLING[0] <= control <= TELLING[1]


def _helps_nobody(effect: PairedEffect, control: float) -> bool:
    """True for a change that rescues no more than it breaks where nothing could be acquitted."""
    return not _is_telling(control) and effect.rescued <= effect.broken


def is_needed(back: PutBack, p_holm: float) -> bool:
    """True where a cure is shown to need this change: without it surely fewer replicas learn."""
    return p_holm < SIGNIFICANCE and back.effect.low >= NEGLIGIBLE


def _in_company(judged: Judged, backs: Sequence[tuple[PutBack, float]]) -> Judged:
    """The same arm with what cures lose without it, and as one that others hide where that shows."""
    told = replace(judged, put_backs=tuple(backs))
    alone = next(((back, p) for back, p in backs if not back.company), None)
    if alone is not None:
        back, p_holm = alone
        surely = is_needed(back, p_holm) and back.effect.low >= USEFUL
        return replace(
            told, trial=replace(judged.trial, control=back.without, treatment=back.whole, fresh=True),
            effect=back.effect, p_holm=p_holm, verdict="cause" if surely else "undecided")
    needed = next((back for back, p in backs if is_needed(back, p)), None)
    if judged.verdict in ("cause", "contributes") or needed is None:
        return told
    return replace(told, verdict="needs company", to_decide=None,
                   company=tuple(change.label for change in needed.company))
