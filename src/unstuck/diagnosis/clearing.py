"""What is not the reason, and by what that was shown.

Two things clear a kind of thing, such as the loss or the learning rate. Its own trials, where each
change to it was tried alone and an effect would have shown (`search.trial.TELLING`). Or a repair that
leaves all of it as the script has it: whatever hides what, it need not be changed. Nothing is cleared
that an offered repair changes, that a stated fact asks to change, or of which some change may yet turn
out to be a cause; nor by a repair what is suspected: another way to make it learn may begin there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from unstuck.checks import Certainty, Finding
from unstuck.interventions import touched
from unstuck.result.results import Cleared, lasts
from unstuck.search.candidates import Candidate
from unstuck.search.proof import Cure
from unstuck.search.ranking import CURED, SURE
from unstuck.search.trial import USEFUL, Judged

HELPS = ("cause", "contributes", "needs company")
_NO_THING = frozenset({"placebo", "other"})
"""Kinds that name nothing which could be cleared."""


def cleared(
    judged: Sequence[Judged], cures: Sequence[Cure], findings: Iterable[Finding],
    candidates: Iterable[Candidate],
) -> tuple[Cleared, ...]:
    """Every kind of thing that was shown not to be the reason.

    Args:
        judged: the verdicts on single changes.
        cures: the repairs that are offered, the best first.
        findings: what checks saw.
        candidates: the single changes that were to be tried: what could have been the reason here.
    """
    findings = list(findings)
    facts = [finding for finding in findings if finding.certainty is Certainty.FACT]
    suspect = _changed(cures) | _named(facts) | _may_help(judged)
    found = []
    by_kind: dict[str, list[Judged]] = {}
    for one in judged:
        by_kind.setdefault(one.trial.changes[0].kind, []).append(one)
    for kind, ones in by_kind.items():
        if kind not in suspect | _NO_THING and all(one.verdict == "acquitted" for one in ones):
            found.append(Cleared(kind=kind, by="trial", interventions=tuple(
                one.trial.changes[0].label for one in ones)))
    if cures and lasts(cures[0].whole) and (
            cures[0].rate.share >= CURED and cures[0].rate.trials >= SURE):
        known = {one.kind for one in found} | _named(findings)
        kinds = {kind: None for c in candidates for kind in sorted(c.change.touches)}
        found += [Cleared(kind=kind, by="repair") for kind in kinds
                  if kind not in suspect | _NO_THING | known]
    return tuple(found)


def _changed(cures: Iterable[Cure]) -> frozenset[str]:
    """What the repairs change."""
    return touched(change for cure in cures for change in cure.arm.changes)


def _named(findings: Iterable[Finding]) -> frozenset[str]:
    """What these ask to change."""
    return touched(change for finding in findings for change in finding.interventions)


def _may_help(judged: Iterable[Judged]) -> frozenset[str]:
    """Of what some change helps, or may yet be a cause."""
    return touched(
        one.trial.changes[0] for one in judged
        if one.verdict in HELPS
        or (one.verdict == "undecided" and (not one.effect.pairs or one.effect.high >= USEFUL)))
