"""What a diagnosis may cost."""

from __future__ import annotations

import re
from dataclasses import dataclass

from unstuck.base.errors import UnstuckError
from unstuck.population.chunks import Ended


class BudgetSpent(Ended):
    """The time or the number of trainings that was given is used up."""


@dataclass(frozen=True, kw_only=True)
class Budget:
    """What a diagnosis may cost: seconds of wall time, a number of trainings, or both."""

    text: str
    seconds: float | None = None
    trainings: int | None = None

    @classmethod
    def parse(cls, text: str) -> Budget:
        """Read "90s", "2m", "1h" or "200runs". Raises UnstuckError."""
        match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(s|m|h|runs?)?\s*", text)
        if match is None or not float(match[1]):
            raise UnstuckError(f"The budget {text!r} is not understood: write 90s, 2m or 200runs.")
        number, unit = float(match[1]), match[2] or "s"
        if unit.startswith("run"):
            return cls(text=text.strip(), trainings=int(number))
        return cls(text=text.strip(), seconds=number * {"s": 1, "m": 60, "h": 3600}[unit])
