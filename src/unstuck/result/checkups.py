"""What `unstuck check` and `unstuck run --plan` say of a script, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .results import FindingInfo, Fit, ScriptInfo, Tool

SCHEMA = "unstuck-check/1"


@dataclass(frozen=True, kw_only=True)
class Failure:
    """Why `fit` fails, or what comes before it: the cause, its line, and the smallest change."""

    message: str
    line: int | None
    change: str


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One thing that was measured and is no finding by itself; `what` names it in a word or two."""

    what: str
    told: str


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What `unstuck run` would do: the seconds of one training of `updates` of the script's updates,
    the trainings that `budget` has room for, and the changes that it would try one by one.

    `seconds` is measured on a few updates or read off the network's size; `sets` counts the sets of
    changes that would be tried at once. Both are lower bounds of what checks may ask for besides.
    """

    budget: str
    seconds: float
    updates: int
    room: int | None
    tries: tuple[str, ...]
    sets: int


@dataclass(frozen=True, kw_only=True)
class Checkup:
    """Facts and measures of one script. `replicas` trainings of `updates` updates stand behind them."""

    schema: str
    tool: Tool
    script: ScriptInfo
    fit: Fit | None
    facts: tuple[FindingInfo, ...] = ()
    measures: tuple[Measure, ...] = ()
    plan: Plan | None = None
    failure: Failure | None = None
    replicas: int = 0
    updates: int = 0
    seconds: float = 0.0
    source: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def outcome(self) -> Literal["ERROR", "FACTS", "NOTHING"]:
        """The whole in one word: `fit` fails, facts were found, or nothing was."""
        if self.failure is not None:
            return "ERROR"
        return "FACTS" if self.facts else "NOTHING"
