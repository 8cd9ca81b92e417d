"""What `unstuck compare` says, as plain values."""

from __future__ import annotations

from dataclasses import dataclass

from .results import Interval, Tool

SCHEMA = "unstuck-compare/1"


@dataclass(frozen=True, kw_only=True)
class Side:
    """One of the two trainings: what it was called, its line, and how often it learned.

    `scores` and `losses` are of each pair, in the order of the seeds, which both sides share; `held`
    is the median score on rows that are only validated on, `None` without such.
    """

    name: str
    line: int | None
    updates: int
    replicas: int
    successes: int
    success_rate: float
    ci95: Interval
    score: float
    loss: float
    held: float | None
    scores: tuple[float, ...]
    losses: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How B stands to A by one metric; `difference` is positive where B is better.

    `ci95` is the plain interval; the verdict rests on `bounds`, which hold at all looks together, and
    on `p`, which does too. `margin` is the difference that does not matter.
    """

    metric: str
    verdict: str
    pairs: int
    difference: float
    ci95: Interval
    bounds: Interval
    won: int
    lost: int
    p: float
    margin: float
    to_decide: int | None


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Two trainings on the same seeds. The first of `standings` is what decides.

    `asked` is the condition asked for ("B >= A + 5") with `met`, `None` while that is open.
    """

    schema: str
    tool: Tool
    a: Side
    b: Side
    goal: str
    score_is: str
    standings: tuple[Standing, ...]
    placebo: Standing | None
    budget: str
    seconds: float
    first_seed: int
    asked: str | None = None
    met: bool | None = None
    horizon: int | None = None
    notes: tuple[str, ...] = ()

    @property
    def verdict(self) -> str:
        """better, worse, no difference or undecided, of B; undecided where the placebo differs too."""
        return "undecided" if self.placebo_worked else self.standings[0].verdict

    @property
    def placebo_worked(self) -> bool:
        """True where A in another order differs from A, so that nothing can be told apart."""
        return self.placebo is not None and self.placebo.verdict in ("better", "worse")
