"""Whether a training still learns as often as it did: as many trainings as that needs, and no more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from unstuck.base.errors import UnstuckError
from unstuck.base.progress import Progress
from unstuck.base.stats import LOOKS, FallPlan, fall_plan, success_rate
from unstuck.capture import Captured, random_state_kept
from unstuck.network.horizon import Horizon
from unstuck.result.locks import Locked
from unstuck.search.budget import Budget, BudgetSpent
from unstuck.search.experiment import Experiment
from unstuck.search.pace import horizon_for

from . import account
from .options import Options
from .yardsticks import yardstick

FALLEN = 0.5
"""A fall is told from: half as often as before."""
LOCKED = LOOKS[2]
"""Trainings that a rate is written down from, as far as the budget has room."""


@dataclass(frozen=True, kw_only=True)
class Guarded:
    """One training measured again: `successes` of `trainings`, of the plan's, and what that shows.

    `fell` is `None` where the budget did not suffice. `notes` say what is another than it was.
    """

    locked: Locked
    plan: FallPlan
    trainings: int
    successes: int
    fell: bool | None
    notes: tuple[str, ...] = ()


def planned(rate: float, *, trainings: int | None = None) -> FallPlan:
    """How many trainings tell whether at least this share still learns.

    Raises:
        UnstuckError: that many tell nothing, or no number does.
    """
    plan = fall_plan(rate, FALLEN * rate, trainings=trainings) if rate else None
    if plan is None:
        raise UnstuckError(f"No number of trainings that can be made tells {rate:.2%} from half of it.")
    if plan.least == 0:
        needed = fall_plan(rate, FALLEN * rate)
        more = "" if needed is None else f"; {needed.trainings} tell it from half as often"
        raise UnstuckError(f"{plan.trainings} trainings cannot show that fewer than {rate:.0%} learn:"
                           f" even none of them would be chance more than 1 in 1,000 times{more}.")
    return plan


def trained(
    captured: Captured, trainings: int, *, goal: str | None, seed: int, budget: Budget,
    horizon: Horizon | None = None, threads: int | None = None, progress: Progress | None = None,
) -> Experiment:
    """An experiment whose control has that many replicas, or as many as the budget had room for."""
    experiment = Experiment(
        captured.recipe, yardstick(captured.recipe, asked=goal, seed=seed, horizon=horizon),
        budget=budget, seed=seed, replicas=trainings, threads=threads, progress=progress,
        horizon=horizon)
    try:
        for look in (*(n for n in LOOKS if n < trainings), trainings):
            experiment.run(experiment.control, look, probes=True)
    except BudgetSpent:
        pass
    return experiment


def lock(
    captured: Captured, script: str, arguments: Sequence[str], *, options: Options,
    progress: Progress | None = None,
) -> Locked:
    """Measure how often a training learns, to be written down.

    Raises:
        UnstuckError: none of its trainings learned, or none ended within the budget.
    """
    with random_state_kept():
        horizon = horizon_for(captured.recipe, options.budget, asked=options.horizon,
                              whole=options.whole, threads=options.jobs)
        experiment = trained(captured, options.replicas or LOCKED, goal=options.goal,
                             seed=options.seed, budget=options.budget, horizon=horizon,
                             threads=options.jobs, progress=progress)
    rate, tool = success_rate(experiment.control.learned), account.tool()
    if not rate.successes:
        why = "learned, so that there is nothing to guard" if rate.trials else (
            "ended within the budget")
        raise UnstuckError(f"{script}: none of {rate.trials} trainings {why}. unstuck run says why.")
    return Locked(
        script=script, arguments=tuple(arguments), fit=str(captured.index), goal=options.goal or "",
        seed=options.seed, horizon=0 if horizon is None else horizon.updates, trainings=rate.trials,
        successes=rate.successes, rate=round(rate.share, 4), low=round(rate.low, 4),
        high=round(rate.high, 4), yardstick=experiment.goal.why,
        sha256=account.script_info(captured, arguments).sha256 or "", unstuck=tool.unstuck,
        keras=tool.keras, jax=tool.jax, numpy=tool.numpy, python=tool.python)


def guard(
    captured: Captured, locked: Locked, *, options: Options, progress: Progress | None = None
) -> Guarded:
    """Measure again on the same seeds: does it learn less often than the lower end of what was?"""
    plan = planned(locked.low)
    horizon = Horizon(updates=locked.horizon) if locked.horizon else None
    with random_state_kept():
        experiment = trained(captured, plan.trainings, goal=locked.goal or None, seed=locked.seed,
                             budget=options.budget, horizon=horizon, threads=options.jobs,
                             progress=progress)
    learned = experiment.control.learned
    successes, left = int(learned.sum()), plan.trainings - len(learned)
    fell = None
    if successes >= plan.least:
        fell = False
    elif successes + left < plan.least:
        fell = True
    tool, notes = account.tool(), []
    if experiment.goal.why != locked.yardstick:
        notes.append(f"what counts as learned is another now: {experiment.goal.why}")
    notes += [f"{name} {was} then, {now} now" for name, was, now in (
        ("keras", locked.keras, tool.keras), ("jax", locked.jax, tool.jax),
        ("numpy", locked.numpy, tool.numpy)) if was != now]
    return Guarded(locked=locked, plan=plan, trainings=len(learned), successes=successes, fell=fell,
                   notes=tuple(notes))
