"""A hidden layer with too little room."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from unstuck.goal.references import pca_score
from unstuck.network.layers import Layer

from . import Check, Evidence, Family, Finding, Observation, measured
from . import _anatomy as anatomy
from . import _tries as tries
from ._words import number, tally
from .relu_before_output import entering


@dataclass(frozen=True)
class NarrowLayer(Check):
    """A hidden layer with few units is a bottleneck that all information has to pass.

    ## What it sees
    Hidden layers with at most `few` units, or with fewer units than there are classes to tell
    apart, in a network that fails. It counts how many inputs still differ behind the layer and, in
    an autoencoder, says how much of the data any linear code of that width can hold.

    ## Why learning stops
    Few units in principle often suffice, but gradient descent has to find the one arrangement that
    works from where the draw of weights put it. With two ReLU units, one badly drawn unit is half
    of the room. Wider layers have many such arrangements near to every start.

    ## What it tries
    That layer at twice and at eight times its width (at least 16 units); all narrow layers at 32.

    ## Example
        layers.Dense(2, activation="relu")     # XOR: some draws of weights work, most do not
        layers.Dense(16, activation="relu")    # nearly every draw works

    ## When it is wrong
    The code of an autoencoder is narrow on purpose; wider, it is another task. A narrow layer is
    only suspected, and only where training fails: a trial with more units decides.

    ## References
    Frankle and Carbin 2019, The Lottery Ticket Hypothesis, arxiv.org/abs/1803.03635. Eckart and
    Young 1936 for the bound on linear codes.
    """

    family: ClassVar[Family] = Family.ARCHITECTURE

    # With up to about eight ReLU units a draw in which too many are useless is common: 2, 4 and 8
    # units learn XOR from 22, 61 and 93 % of 200 draws (the specimen of fragile-seeds).
    few: int = 8
    # Each layer costs two trials.
    layers: int = 3

    def look(self, seen: Observation) -> Iterator[Finding]:
        """The narrowest layers, the narrowest first."""
        least = max(self.few, self._classes(seen) - 1)
        narrow = [layer for layer in anatomy.hidden(seen.recipe)
                  if (anatomy.width(layer) or least + 1) <= least]
        narrow.sort(key=lambda layer: anatomy.width(layer) or 0)
        for place, layer in enumerate(narrow[: self.layers]):
            message, evidence = self._seen_behind(seen, layer)
            changes = tries.wider(seen.recipe, layer)
            if place == 0 and len(anatomy.hidden(seen.recipe)) > 1:
                changes = (*changes, *tries.widths(seen.recipe, at_least=32))
            yield self.suspicion(
                f"All information has to pass {anatomy.described(layer)}{message}.",
                measured("width", anatomy.width(layer) or 0, least, "units"), *evidence,
                site=anatomy.site(layer), tries=changes,
            )

    def _seen_behind(self, seen: Observation, layer: Layer) -> tuple[str, tuple[Evidence, ...]]:
        end, goal = seen.readings("end"), seen.goal
        if goal.is_autoencoder and goal.metric == "r2":
            score = pca_score(goal.flat_inputs, anatomy.width(layer) or 1,
                              by_column=goal.task.by_column)
            if score < goal.threshold:
                return (f"; the best linear code of that width reaches R² {number(score)},"
                        f" the goal is {number(goal.threshold)}",
                        (measured("R² of PCA of that width", score, goal.threshold),))
        if end is not None and layer.name in end.layers:
            before, after = entering(seen, layer), end.of("distinct", layer.name)
            shown = seen.shown(after < before)
            if shown.share >= self.often:
                merged = seen.failing & (after < before)
                came = np.unique(before[merged])
                all_of_them = f"the {number(float(came[0]))}" if len(came) == 1 else "all"
                return (f"; in {shown} not {all_of_them} different inputs that reach it still differ"
                        f" behind it. Of them are left: {tally(after[merged])}",
                        (measured("different inputs behind the layer, median",
                                  float(np.median(after[merged])), float(np.median(before[merged])),
                                  "inputs", shown),))
        return "", ()

    def _classes(self, seen: Observation) -> int:
        head = anatomy.head(seen.recipe)
        if head is None or head.units is None or not seen.goal.task.discrete:
            return 0
        return head.units if seen.goal.task.kind in ("classes", "one-hot") else 0
