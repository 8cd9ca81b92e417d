"""How to diagnose: what the switches say, whichever door they come through."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from unstuck.base.errors import UnstuckError
from unstuck.search.budget import Budget

FULL = "full"
"""The word for trainings to their ends, where a horizon is asked for."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """How to diagnose. `replicas` caps every arm; `select` and `ignore` name checks or families.

    Trainings go so far as the budget has room for several; as far as `horizon` updates where that is
    given, and to their ends where they are to be `whole`. They are on `rows` of the rows.

    `jobs` processes train on this machine, or those of a `cluster` do; by default this one does.
    Without `pictures` nothing is trained that only the page shows. What has passed since the command
    has `begun` (in `time.monotonic`'s seconds) counts to a budget in time.
    """

    budget: Budget = field(default_factory=lambda: Budget.parse("2m"))
    replicas: int | None = None
    seed: int = 0
    goal: str | None = None
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    horizon: int | None = None
    whole: bool = False
    rows: int | None = None
    device: str | None = None
    jobs: int | None = None
    cluster: str | None = None
    singles_only: bool = False
    pictures: bool = True
    begun: float | None = None

    @classmethod
    def read(
        cls, *, budget: str, horizon: int | str | None = None, rows: int | None = None, **others: Any
    ) -> Options:
        """The options from a budget and a horizon as people write them.

        Args:
            budget: "90s", "2m" or "200runs".
            horizon: updates that each training goes, "full" for all of them; by default as far as the
                budget has room for.
            rows: so many of the rows are trained on; by default all.
            others: further fields, as they are.

        Raises:
            UnstuckError: one of them is not understood.
        """
        asked = str(horizon)
        if horizon not in (None, FULL) and not (asked.isdecimal() and int(asked)):
            raise UnstuckError(f"The horizon {asked!r} is not understood: write a number of updates"
                               f" from 1, or {FULL!r}.")
        if rows is not None and rows < 1:
            raise UnstuckError(f"rows={rows} leaves nothing to train on; at least 1 is needed.")
        return cls(budget=Budget.parse(budget), whole=horizon == FULL, rows=rows,
                   horizon=None if horizon in (None, FULL) else int(asked), **others)

    @property
    def asked(self) -> dict[str, Any]:
        """What changes the outcome; how many processes there are, and where, does not."""
        return {"budget": self.budget.text, "replicas": self.replicas, "seed": self.seed,
                "goal": self.goal, "select": sorted(self.select), "ignore": sorted(self.ignore),
                "horizon": FULL if self.whole else self.horizon, "rows": self.rows}

    def switches(self, fit: int | None) -> tuple[str, ...]:
        """The switches of `unstuck run` that ask for this diagnosis again, of that call of `fit`."""
        given: dict[str, object] = {
            "--budget": self.budget.text, "--replicas": self.replicas, "--seed": self.seed or None,
            "--goal": self.goal, "--device": self.device,
            "--horizon": FULL if self.whole else self.horizon, "--rows": self.rows,
            "--jobs": self.jobs, "--cluster": self.cluster,
            "--select": ",".join(self.select) or None, "--ignore": ",".join(self.ignore) or None,
            "--fit": fit,
        }
        return tuple(str(part) for name, value in given.items() if value is not None
                     for part in (name, value))
