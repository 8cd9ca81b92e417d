"""The sets of changes that were tried: which are enough, and which of these are the smallest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from unstuck.base.stats import success_rate
from unstuck.result.pictures import TriedSet, TriedSets
from unstuck.search.arms import Arm
from unstuck.search.experiment import Experiment
from unstuck.search.proof import Cure
from unstuck.search.ranking import CURED

MOST_SETS = 16
MOST_CHANGES = 12
"""Sets that are shown, and different changes in them."""

Labels = frozenset[str]


def sets_of(experiment: Experiment, cures: Sequence[Cure]) -> TriedSets | None:
    """What was tried together; `None` where everything was tried alone."""
    arms = {_labels(arm): arm for arm in experiment.tried
            if arm.changes and not arm.is_placebo}
    if all(len(labels) == 1 for labels in arms):
        return None
    enough = {labels for labels, arm in arms.items() if arm.rate >= CURED}
    smallest = {labels for labels in enough if not any(other < labels for other in enough)}
    repairs = [_labels(cure.arm) for cure in cures]
    shown: list[Labels] = []
    for labels in _in_order(arms, repairs, smallest, experiment.control.rate):
        alone = [one for name in sorted(labels) if (one := frozenset({name})) in arms]
        more = [one for one in (labels, *alone) if one not in shown]
        if len(shown) + len(more) < MOST_SETS and (
            len(frozenset.union(labels, *shown)) <= MOST_CHANGES
        ):
            shown += dict.fromkeys(more)
    if all(len(labels) == 1 for labels in shown):
        return None
    everything = [_set(experiment.control, (), frozenset(), enough, smallest, repairs)]
    for labels in sorted(shown, key=lambda labels: (len(labels), arms[labels].rate)):
        arm = arms[labels]
        names = tuple(change.label for change in arm.changes)
        everything.append(_set(arm, names, labels, enough, smallest, repairs))
    return TriedSets(enough=CURED, tried=len(arms), sets=tuple(everything))


def _in_order(
    arms: dict[Labels, Arm], repairs: Sequence[Labels], smallest: set[Labels], control: float
) -> Iterator[Labels]:
    """What tells most comes first; some come more than once.

    Repairs and the smallest sets that are enough, each followed by itself without one change; then
    the others by their rates, where something is enough only those that beat the script as it is.
    """
    def best(sets: set[Labels]) -> list[Labels]:
        return sorted(sets, key=lambda labels: (len(labels), -arms[labels].rate, sorted(labels)))

    known = [labels for labels in repairs if labels in arms]
    for whole in (*known, *best(smallest)):
        yield whole
        parts = {labels for labels in arms if labels < whole}
        yield from best({part for part in parts if len(part) == len(whole) - 1})
    rest = {labels for labels, arm in arms.items()
            if len(labels) > 1 and (arm.rate > control or not smallest)}
    yield from sorted(rest, key=lambda labels: (-arms[labels].rate, len(labels), sorted(labels)))


def _set(
    arm: Arm, names: tuple[str, ...], labels: Labels, enough: set[Labels], smallest: set[Labels],
    repairs: Sequence[Labels],
) -> TriedSet:
    rate = success_rate(arm.learned)
    return TriedSet(
        changes=names, replicas=rate.trials, successes=rate.successes, success_rate=rate.share,
        ci95=(rate.low, rate.high), enough=labels in enough, smallest=labels in smallest,
        repair=repairs.index(labels) + 1 if labels in repairs else None,
    )  # fmt: skip


def _labels(arm: Arm) -> Labels:
    return frozenset(change.label for change in arm.changes)
