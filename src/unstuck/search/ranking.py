"""Which of the arms that were tried is better: what learns more surely, then what changes less."""

from __future__ import annotations

import math

from unstuck.interventions import Changes, Intervention
from unstuck.population.population import Population

from .arms import Arm, usual_score
from .experiment import Experiment

CURED = 0.95
"""Share of replicas that must learn before a set of changes counts as a cure (DESIGN: LEARNS)."""
TO_SPARE = 0.75
"""Share of the way from the yardstick to the ceiling that a repair with room to spare has gone."""
EARLY_TO_SPARE = 1 / 3
"""The same where the yardstick is that learning has begun, a quarter of the way: half of the way."""
MODEST = 0.9
"""Accuracy or R² of plain methods below which everything sensible at once is tried, to see whether the
data allows more."""
BEYOND = 0.2
"""Share of the way from there to a perfect answer that counts as more."""
SURE = 16
"""Replicas of which all must learn before the search for a cure ends with it."""


class Ranking:
    """The order of one experiment's arms; asks for no training."""

    def __init__(self, experiment: Experiment) -> None:
        self.experiment = experiment

    @property
    def ceiling(self) -> float:
        """What the data allows: by plain methods, or more where a network has shown more."""
        return self.experiment.goal.ceiling

    @property
    def is_modest(self) -> bool:
        """True where plain methods leave so much open that a network may come well beyond them."""
        goal = self.experiment.goal
        return (self.ceiling < MODEST and not goal.early and not goal.patterns and goal.asked is None
                and len(goal.tasks) == 1)

    def is_beyond(self, score: float) -> bool:
        """True for a score well above what the data is known to allow."""
        return score > self.ceiling + BEYOND * (1.0 - self.ceiling)

    def distance(self, change: Intervention) -> tuple[float, float]:
        """How far a change came alone, the furthest first; what was not tried is as the control."""
        arm, control = self.experiment.arm((change,)), self.experiment.control
        tried = arm if arm is not None and len(arm.learned) else control
        return -tried.rate, -tried.score

    def strength(self, arm: Arm) -> tuple[bool, bool, float, float]:
        """How good an arm is as a place to shrink from, the best largest."""
        return self.cures(arm), self.margin(arm), arm.rate, arm.score

    def ranked(self) -> list[Arm]:
        """The arms that may be cures, the best first."""
        return sorted((arm for arm in self.experiment.tried if arm.rate > 0.5 and not arm.is_placebo),
                      key=self.key)

    def key(self, arm: Arm) -> tuple[float, ...]:
        """Best first: learns at all, learns with room to spare, then the least invasive."""
        return (-self.grade(arm), self.set_weight(arm.changes), -arm.rate)

    def grade(self, arm: Arm) -> int:
        """0 to 4: how surely it learns, and whether with room to spare."""
        count, rate = len(arm.learned), arm.rate
        if count < SURE:
            rate = (rate * count + 0.5) / (count + 1)  # two of two say less than 15 of 16
        return sum((rate >= 0.9, rate >= CURED - 0.01, rate >= 0.985, self.margin(arm)))

    def margin(self, arm: Arm) -> bool:
        """True where the usual replica is well past the yardstick, near what the data allows."""
        return self.to_spare(arm.population)

    def to_spare(self, population: Population | None) -> bool:
        """The same of any replicas."""
        goal = self.experiment.goal
        room = max(0.0, self.ceiling - goal.aim)
        share = EARLY_TO_SPARE if goal.early else TO_SPARE
        return usual_score(population) >= goal.aim + share * room - 1e-9

    def cures(self, arm: Arm) -> bool:
        """True where about as many learn as in a cure."""
        return arm.rate >= CURED - 0.05 and len(arm.learned) > 0

    def solid(self, arm: Arm) -> bool:
        """True where all of them learn, with room to spare."""
        return arm.rate >= 0.985 and self.margin(arm)

    def weight(self, change: Intervention) -> float:
        """How far a change departs from what the user wrote, longer training included."""
        longer = self.experiment.arm((change,))
        updates = max(1, self.experiment.control.recipe.updates)
        factor = 1.0 if longer is None else longer.recipe.updates / updates
        return change.cost + change.oddity + math.log10(max(1.0, factor))

    def set_weight(self, changes: Changes) -> float:
        """The same for a set."""
        return sum(self.weight(change) for change in changes)
