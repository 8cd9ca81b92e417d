"""What the charts share: colours of the ways of ending, the axis of losses, short labels."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable

from unstuck.reports.parts import words
from unstuck.result.pictures import ReplicaInfo
from unstuck.result.results import Result

from .draw import Spec

MODES = 6
"""Colours for ways of ending; rarer ways share the last."""


def mode_color(number: int, result: Result) -> str:
    """The colour of a way of ending; that of learning is always the same."""
    if number >= len(result.population.modes):
        return "var(--ink)"
    return f"var(--m{mode_class(number, result)})"


def mode_class(number: int, result: Result) -> int:
    """0 for learning, 1 and on for the ways of failing, by their share."""
    modes = result.population.modes
    if modes[number].learned:
        return 0
    failed = [i for i, mode in enumerate(modes) if not mode.learned]
    return min(1 + failed.index(number), MODES - 1)


def usual_replica(result: Result) -> ReplicaInfo | None:
    """The replica shown that is the usual one of the commonest way of ending."""
    pictures = result.pictures
    if pictures is None or not pictures.replicas:
        return None
    mode = result.population.modes[0] if result.population.modes else None
    mine = [r for r in pictures.replicas if r.mode == 0] or list(pictures.replicas)
    middle = mode.loss if mode is not None else math.nan
    if not math.isfinite(middle):
        return mine[0]
    return min(mine, key=lambda r: abs(r.loss - middle) if math.isfinite(r.loss) else math.inf)


def label_of(names: list[str]) -> str:
    """An axis's labels as Vega's expression, from places: shortened names need not be unique."""
    return f"{json.dumps(names)}[datum.value]"


def label_room(labels: Iterable[str], size: int = 12) -> int:
    """About the pixels that the longest label takes beside its axis."""
    return round(0.49 * size * max(map(len, labels), default=0)) + 16


def shortened(text: str, most: int) -> str:
    """A label of at most so many characters: Vega's own cutting measures text, which is slow."""
    text = text.replace(words.NBSP, " ")
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


class Scale:
    """The axis of losses: linear, or logarithmic where they span more than a factor of 50."""

    def __init__(self, values: Iterable[float], anchors: Iterable[float | None]) -> None:
        finite = [v for v in values if math.isfinite(v)]
        marks = [a for a in anchors if a is not None and math.isfinite(a)]
        whole = [*finite, *marks] or [0.0, 1.0]
        reference = max(marks, default=0.0)
        middle = sorted(finite)[len(finite) // 2] if finite else 1.0
        positive = [v for v in whole if v > 0]
        wide = bool(finite) and max(finite) > 50 * max(reference, middle, 1e-12)
        low_half = middle > 0 and reference > 50 * middle
        self.log = min(whole) >= 0 and len(positive) > 0 and (wide or low_half)
        # A floor next to 0 would take a logarithmic axis all for itself.
        reached = [v for v in finite if v > 0] or positive
        self.low = min(reached) if self.log else min(whole)
        self.high = max(whole)
        if self.high <= self.low:
            self.high = self.low + (abs(self.low) or 1.0)
        if self.log:
            self.low = max(self.low, self.high * 1e-30)  # a loss beside 0 is that of no drawing

    def clamped(self, value: float) -> float:
        """A value on the scale; what is beyond it lies at its end."""
        return min(max(value, self.low), self.high)

    def share(self, value: float) -> float:
        """How far along the scale a value lies, from 0 to 1."""
        low, high, at = self.low, self.high, self.clamped(value)
        if self.log:
            low, high, at = math.log(low), math.log(high), math.log(at)
        return (at - low) / (high - low)

    @property
    def beyond(self) -> float:
        """Where losses are put that are no numbers: past the end."""
        if self.log:
            past: float = self.high * (self.high / self.low) ** 0.1
            return past
        return self.high + 0.1 * (self.high - self.low)

    def spec(self, *, beyond: bool = False) -> Spec:
        """As Vega-Lite has it, with a little room at both ends, or more at the upper one."""
        low, high = self.low, self.beyond if beyond else self.high
        if self.log:
            room = (high / low) ** 0.03
            return {"type": "log", "domain": [low / room, high * room], "nice": False}
        room = 0.03 * (high - low)
        return {"domain": [low - (room if low else 0.4 * room), high + room], "nice": False,
                "zero": False}  # fmt: skip
