"""What can be said of two trainings against each other: their losses, and whom a gradient reaches."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from unstuck.base.errors import NotSupported
from unstuck.interventions import Intervention
from unstuck.network.recipe import Recipe
from unstuck.population.population import Population

ALONE = ("only what {} trains is trained here; what the other optimizer trains stays as it begins. The"
         " networks themselves are not changed: what one gains against the other as it begins says"
         " nothing of both. What helps here need not help where both are trained")
"""What is told where one of two trainings is looked at by itself."""


def leaves_networks(change: Intervention, recipe: Recipe) -> bool:
    """True for a change of the training that leaves its networks as they are."""
    try:
        return change.apply(recipe).architecture is recipe.architecture
    except NotSupported:
        return False


def told_of_rivals(recipe: Recipe, control: Population) -> list[str]:
    """A note for each training of a step, and one for the losses that it logs."""
    notes = []
    for one in recipe.rivals:
        trained = " and ".join(one.trains) or "its weights"
        reached = (f"a gradient reaches all {one.weights} of its weights" if not one.without_gradient
                   else f"no gradient reaches {one.without_gradient} of its {one.weights} weights")
        notes.append(f"{one.optimizer} trains {trained}: {reached}")
    curves = {"loss": control.loss, **control.metrics}
    told = [f"{name} from {_median(values[:, 0]):.3g} to {_median(values[:, -1]):.3g}"
            for name, values in sorted(curves.items())
            if "loss" in name and (name != "loss" or len(curves) == 1)]
    if recipe.rivals and told:
        notes.append(f"from the first epoch to the last, in the median of {len(control.loss)}"
                     f" trainings: {', '.join(told)}")
    return notes


def _median(values: NDArray[np.floating[Any]]) -> float:
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if len(finite) else float("nan")
