"""Two trainings against each other: captured, judged by one yardstick, told as a comparison."""

from __future__ import annotations

import re
from dataclasses import dataclass

import keras
import numpy as np

from unstuck.base.errors import TooSlow, UnstuckError
from unstuck.base.progress import Progress
from unstuck.base.stats import success_rate
from unstuck.capture import Captured, random_state_kept
from unstuck.goal import Goal
from unstuck.network.horizon import Horizon
from unstuck.network.recipe import Recipe
from unstuck.population.chunks import Chunks
from unstuck.population.population import Population
from unstuck.result import comparisons
from unstuck.result.comparisons import Comparison, Side
from unstuck.search import duel
from unstuck.search.arms import usual_score
from unstuck.search.duel import MOST, Duel, Metric, Standing
from unstuck.search.experiment import SEEDS_APART, Experiment
from unstuck.search.pace import horizon_for

from . import account
from .options import Options
from .units import in_units_of
from .yardsticks import yardstick

POINTS, SHARE = 0.03, 0.02
"""Differences that do not matter: of success rates, and of what a metric spans."""
_CONDITION = re.compile(r"\s*B\s*>=\s*A\s*(?:([+-])\s*(\d+(?:\.\d+)?)\s*)?")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is to be decided: by which metric, with which margin (in points or the metric's units), and
    whether B has to be so far above A.
    """

    metric: Metric = "success"
    margin: float | None = None
    at_least: str | None = None

    @property
    def shift(self) -> float | None:
        """What `at_least` adds to A, in the metric's units. Raises UnstuckError."""
        if self.at_least is None:
            return None
        found = _CONDITION.fullmatch(self.at_least)
        if found is None:
            raise UnstuckError(f"--at-least {self.at_least!r} is not understood: write 'B >= A + 5' or"
                               " 'B >= A - 2', in points of success or in the metric's units.")
        number = float(f"{found[1] or '+'}{found[2] or 0}")
        return number / 100 if self.metric == "success" else number

    def is_met(self, standing: Standing) -> bool | None:
        """Whether the condition holds, by bounds that hold at all looks; `None` while that is open."""
        shift = self.shift
        if shift is None:
            return None
        low, high = standing.bounds
        return True if low >= shift else False if high < shift else None


def compare(
    a: Captured, b: Captured, names: tuple[str, str], *, asked: Asked, options: Options,
    progress: Progress | None = None,
) -> Comparison:
    """Train both on the same seeds until it is decided whether B is better.

    Args:
        a, b: the trainings.
        names: what they are called.
        asked: what is to be decided.
        options: the budget, the first seed, the most pairs, the user's own goal.
        progress: told what is going on.

    Raises:
        UnstuckError: they cannot be compared by that metric, or nothing fits into the budget.
    """
    asked.shift  # noqa: B018  refused before anything is trained
    with random_state_kept():
        chunks, notes = Chunks(), [*a.notes]
        horizon = horizon_for(a.recipe, options.budget, asked=options.horizon, whole=options.whole,
                              threads=options.jobs)
        recipe = in_units_of(a.recipe, b.recipe)
        goal = yardstick(a.recipe, asked=options.goal, seed=options.seed, horizon=horizon)
        same = _same_rows(a.recipe, recipe)
        others = goal if same else yardstick(recipe, asked=options.goal, seed=options.seed,
                                             horizon=horizon)
        if not same:
            notes.append("the rows of A and B are not the same: each is judged by a yardstick of its"
                         f" own (B: {others.why})")
        margins = _margins(goal, others, a.recipe, recipe, same, asked)
        if asked.metric not in margins:
            raise UnstuckError(f"A and B cannot be compared by {asked.metric}: their losses, or what"
                               " they are compared with, are not the same. --metric success can.")
        one, other = (_experiment(*each, options, progress, chunks, horizon) for each in (
            (a.recipe, goal), (recipe, others)))
        most = options.replicas or MOST
        if options.budget.trainings is not None:
            most = max(1, min(most, options.budget.trainings // 3))
        fight = Duel(one, other, asked.metric, margins, most=most,
                     enough=None if asked.at_least is None else
                     lambda standing: asked.is_met(standing) is not None)
        fight.run()
        if not fight.pairs:
            raise TooSlow(f"The budget of {options.budget.text} was spent before a single pair of"
                          " trainings ended. Give more with --budget.")
        first = fight.standing(asked.metric)
        rest = [fight.standing(metric) for metric in margins if metric != asked.metric]
        found = fight.placebo
        return Comparison(
            schema=comparisons.SCHEMA, tool=account.tool(),
            a=_side(names[0], a, one, fight.pairs), b=_side(names[1], b, other, fight.pairs),
            goal=goal.why, score_is=goal.metric,
            standings=tuple(_told(standing) for standing in (first, *rest)),
            placebo=None if found is None else _told(found), budget=options.budget.text,
            seconds=one.spent, first_seed=options.seed * SEEDS_APART, asked=asked.at_least,
            met=asked.is_met(first), horizon=None if horizon is None else horizon.updates,
            notes=tuple(notes))


def _experiment(
    recipe: Recipe, goal: Goal, options: Options, progress: Progress | None, chunks: Chunks,
    horizon: Horizon | None,
) -> Experiment:
    return Experiment(recipe, goal, budget=options.budget, seed=options.seed,
                      replicas=options.replicas or MOST, threads=options.jobs, progress=progress,
                      chunks=chunks, horizon=horizon)


def _same_rows(a: Recipe, b: Recipe) -> bool:
    """True where both are judged on the same inputs and targets."""
    pairs = (keras.tree.flatten((recipe.x, recipe.y)) for recipe in (a, b))
    one, other = ([np.asarray(array) for array in arrays if array is not None] for arrays in pairs)
    return len(one) == len(other) and all(
        p.shape == q.shape and np.allclose(p, q, rtol=1e-5, equal_nan=True)
        for p, q in zip(one, other, strict=True))


def _margins(
    goal: Goal, others: Goal, a: Recipe, b: Recipe, same: bool, asked: Asked
) -> dict[Metric, float]:
    """The metrics by which they can be compared, and what does not matter in each."""
    found: dict[Metric, float] = {"success": POINTS}
    if not goal.undecided and goal.metric == others.metric and same:
        found["score"] = SHARE * abs(goal.ceiling - goal.constant)
    if same and a.loss_name == b.loss_name != "none" and a.loss_config == b.loss_config:
        floor, top = goal.floor or 0.0, goal.baseline
        found["loss"] = SHARE * (abs(top - floor) if top is not None else abs(floor))
    if asked.margin is not None and asked.metric in found:
        found[asked.metric] = asked.margin / 100 if asked.metric == "success" else asked.margin
    return found


def _side(name: str, captured: Captured, experiment: Experiment, pairs: int) -> Side:
    arm = experiment.control
    population = arm.population
    assert population is not None
    rate = success_rate(arm.learned[:pairs])
    return Side(
        name=name, line=captured.line, updates=arm.recipe.updates, replicas=rate.trials,
        successes=rate.successes, success_rate=rate.share, ci95=(rate.low, rate.high),
        score=usual_score(population), loss=float(np.median(population.final_loss[:pairs])),
        held=_held(experiment.goal, population),
        scores=tuple(float(f"{v:.6g}") for v in population.score[:pairs, 0]),
        losses=tuple(float(f"{v:.6g}") for v in population.final_loss[:pairs]))


def _held(goal: Goal, population: Population) -> float | None:
    if len(goal.weights) < 3 or not goal.weights[2].any():
        return None
    return float(np.median(np.nan_to_num(population.score[:, 2], nan=-np.inf)))


def _told(standing: duel.Standing) -> comparisons.Standing:
    return comparisons.Standing(
        metric=standing.metric, verdict=standing.verdict, pairs=standing.pairs,
        difference=standing.difference, ci95=(standing.low, standing.high), bounds=standing.bounds,
        won=standing.won, lost=standing.lost, p=standing.p, margin=standing.margin,
        to_decide=standing.to_decide)
