"""The yardstick of a diagnosis, and of what is trained again for one that was saved."""

from __future__ import annotations

from unstuck.goal import Goal, begun, goal_on_sample, held_to, make_goal
from unstuck.network.horizon import Horizon
from unstuck.network.recipe import Recipe
from unstuck.result import results


def yardstick(
    recipe: Recipe, *, asked: str | None, seed: int, shown: float | None = None,
    horizon: Horizon | None = None,
) -> Goal:
    """What counts as learned, or at a horizon as learning begun.

    Args:
        recipe: the whole training, before any change.
        asked: the user's own goal.
        seed: for plain methods' folds.
        shown: the score that all are held to, where that is beyond plain methods.
        horizon: how far trainings go.
    """
    if horizon is not None:
        return begun(goal_on_sample(recipe, asked=asked, seed=seed))
    goal = make_goal(recipe, asked=asked, seed=seed)
    return goal if shown is None or goal.asked is not None else held_to(goal, shown)


def horizon_of(result: results.Result) -> Horizon | None:
    """How far the trainings of a diagnosis went."""
    return None if result.horizon is None else Horizon(updates=result.horizon.updates)
