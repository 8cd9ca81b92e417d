"""How far trainings went, as a `Result` holds it, and what those to the end showed."""

from __future__ import annotations

from collections.abc import Sequence

from unstuck.goal import Goal
from unstuck.result import results
from unstuck.search.arms import usual_score
from unstuck.search.experiment import Experiment
from unstuck.search.few import LOOK
from unstuck.search.wholes import Wholes


def horizon_info(
    experiment: Experiment, left: tuple[str, ...], wholes: Wholes | None
) -> results.Horizon | None:
    """How far trainings went, and what was left to try; `None` where they went to their ends."""
    if experiment.horizon is None:
        return None
    whole, first = experiment.recipe, experiment.control.recipe
    return results.Horizon(updates=first.updates, of=whole.updates, rows=first.trained_rows,
                           of_rows=whole.trained_rows, next=left,
                           seconds=seconds_of(experiment, left),
                           full=_full_info(experiment.goal.end, wholes))


def seconds_of(experiment: Experiment, left: Sequence[str]) -> float | None:
    """About how long the first looks at these sets of changes would take; `None` where nothing is left,
    or only trainings are counted, so that no time is known."""
    if not left or experiment.costs.counted:
        return None
    return experiment.costs.usual(LOOK) * len(left)


def _full_info(goal: Goal | None, wholes: Wholes | None) -> results.Full | None:
    """What whole trainings showed, by their own yardstick."""
    if goal is None or wholes is None:
        return None
    repaired = wholes.repaired
    return results.Full(
        replicas=wholes.own.replicas, why=goal.why, threshold=goal.threshold,
        own=int(goal.learned(wholes.own).sum()), own_score=usual_score(wholes.own),
        repaired=None if repaired is None else int(goal.learned(repaired).sum()),
        repaired_score=None if repaired is None else usual_score(repaired))
