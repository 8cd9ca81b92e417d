"""For tests of one's own: a network learns, or the test says what was measured."""

from __future__ import annotations

from typing import Any

import numpy as np

from unstuck.base.errors import Stuck, UnstuckError
from unstuck.base.progress import Progress
from unstuck.base.stats import success_rate
from unstuck.capture import capture_model, random_state_kept
from unstuck.checks import Observation
from unstuck.goal import make_goal
from unstuck.search.budget import Budget, BudgetSpent
from unstuck.search.experiment import Experiment

from .suspects import suspects


def assert_learns(
    model: Any,
    x: Any = None,
    y: Any = None,
    *,
    at_least: float = 0.95,
    replicas: int = 16,
    budget: str = "2m",
    seed: int = 0,
    goal: str | None = None,
    **fit_arguments: Any,
) -> None:
    """Assert that a training learns, whatever the seed; nothing is tried and nothing is changed.

    Args:
        model: a compiled `keras.Model`, which is left as it is, or where a `.keras` file of one is.
        x: inputs as for `fit`.
        y: targets as for `fit`.
        at_least: the share of replicas, from 0 to 1, that has to learn.
        replicas: how many trainings.
        budget: the most that it may cost: "90s" or "200runs".
        seed: the first seed.
        goal: what counts as learned, such as "accuracy >= 0.95".
        fit_arguments: `fit`'s other arguments, by name.

    Raises:
        Stuck: fewer learn. It is an AssertionError, and its text holds what was measured.
        UnstuckError: it cannot be trained, or not within the budget.
    """
    if not 0 < at_least <= 1:
        raise UnstuckError(f"at_least={at_least} is no share; write one above 0, up to 1.")
    captured = capture_model(model, x, y, **fit_arguments)
    with random_state_kept():
        yardstick = make_goal(captured.recipe, asked=goal, seed=seed)
        experiment = Experiment(captured.recipe, yardstick, budget=Budget.parse(budget), seed=seed,
                  replicas=replicas, progress=Progress())
        try:
            experiment.run(experiment.control, replicas, probes=True)
        except BudgetSpent as error:
            raise UnstuckError(
                f"The budget of {budget} was spent before {replicas} trainings ended."
            ) from error
    control = experiment.control.population
    assert control is not None
    rate = success_rate(yardstick.learned(control))
    if rate.share >= at_least:
        return
    seen = Observation(recipe=captured.recipe, goal=yardstick, control=control)
    median = float(np.median(control.final_loss))
    lines = [
        f"{rate.successes} of {rate.trials} trainings learned ({rate.share:.0%}, 95 % CI"
        f" {rate.low:.0%} to {rate.high:.0%}); at least {at_least:.0%} were asked for.",
        f"Learned: {yardstick.why}.",
        f"The median loss is {median:.4g}"
        + ("." if yardstick.baseline is None else
           f"; the best constant output has {yardstick.baseline:.4g}."),
        *(f"{found.check}: {found.message}" for found in suspects(seen)),
        "unstuck.diagnose with the same arguments finds out what is a cause.",
    ]
    raise Stuck("\n".join(lines))
