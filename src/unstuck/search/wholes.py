"""From the horizon to the end: a few whole trainings, of the script as it is and of the repaired one.

A change that wins at a horizon need not win at the end, and what stands still there may learn late.
Time that is left goes into trainings to the end, on the same fresh seeds for both, judged by the
yardstick of whole trainings. They are too few for a rate, and none of the verdicts rests on them.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from unstuck.population.population import Population

from .arms import Arm
from .budget import BudgetSpent
from .experiment import Experiment

PAIRS = (4, 3, 2, 1)
"""As many as there is room for."""
ROOM = 0.9
"""Share of the time left that they may take."""
KEPT_BACK = 0.6
"""Share of what is left after which the search ends, where the rest has room for whole trainings."""
LATER = 100_000
"""Where their seeds begin, behind those of the proofs."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Wholes:
    """Trainings to the end on the same seeds; `repaired` is `None` where there is no repair."""

    own: Population
    repaired: Population | None = None


def have_room(experiment: Experiment) -> bool:
    """True where what a search leaves of the budget has room for two whole trainings."""
    length, kept = _length(experiment, experiment.control), 1.0 - KEPT_BACK
    return (_seconds(experiment, 2 * length) <= ROOM * kept * experiment.left
            and 2 * length <= kept * experiment.trainings_left)


def _length(experiment: Experiment, arm: Arm) -> float:
    """How many trainings to the horizon a whole one is as long as."""
    return experiment.whole(arm).updates / max(1, experiment.control.recipe.updates)


def _seconds(experiment: Experiment, trainings: float) -> float:
    return experiment.costs.per_training * trainings


def trained_whole(experiment: Experiment, repaired: Arm | None) -> Wholes | None:
    """A few whole trainings; `None` where there is no room for one of each."""
    goal = experiment.goal.end
    if goal is None:
        return None
    arms = [Arm(changes=arm.changes, recipe=experiment.whole(arm))
            for arm in (experiment.control, repaired) if arm is not None]
    # Where trainings are counted, a whole one counts as long as it is: it is no cheaper for that.
    each = sum(_length(experiment, arm) for arm in (experiment.control, repaired) if arm is not None)
    count = next((n for n in PAIRS if _seconds(experiment, n * each) <= ROOM * experiment.left
                  and n * each <= experiment.trainings_left), 0)
    if not count:
        return None
    experiment.progress.stage("a few trainings to their end", count)
    with suppress(BudgetSpent):
        return Wholes(**dict(zip(("own", "repaired"), (
            experiment.fresh(arm, count, start=LATER, goal=goal) for arm in arms), strict=False)))
    return None
