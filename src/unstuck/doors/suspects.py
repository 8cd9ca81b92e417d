"""What the checks say of a training that no other was tried beside: by a callback, or in a test."""

from __future__ import annotations

from collections.abc import Iterable

from unstuck.checks import Certainty, Finding, Observation, all_checks
from unstuck.interventions.learning_rate import LearningRate

MOST = 5
"""So many suspicions are named: with more, none would be looked at."""


def suspects(seen: Observation) -> list[Finding]:
    """The first finding of each check, in the order in which to look at them.

    What is certain comes first, then what is suspected of a layer, then the rest; of those at most
    `MOST` in all. Of two suspicions that contradict each other, a rate too high and one too low, the
    first is named.
    """
    found: list[Finding] = []
    for check in all_checks().values():
        try:
            found.extend(list(check().findings(seen))[:1])
        except Exception:  # it asks for what only many replicas show
            continue
    facts = [one for one in found if one.certainty is Certainty.FACT]
    others = sorted((one for one in found if one.certainty is not Certainty.FACT),
                    key=lambda one: not (one.site or "").startswith("layer:"))
    return [*facts, *_agreeing(others)[:MOST]]


def _agreeing(findings: Iterable[Finding]) -> list[Finding]:
    """Those that do not ask for the opposite of what one before them asks for."""
    kept: list[Finding] = []
    asked: set[int] = set()
    for finding in findings:
        ways = {_way(change) for change in finding.interventions if isinstance(change, LearningRate)}
        if not any(-way in asked for way in ways):
            kept.append(finding)
            asked |= ways - {0}
    return kept


def _way(change: LearningRate) -> int:
    """1 for a higher rate, -1 for a lower one, 0 where the old one is not known."""
    return 0 if change.was is None else (change.value > change.was) - (change.value < change.was)
