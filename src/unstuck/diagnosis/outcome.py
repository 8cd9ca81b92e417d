"""The whole in one word and one sentence, and what is said of rows learned by heart."""

from __future__ import annotations

import numpy as np

from unstuck.base.stats import success_rate
from unstuck.goal import Goal
from unstuck.population.population import Population
from unstuck.result import results
from unstuck.search.proof import Cure
from unstuck.search.ranking import CURED
from unstuck.search.wholes import Wholes

_ASK = f"If these very rows are all that it is to learn, ask for that: --goal '{results.BY_HEART}'"
LEAST_LATE = 2
"""Whole trainings, of which all have to learn, for what stood still at a horizon to be called late."""
STUCK = 0.05
"""Below this success rate a script is stuck, from `CURED` on it learns (DESIGN)."""


def by_heart_note(cure: Cure, *, checked: bool) -> str:
    """What a change does that makes a network learn rows without signal, as far as is known."""
    made = " and ".join(change.label for change in cure.arm.changes)
    learned = (f"with {made}, {cure.rate.successes:,} of {cure.rate.trials:,} trainings learn these"
               " rows")
    if checked:
        return (f"{learned}, but by heart: of rows that they are not trained on, they know no more than"
                f" a constant output; it is no repair. {_ASK}")
    return (f"{learned}; whether that holds for other rows could not be seen within the budget, so it"
            f" is offered as no repair. {_ASK}")


def judge_outcome(
    goal: Goal, control: Population, wholes: Wholes | None = None
) -> tuple[results.Outcome, str]:
    """The whole in one word, and in one sentence; `wholes` went on beyond the control's horizon."""
    learned = goal.learned(control)
    rate = success_rate(learned)
    diverged = float(control.diverged.mean())
    said = f"{rate.successes} of {rate.trials} trainings learned"
    if goal.undecided:
        return "INCONCLUSIVE", results.RIVALS
    if goal.nothing_to_learn:
        return "NO_SIGNAL", results.NOTHING_TO_LEARN
    if goal.early and diverged <= 0.5:
        if rate.share >= CURED:
            return "BEGINS", f"learning begins in {rate.successes} of {rate.trials} trainings"
        said = f"learning has begun in {rate.successes} of {rate.trials} trainings"
    elif rate.share >= CURED:
        median = float(np.median(control.final_loss))
        skill = goal.skill(median)
        high = 0.2 if goal.noise is None else 0.05
        if goal.floor and goal.baseline and skill is not None and (
            skill > 0.8 and goal.floor > high * goal.baseline
        ):
            limit = "" if goal.noise is None else ": noise, not the network, is the limit"
            return "AT_FLOOR", (f"{said}; the loss of {median:.3g} is close to {goal.floor:.3g},"
                                f" below which no network can get on this data{limit}")
        if _overfits(goal, control):
            return "OVERFITS", f"{said} the rows trained on, but not the rows held back"
        return "LEARNS", said
    if diverged > 0.5:
        return "DIVERGES", f"in {diverged:.0%} of the trainings the loss is no number any more"
    trained = success_rate(goal.learned(control, part=1)).share
    if not goal.early and trained >= CURED and _overfits(goal, control):
        return "OVERFITS", "the rows trained on are learned, the rows held back are not"
    if goal.end is not None and wholes is not None and wholes.own.replicas >= LEAST_LATE and (
            goal.end.learned(wholes.own).all()):
        return "LATE", f"{said}; whole trainings learn"
    if goal.no_signal:
        return "NO_SIGNAL", "plain methods find no dependence of the targets on the inputs either"
    return ("STUCK" if rate.share < STUCK else "FRAGILE"), said


def _overfits(goal: Goal, control: Population) -> bool:
    """True where half of what was learned is lost on the rows held back."""
    held = control.score[:, 2]
    held = held[np.isfinite(held)]
    return bool(len(held)) and bool(
        np.median(held) < goal.constant + 0.5 * (goal.ceiling - goal.constant))
