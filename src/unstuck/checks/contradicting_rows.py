"""The same inputs with different targets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from . import Check, Family, Finding, Observation, measured
from . import _data as data
from ._words import number, percent


@dataclass(frozen=True)
class ContradictingRows(Check):
    """Rows with exactly the same inputs have different targets, so that no network can be right.

    ## What it sees
    Groups of rows whose inputs are equal in every number, and whether their targets differ; at
    most `rows` rows are compared. It speaks from a share of `share` of all rows on.

    ## Why learning stops
    A network is a function: the same input gives the same output. Where the data gives it two
    answers, the best it can do is their mean, and the loss keeps what they differ by. Columns that
    were left out, rounding, or a join that repeated rows make such data.

    ## What it tries
    Nothing: which of the answers is right only the data knows.

    ## Example
        x = frame[["city"]]            # many rows for a city, each with another price: sick
        x = frame[["city", "area"]]    # cured

    ## When it is wrong
    Where chances are to be learned (clicks, dice), different answers to one input are the point.

    ## References
    Gibbs' inequality for cross-entropies; the variance within groups for squared error.
    """

    family: ClassVar[Family] = Family.LABELS
    always: ClassVar[bool] = True

    # Below that, they are slips of the pen, and cost less than any seed.
    share: float = 0.05
    rows: int = 20_000

    def look(self, seen: Observation) -> Iterator[Finding]:
        """The groups of equal inputs."""
        inputs, targets = data.arrays(seen.recipe.train.x), data.arrays(seen.recipe.train.y)
        if len(targets) != 1 or not inputs or seen.goal.is_autoencoder or any(
                len(part) != len(targets[0]) for part in inputs):
            return
        pick = slice(None, self.rows)
        x = np.concatenate([part[pick].reshape(len(part[pick]), -1) for part in inputs], axis=1)
        by_input, by_both = data.groups(x), data.groups(np.concatenate(
            [x, targets[0][pick].reshape(len(x), -1)], axis=1))
        kinds = np.zeros(by_input.max() + 1, dtype=np.int64)
        np.add.at(kinds, by_input[np.unique(by_both, return_index=True)[1]], 1)
        disputed = kinds[by_input] > 1
        share = float(disputed.mean())
        if share < self.share or not by_input.any():  # constant-inputs says why
            return
        floor = seen.goal.floor
        least = f" No function of the inputs has a loss below {number(floor)}." if floor else ""
        first = int(np.flatnonzero(disputed)[0])
        other = int(np.flatnonzero((by_input == by_input[first]) & (by_both != by_both[first]))[0])
        yield self.fact(
            f"{percent(share)} of the rows trained on have twins with the same inputs and another"
            f" target (rows {first} and {other}, for one).{least}",
            measured("rows that contradict another", share, self.share, "share of rows"),
            site="fit",
        )
