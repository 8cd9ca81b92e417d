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
"""Share of the budget after which the search ends where what is left has room for whole trainings."""
LATER = 100_000
"""Where their seeds begin, behind those of the proofs."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Wholes:
    """Trainings to the end on the same seeds; `repaired` is `None` where there is no repair."""

    own: Population
    repaired: Population | None = None


def have_room(experiment: Experiment) -> bool:
    """True where what the search leaves of the budget has room for two whole trainings."""
    budget = experiment.budget.seconds
    room = experiment.left if budget is None else (1.0 - KEPT_BACK) * budget
    return 2 * seconds_each(experiment) <= ROOM * room


def seconds_each(experiment: Experiment) -> float:
    """What a whole training takes, by what its first updates took."""
    first = experiment.control.recipe.updates
    return experiment.costs.per_training * experiment.recipe.updates / max(1, first)


def trained_whole(experiment: Experiment, repaired: Arm | None) -> Wholes | None:
    """A few whole trainings; `None` where there is no room for one of each."""
    goal = experiment.goal.end
    if goal is None:
        return None
    arms = [Arm(changes=arm.changes, recipe=experiment.whole(arm))
            for arm in (experiment.control, repaired) if arm is not None]
    each = seconds_each(experiment) * sum(arm.recipe.updates for arm in arms) / (
        experiment.recipe.updates)
    count = next((n for n in PAIRS if n * each <= ROOM * experiment.left
                  and n * len(arms) <= experiment.trainings_left), 0)
    if not count:
        return None
    experiment.progress.stage("a few trainings to their end", count)
    with suppress(BudgetSpent):
        return Wholes(**dict(zip(("own", "repaired"), (
            experiment.fresh(arm, count, start=LATER, goal=goal) for arm in arms), strict=False)))
    return None
