"""Sets of changes, and what is known of the replicas that were trained with them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from unstuck.interventions import Changes, Intervention
from unstuck.network.recipe import Recipe
from unstuck.population.population import Population


@dataclass(eq=False)
class Arm:
    """One set of changes: its recipe, and what is known of its replicas so far.

    `expected`: seconds that a replica should take, where a like arm has told. `given_up`: so many
    replicas took too long.
    """

    changes: Changes
    recipe: Recipe
    checks: tuple[str, ...] = ()
    population: Population | None = None
    learned: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=bool))
    seconds: float = 0.0
    expected: float | None = None
    given_up: int | None = None

    @property
    def is_placebo(self) -> bool:
        """True where a placebo is among the changes."""
        return any(change.kind == "placebo" for change in self.changes)

    @property
    def rate(self) -> float:
        """Share of the replicas so far that learned; 0 before any."""
        return float(self.learned.mean()) if len(self.learned) else 0.0

    @property
    def score(self) -> float:
        """The median score: how far the usual replica came, also where none learned."""
        return usual_score(self.population)


def usual_score(population: Population | None) -> float:
    """The median score of a population; minus infinity where there is none."""
    if population is None or not len(population.score):
        return -np.inf
    scores = np.nan_to_num(population.score[:, 0], nan=-np.inf)
    with np.errstate(over="ignore"):  # the mean of the middle two may be beyond the largest
        return float(np.median(scores))


def trying(arms: Iterable[Arm]) -> str:
    """What is going on while these are trained."""
    return "trying " + ", ".join(names(arm.changes) for arm in arms)


def names(changes: tuple[Intervention, ...]) -> str:
    """A set of changes in one line."""
    return " and ".join(change.label for change in changes)
