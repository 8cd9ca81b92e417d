"""Labels that their neighbours contradict."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from . import Check, Family, Finding, Observation, measured
from . import _data as data
from ._words import number, percent


@dataclass(frozen=True)
class NoisyLabels(Check):
    """A part of the labels is wrong: they stand alone among rows that agree with each other.

    ## What it sees
    Of up to `rows` rows, those whose `neighbours` nearest other rows all have one label, which is
    the case for at least `clear` of the rows. It speaks where more than `wrong` of them have
    another label themselves, and less than half of what chance would give.

    ## Why learning stops
    It does not stop, it arrives: with a share p of labels flipped at random the loss cannot be
    much lower than the entropy of p on new rows, and a loss that goes on falling memorises the
    wrong labels one by one.

    ## What it tries
    Nothing: look at the rows that are contradicted.

    ## Example
        y = np.array(annotations)                 # a fifth of them slips of the mouse: sick
        y = np.array(annotations)[~contradicted]  # cured

    ## When it is wrong
    Classes that overlap by nature look the same; then the floor is real, and nothing is to be
    mended. That is why it is a suspicion, which only a look at the rows can settle.

    ## References
    Frénay and Verleysen 2014, Classification in the Presence of Label Noise: a Survey. Northcutt
    et al. 2021, Confident Learning, arxiv.org/abs/1911.00068.
    """

    family: ClassVar[Family] = Family.LABELS
    always: ClassVar[bool] = True

    rows: int = 1000
    neighbours: int = 5
    # Without any signal 6 % of rows have five like neighbours of two equally frequent classes.
    clear: float = 0.25
    wrong: float = 0.08
    least: int = 100

    def look(self, seen: Observation) -> Iterator[Finding]:
        """The rows that their neighbours contradict."""
        inputs, found = data.arrays(seen.recipe.train.x), data.labels(seen.recipe)
        if (len(inputs) != 1 or found is None or len(found) < self.least or seen.goal.patterns
                or seen.goal.is_autoencoder):
            return
        pick = np.unique(np.linspace(0, len(found) - 1, self.rows).astype(np.int64))
        x = data.standardised(inputs[0][pick].reshape(len(pick), -1))
        if not np.isfinite(x).all():
            return
        own = found[pick]
        around = own[data.nearest(x, self.neighbours)]
        agree = (around == around[:, :1]).all(axis=1)
        share = float(agree.mean())
        if share < self.clear:
            return
        wrong = float((around[agree, 0] != own[agree]).mean())
        chance = 1.0 - float(((np.bincount(around[agree, 0], minlength=own.max() + 1)
                               / agree.sum()) * (np.bincount(own) / len(own))).sum())
        if wrong <= self.wrong or wrong >= 0.5 * chance:
            return
        best = max(seen.goal.references.values(), default=None)
        plain = "" if best is None else (
            f" The best plain method is right in {percent(best)} of rows held out.")
        yield self.suspicion(
            f"Where the {self.neighbours} rows nearest to a row all have one label,"
            f" {percent(wrong)} of the rows have another ({number(chance * 100)} % would by"
            f" chance).{plain}",
            measured("rows that their neighbours contradict", wrong, self.wrong, "share of rows"),
            site="fit",
        )
