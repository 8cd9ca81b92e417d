"""Early stopping that ends training before it has got going."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from unstuck.interventions.early_stopping import Patience
from unstuck.network.callback_rules import EarlyStopping

from . import Check, Family, Finding, Observation, measured
from ._words import count


@dataclass(frozen=True)
class EarlyStoppingImpatient(Check):
    """Early stopping ends the training long before its last epoch, and before it has learned.

    ## What it sees
    How many replicas that fail were ended by `EarlyStopping` with at most `early` of their epochs
    done, and whether the callback takes a rising loss for progress (mode "max" on a loss), so that
    it stops a training that goes well.

    ## Why learning stops
    Early stopping waits `patience` epochs for a better value than the best so far, by at least
    `min_delta`. Loss curves stand still before they fall (a plateau between two rungs), validation
    loss on few rows goes up and down by chance, and a `min_delta` larger than what an epoch gains
    counts steady progress as none. With patience 0, Keras's default, one worse epoch ends it all.

    ## What it tries
    No early stopping; ten times the patience, at least 20 epochs.

    ## Example
        model.fit(x, y, epochs=200, callbacks=[keras.callbacks.EarlyStopping("loss")])
        model.fit(x, y, epochs=200, callbacks=[keras.callbacks.EarlyStopping("loss", patience=20)])

    ## When it is wrong
    The training may have been over by then, and more epochs change nothing; the trial tells.

    ## References
    Prechelt 1998, Early stopping, but when?, doi 10.1007/3-540-49430-8_3.
    """

    family: ClassVar[Family] = Family.SCHEDULE
    of_the_end: ClassVar[bool] = True

    # A training that was stopped in its last tenth had nearly all the epochs that were asked for.
    early: float = 0.9
    # Keras users' usual choices lie between 5 and 20; the largest is still cheap.
    at_least: int = 20

    def look(self, seen: Observation) -> Iterator[Finding]:
        """Who was stopped, and when."""
        rules, stopped = seen.recipe.rules.of(EarlyStopping), seen.control.stopped
        if not rules or stopped is None:
            return
        soon = stopped <= self.early * seen.recipe.epochs
        shown = seen.shown(soon)
        if shown.share < self.often:
            return
        rule = min(rules, key=lambda rule: rule.patience)
        usual = seen.typical(stopped.astype(float), soon)
        message = (
            f"EarlyStopping on {rule.watched!r} with a patience of {count(rule.patience, 'epoch')}"
            f" ended {shown} early: usually after {count(int(usual), 'epoch')} of"
            f" {seen.recipe.epochs:,}."
        )
        if rule.mode == "max" and rule.watched.endswith("loss"):
            message += " It waits for the loss to rise (mode='max'), and so stops where it falls."
        patience = max(self.at_least, 10 * int(rule.patience))
        yield self.suspicion(
            message,
            measured("epochs trained", usual, np.floor(self.early * seen.recipe.epochs), "epochs",
                     shown),
            site=f"callback:{rule.place}",
            tries=(Patience.of(seen.recipe, None), Patience.of(seen.recipe, patience)),
        )
