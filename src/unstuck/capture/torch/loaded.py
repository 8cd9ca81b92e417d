"""What a DataLoader has told of the rounds to come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True, eq=False)
class Loaded:
    """All rows of a loader, as `rows` and `targets` of the network; `shuffled` anew in each round.

    `first_round` is how many batches of the first round were run.
    """

    rows: list[NDArray[Any]]
    targets: list[NDArray[Any]]
    batch_size: int
    shuffled: bool
    first_round: int

    @property
    def each(self) -> int:
        """How many batches a whole round has."""
        return -(-len(self.rows[0]) // self.batch_size)

    @property
    def note(self) -> str:
        """What is told of it."""
        how = "shuffled anew in each round" if self.shuffled else "in their order"
        return ("The script has a training loop of its own over a DataLoader, whose"
                f" {len(self.rows[0]):,} rows come in batches of {self.batch_size}, {how}:"
                f" {self.first_round} batches of the first round were run, and the beginning of the"
                " second.")
