"""From the horizon to the end: a few whole trainings, of the script as it is and of the repaired one.

A change that wins at a horizon need not win at the end, and what stands still there may learn late.
Time that is left goes into trainings to the end, on the same fresh seeds for both, judged by the
yardstick of whole trainings. They are too few for a rate, and none of the verdicts rests on them; but
what most of them do not learn with is no cure, and the next one is looked for and tried likewise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from unstuck.population.population import Population
from unstuck.result.results import lasts

from .arms import Arm
from .budget import BudgetSpent
from .experiment import Experiment
from .proof import Cure, Proofs

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
    """Trainings to the end on the same seeds, fewer `repaired` ones where there was room for fewer.

    They are `None` where there is no repair, or none were made of it.
    """

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


def trained_whole(
    experiment: Experiment, proofs: Proofs, another: Callable[[], Cure | None]
) -> Wholes | None:
    """A few whole trainings of the script and of its best cure; where that does not last, of the next.

    Args:
        experiment: in which both were trained to the horizon.
        proofs: its cures, which note what the trainings showed.
        another: the next cure that none were made of, if there is one.

    Returns:
        Those of the script, and of the cure that is then the first; `None` where there is no room for
        one of each.
    """
    goal, best = experiment.goal.end, next(iter(proofs.offered), None)
    if goal is None:
        return None
    arms = [experiment.control, *([] if best is None else [best.arm])]
    count = _room(experiment, arms, max(PAIRS))
    if not count:
        return None
    experiment.progress.stage("a few trainings to their end", count)
    own, made = None, dict[Arm, Population]()
    with suppress(BudgetSpent):
        own = _to_the_end(experiment, experiment.control, count)
        while best is not None and count:
            population = made[best.arm] = _to_the_end(experiment, best.arm, count)
            proofs.note_whole(best, goal.learned(population))
            best = None if lasts(proofs.offered[0].whole) else another()
            count = 0 if best is None else _room(experiment, [best.arm], count)
    if own is None:
        return None
    return Wholes(own=own, repaired=next((made.get(cure.arm) for cure in proofs.offered), None))


def _room(experiment: Experiment, arms: Sequence[Arm], most: int) -> int:
    """How many whole trainings of each of these there is room for.

    Where trainings are counted, a whole one counts as long as it is: it is no cheaper for that.
    """
    each = sum(_length(experiment, arm) for arm in arms)
    return next((n for n in PAIRS if n <= most and _seconds(experiment, n * each)
                 <= ROOM * experiment.left and n * each <= experiment.trainings_left), 0)


def _to_the_end(experiment: Experiment, arm: Arm, count: int) -> Population:
    whole = Arm(changes=arm.changes, recipe=experiment.whole(arm))
    return experiment.fresh(whole, count, start=LATER, goal=experiment.goal.end)
