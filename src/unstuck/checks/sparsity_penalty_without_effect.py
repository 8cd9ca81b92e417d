"""A penalty on activities too weak to matter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from . import Check, Family, Finding, Observation, measured
from . import _anatomy as anatomy
from . import _codes as codes
from ._words import number, percent
from .sparsity_penalty_too_strong import activity


@dataclass(frozen=True)
class SparsityPenaltyWithoutEffect(Check):
    """The penalty that is to make the code sparse is so small that training cannot notice it.

    ## What it sees
    A code with an activity regulariser in a network that learns. It works out the penalty on the
    codes of up to 256 rows at the end, as Keras does (the mean over rows of the factor times the sum
    of absolute or squared values), and compares it with the loss: less than the share `noticed` of
    what lies between the loss of the best constant output and the floor.

    ## Why learning stops
    It does not; only the sparsity that was asked for is not there. A code with this penalty and one
    without come out the same.

    ## What it tries
    Nothing: the network learns what it is judged by. A factor ten to a hundred times as large is
    the next to try.

    ## Example
        layers.Dense(32, activity_regularizer=keras.regularizers.L1(1e-9))    # no effect
        layers.Dense(32, activity_regularizer=keras.regularizers.L1(1e-4))    # about 1 % of the loss

    ## When it is wrong
    The penalty is measured on the codes as they are. A weak pull over very many updates may still
    empty units that the loss does not need.

    ## References
    Ng 2011, Sparse autoencoder, CS294A lecture notes.
    """

    family: ClassVar[Family] = Family.AUTOENCODER
    of_the_end: ClassVar[bool] = True
    always: ClassVar[bool] = True

    # A thousandth of the distance is lost in the noise of batches.
    noticed: float = 1e-3

    def look(self, seen: Observation) -> Iterator[Finding]:
        """What the penalty amounts to."""
        units, goal = codes.code_units(seen), seen.goal
        if units is None or goal.baseline is None or goal.floor is None or not seen.learns:
            return
        given = activity(units.layer)
        if not given:
            return
        penalty = float(np.median(given[0] * units.mean_size + given[1] * units.mean_square))
        room = goal.baseline - goal.floor
        if room <= 0 or penalty >= self.noticed * room:
            return
        yield self.fact(
            f"The penalty on the activity of {anatomy.described(units.layer)} comes to"
            f" {number(penalty)} of a loss that goes from {number(goal.baseline)} for a constant"
            f" output to {number(goal.floor)}: {percent(penalty / room)} of the way. It has no"
            " effect on training.",
            measured("penalty over the range of the loss", penalty / room, self.noticed),
            site=anatomy.site(units.layer),
        )
