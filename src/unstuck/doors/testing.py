"""For tests of one's own: a network learns, or the test says what was measured."""

from __future__ import annotations

from typing import Any

import numpy as np

from unstuck.base.errors import Stuck, UnstuckError
from unstuck.base.stats import success_rate
from unstuck.capture import capture_model, random_state_kept
from unstuck.checks import Observation
from unstuck.diagnosis.guarding import planned, trained
from unstuck.reports.parts.words import one_in
from unstuck.search.budget import Budget

from .suspects import suspects


def assert_learns(
    model: Any,
    x: Any = None,
    y: Any = None,
    *,
    at_least: float = 0.95,
    replicas: int | None = None,
    budget: str = "2m",
    seed: int = 0,
    goal: str | None = None,
    **fit_arguments: Any,
) -> None:
    """Assert that a training learns, whatever the seed; nothing is tried and nothing is changed.

    It takes as many trainings as tell `at_least` from half of it: where at least that share learns it
    fails 1 in 1,000 times at most, and a fall to half is missed 1 in 100 times at most (exact binomial
    tails). With 95 % these are 21 trainings.

    Args:
        model: a compiled `keras.Model`, which is left as it is, or where a `.keras` file of one is.
        x: inputs as for `fit`.
        y: targets as for `fit`.
        at_least: the share of trainings, from 0 to 1, that has to learn.
        replicas: how many trainings, where others than those; it fails wrongly no more often, and what
            it then misses is in its text.
        budget: the most that it may cost: "90s" or "200runs".
        seed: the first seed.
        goal: what counts as learned, such as "accuracy >= 0.95".
        fit_arguments: `fit`'s other arguments, by name.

    Raises:
        Stuck: fewer learn. It is an AssertionError, and its text holds what was measured.
        UnstuckError: it cannot be trained, not within the budget, or so few trainings tell nothing.
    """
    if not 0 < at_least <= 1:
        raise UnstuckError(f"at_least={at_least} is no share; write one above 0, up to 1.")
    plan = planned(at_least, trainings=replicas)
    captured = capture_model(model, x, y, **fit_arguments)
    with random_state_kept():
        experiment = trained(captured, plan.trainings, goal=goal, seed=seed,
                             budget=Budget.parse(budget))
    control, yardstick = experiment.control.population, experiment.goal
    if control is None or control.replicas < plan.trainings:
        raise UnstuckError(
            f"The budget of {budget} was spent before {plan.trainings} trainings ended.")
    rate = success_rate(yardstick.learned(control))
    if rate.successes >= plan.least:
        return
    seen = Observation(recipe=captured.recipe, goal=yardstick, control=control)
    median = float(np.median(control.final_loss))
    lines = [
        f"{rate.successes} of {rate.trials} trainings learned ({rate.share:.0%}, 95 % CI"
        f" {rate.low:.0%} to {rate.high:.0%}); at least {at_least:.0%} were asked for.",
        f"Fewer than {plan.least} of {plan.trainings} fail: wrongly {one_in(plan.wrongly)}; a fall to"
        f" {plan.fallen:.0%} is missed {one_in(plan.missed)}.",
        f"Learned: {yardstick.why}.",
        f"The median loss is {median:.4g}"
        + ("." if yardstick.baseline is None else
           f"; the best constant output has {yardstick.baseline:.4g}."),
        *(f"{found.check}: {found.message}" for found in suspects(seen)),
        "unstuck.diagnose with the same arguments finds out what is a cause.",
    ]
    raise Stuck("\n".join(lines))
