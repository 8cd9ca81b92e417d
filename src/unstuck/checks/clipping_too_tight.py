"""Gradients clipped to almost nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from unstuck.interventions.clipping import NoClipping
from unstuck.network.optimizer import CLIPS

from . import Check, Family, Finding, Observation, measured
from ._words import number


@dataclass(frozen=True)
class ClippingTooTight(Check):
    """Gradients are clipped so far below their size that steps are too short to get anywhere.

    ## What it sees
    An optimizer that clips, in a network that fails: the norm of the gradient before training is
    more than `times` the limit on the norm, or, for a limit on each value, that limit is less than
    `value`.

    ## Why learning stops
    Clipping is meant for rare, wild gradients. Where every step is clipped, the length of all
    steps is the limit times the learning rate, whatever the slope: with a limit of 0.001 and a
    rate of 0.01, a hundred thousandth. Adam divides by the gradient's size and makes up for most
    of it; SGD does not.

    ## What it tries
    No clipping.

    ## Example
        keras.optimizers.SGD(0.01, clipnorm=0.001)    # sick
        keras.optimizers.SGD(0.01, clipnorm=1.0)      # cured

        nn.utils.clip_grad_norm_(model.parameters(), 0.001)    # sick, in PyTorch
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)      # cured

    ## When it is wrong
    Recurrent networks need clipping; a limit near the usual norm is right there.

    ## References
    Pascanu et al. 2013, On the difficulty of training Recurrent Neural Networks,
    arxiv.org/abs/1211.5063.
    """

    family: ClassVar[Family] = Family.OPTIMIZER

    times: float = 10.0
    value: float = 1e-3

    def look(self, seen: Observation) -> Iterator[Finding]:
        """The limit against the gradients at the start."""
        config = seen.recipe.optimizer.config
        name = next((name for name in CLIPS if config.get(name)), None)
        if name is None:
            return
        limit = float(config[name])
        norm = self._norm(seen, each=name == "clipnorm")
        if name == "clipvalue" or norm is None:
            if limit >= self.value:
                return
            message = f"every number of the gradient is cut to {number(limit)}"
            evidence = measured(name, limit, self.value)
        else:
            if not norm > self.times * limit:
                return
            by = "clip_grad_norm_" if "clip" in seen.recipe.sites else name
            message = (f"before training it has a norm of {number(norm)}, and {by} cuts it to"
                       f" {number(limit)}")
            evidence = measured("norm of the gradient over the limit", norm / limit, self.times)
        who = "The loop" if "clip" in seen.recipe.sites else "The optimizer"
        yield self.suspicion(
            f"{who} clips the gradient: {message}.", evidence,
            site="clip" if "clip" in seen.recipe.sites else "optimizer", tries=(NoClipping(),))

    def _norm(self, seen: Observation, *, each: bool) -> float | None:
        """The usual norm before training, of the largest layer or of all; `None` if not known."""
        start = seen.readings("start")
        if start is None:
            return None
        squares: NDArray[np.float64] = np.nan_to_num(start.gradient_norm.astype(np.float64)) ** 2
        found = squares.max(axis=1) if each else squares.sum(axis=1)
        return float(np.median(np.sqrt(found)))
