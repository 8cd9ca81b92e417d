"""Defaults that are others today than in the Keras that a script was written for."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from unstuck.interventions.epochs import Epochs
from unstuck.interventions.layer_default import LayerDefault
from unstuck.interventions.learning_rate import LearningRate
from unstuck.network.layers import Layer

from . import Check, Family, Finding, Observation, measured
from ._words import number

_KERAS = ("Keras 1", "Keras 2")
_RATES = {"Adadelta": (1.0, 0.001), "Adagrad": (0.01, 0.001), "Adamax": (0.002, 0.001),
          "Nadam": (0.002, 0.001)}
"""Optimizers by their rates, up to Keras 2.2 and today."""

_LAYERS: tuple[tuple[tuple[str, ...], str, Any, Any, tuple[str, ...]], ...] = (
    (("LSTM", "GRU"), "recurrent_activation", "hard_sigmoid", "sigmoid", _KERAS),
    (("GRU",), "reset_after", False, True, _KERAS),
    (("BatchNormalization",), "momentum", 0.9, 0.99, ("Keras 1",)),
)
"""Layers, argument, its default then and today, and for which years' scripts."""


@dataclass(frozen=True)
class ChangedDefaults(Check):
    """What the script leaves to Keras is another number today than when it was written.

    ## What it sees
    A network that fails, in a script in the spelling of Keras 1 or 2, with a value that is today's
    default and was another one then: the rates of Adadelta, Adagrad, Adamax and Nadam; the
    recurrent activation of LSTM and GRU, and whether a GRU resets after; the momentum of batch
    normalisation (0.9 in the first versions of Keras 1); one epoch where Keras 1 trained ten;
    penalties on activities, which were summed over the batch and are averaged today, where that
    weakens them by `weaker` or more.

    ## Why learning stops
    The numbers in a tutorial were right with the defaults of its time. Adadelta ran at a rate of
    1.0 and runs at 0.001; a sparse autoencoder whose penalty was summed over 256 rows has a
    penalty 256 times weaker.

    ## What it tries
    Each of the old defaults.

    ## Example
        model.compile(optimizer=Adadelta(), loss="mse")         # rate 1.0 in 2017, 0.001 today
        model.compile(optimizer=Adadelta(lr=1.0), loss="mse")   # as it was meant

    ## When it is wrong
    Where the script gives today's default itself, nothing has changed. Scripts for tf.keras have
    had today's defaults since TensorFlow 2.0. Differences too small to matter (the 1e-8 that stood
    for Adam's epsilon) are not told.

    ## References
    Keras 2.3.0, release notes: the optimizers' defaults become those of tf.keras;
    keras.io/getting_started/faq.
    """

    family: ClassVar[Family] = Family.OPTIMIZER

    # Penalties are chosen by powers of ten; a batch of 32 moves one by one and a half.
    weaker: float = 8.0

    def look(self, seen: Observation) -> Iterator[Finding]:
        """The optimizer's rate, the layers' arguments, the number of epochs."""
        if seen.recipe.written_for not in _KERAS:
            return
        yield from self._rate(seen)
        yield from self._layers(seen)
        yield from self._penalties(seen)
        if seen.recipe.written_for == "Keras 1" and seen.recipe.epochs == 1 and not seen.goal.early:
            yield self.fact(
                "fit trains for 1 epoch where no number is given; Keras 1 trained for 10.",
                measured("epochs", 1, 10), site="fit", tries=(Epochs.of(seen.recipe, 10),))

    def _rate(self, seen: Observation) -> Iterator[Finding]:
        optimizer = seen.recipe.optimizer
        then, today = _RATES.get(optimizer.kind, (None, None))
        if then is None or today is None or optimizer.learning_rate is None:
            return
        if math.isclose(optimizer.learning_rate, today, rel_tol=1e-6):
            yield self.fact(
                f"{optimizer.kind} runs at {number(today)}, its default learning rate today; when"
                f" this script's spelling was current it was {number(then)}.",
                measured("learning rate", today, then),
                site="optimizer" if "optimizer" in seen.recipe.sites else "compile",
                tries=(LearningRate.of(seen.recipe, then),))

    def _layers(self, seen: Observation) -> Iterator[Finding]:
        for kinds, argument, then, today, years in _LAYERS:
            layers = [layer for layer in seen.recipe.layers
                      if layer.kind in kinds and layer.config.get(argument) == today]
            if not layers or seen.recipe.written_for not in years:
                continue
            names = tuple(layer.name for layer in layers)
            yield self.fact(
                f"{argument} of {', '.join(names)} is {today}, the default today; when this"
                f" script's spelling was current it was {then}.",
                site=f"layer:{names[0]}",
                tries=(LayerDefault(layers=names, argument=argument, value=then),))

    def _penalties(self, seen: Observation) -> Iterator[Finding]:
        rows = min(seen.recipe.batch_size, seen.recipe.train.rows)
        for layer in seen.recipe.layers:
            weights = _penalty(layer)
            if weights is None or rows < self.weaker:
                continue
            summed = (weights[0] * rows, weights[1] * rows)
            yield self.fact(
                f"The penalty on what {layer.name} puts out is averaged over the batch today; when"
                f" this script's spelling was current it was summed, which was {rows} times as"
                " strong.",
                measured("times weaker", rows, self.weaker), site=f"layer:{layer.name}",
                tries=(LayerDefault(layers=(layer.name,), argument="activity_regularizer",
                                    value=summed),))


def _penalty(layer: Layer) -> tuple[float, float] | None:
    """The weights of a penalty on activities, "l1" and "l2"; `None` without one of Keras's own."""
    given = layer.config.get("activity_regularizer")
    if not isinstance(given, Mapping) or given.get("class_name") not in ("L1", "L2", "L1L2"):
        return None
    config = given["config"]
    return float(config.get("l1") or 0.0), float(config.get("l2") or 0.0)
