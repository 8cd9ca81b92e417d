"""Batch normalisation whose running statistics have not arrived."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from unstuck.interventions.batch_norm_momentum import BatchNormMomentum
from unstuck.interventions.remove_layer import RemoveLayer

from . import Check, Family, Finding, Observation, measured
from . import _anatomy as anatomy
from ._words import number, percent


@dataclass(frozen=True)
class BatchNormLags(Check):
    """What is learned with the statistics of batches is lost with the running ones.

    ## What it sees
    Batch normalisation in a network that fails: the loss of the last epoch, measured while
    training, against the loss of the same rows afterwards, which is more than `worse` times as
    high; or running statistics that keep more than `kept` of their first values.

    ## Why learning stops
    In training, batch normalisation uses the mean and variance of each batch; afterwards, running
    means of them. These start at 0 and 1 and move by 1 - momentum an update: with Keras's 0.99,
    after 50 updates they are still 60 % of what they started as. The network is then evaluated as
    another function than the one that was trained. Batches of few rows do the same in another way:
    their statistics are not those of the data.

    ## What it tries
    A momentum of 0.9 and of 0.5; the network without batch normalisation.

    ## Example
        layers.BatchNormalization()                # 40 updates in all: sick
        layers.BatchNormalization(momentum=0.5)    # cured

    ## When it is wrong
    Dropout makes a training loss higher than the one afterwards, not lower; overfitting does not
    show on the rows trained on.

    ## References
    Ioffe and Szegedy 2015, Batch Normalization, arxiv.org/abs/1502.03167. Keras,
    BatchNormalization, argument momentum.
    """

    family: ClassVar[Family] = Family.NORMALIZATION
    of_the_end: ClassVar[bool] = True

    worse: float = 1.5
    kept: float = 0.2

    def look(self, seen: Observation) -> Iterator[Finding]:
        """Both losses, and how far the statistics have moved."""
        layers = anatomy.batch_norms(seen.recipe)
        if not layers:
            return
        momentum = max(float(layer.config["momentum"]) for layer in layers)
        kept = momentum**seen.recipe.updates
        with np.errstate(invalid="ignore", divide="ignore"):
            ratio = seen.control.final_loss / seen.control.loss[:, -1]
        shown = seen.shown(ratio > self.worse)
        if kept <= self.kept and (shown.share < self.often or not shown.replicas):
            return
        said, evidence = [], []
        if kept > self.kept:
            said.append(f"after {seen.recipe.updates:,} updates at a momentum of"
                        f" {number(momentum)} the running statistics keep {percent(kept)} of their"
                        " first values")
            evidence.append(
                measured("share of the first statistics that is kept", kept, self.kept))
        if shown.replicas:
            value = seen.typical(ratio, ratio > self.worse)
            said.append(f"the loss of the rows trained on is {number(value)} times that of the last"
                        f" epoch in {shown}")
            evidence.append(measured("loss afterwards over loss in training", value, self.worse,
                                     shown=shown))
        yield self.suspicion(
            f"Batch normalisation: {'; '.join(said)}.", *evidence, site=anatomy.site(layers[0]),
            tries=(*(BatchNormMomentum(value=value) for value in (0.9, 0.5) if value < momentum),
                   *((RemoveLayer(layer=layers[0].name),) if len(layers) == 1 else ())),
        )
