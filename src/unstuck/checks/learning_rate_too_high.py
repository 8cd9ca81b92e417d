"""Steps too large to settle anywhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from unstuck.interventions.warm_up import WarmUp
from unstuck.network.post_norm import is_post_norm

from . import Check, Family, Finding, Observation, measured
from . import _data as data
from . import _tries as tries
from ._words import number
from .learning_rate_too_low import weight_change

DIED = "ReLU units died in training"
"""A sign that other sicknesses leave too, so half of the failing replicas must show it."""
FAR = "rate far above the usual"
COLD = "its sums are normalised behind the addition, and no warm-up comes before that rate"
ADAM = 1e-3
"""Adam's default rate."""
LOW = 0.2
"""Of the best constant's loss; a loss below it has learned most of what there is."""


@dataclass(frozen=True)
class LearningRateTooHigh(Check):
    """The learning rate is so large that updates overshoot, blow up or kill units.

    ## What it sees
    In replicas that fail, any of: a loss that is no number any more; a final loss above that of the
    best constant output, and by at least `jump` above the lowest that this training had: it rose; a
    loss that goes up at least a third of the time over the last half of the epochs, by steps of at
    least `jump` of its level, which counts as at least a fifth of the best constant's loss; ReLU
    units that were alive at the start and are dead at the end. A rate far above the optimizer's
    usual one is named with it, and one from the first step on in a Transformer that normalises behind
    its additions. A loss that is high and still falls is slow, and no such sign.

    ## Why learning stops
    Beyond 2 / curvature an update along the gradient lands higher on the other side. Adam's steps
    have the size of the learning rate whatever the gradient, so at 0.1 the weights rattle by 0.1.
    One big step can push all pre-activations of a ReLU below 0, for ever. Where a Transformer
    normalises behind its additions, the gradients near the output are large at the start, so that
    its first steps have to be short.

    ## What it tries
    A tenth and a hundredth of the learning rate; where it is far above the usual, first Keras's
    default; in a Transformer that normalises behind its additions, first a warm-up to a lower rate.

    ## Example
        keras.optimizers.Adam(learning_rate=1.0)     # sick
        keras.optimizers.Adam(learning_rate=0.01)    # cured

    ## When it is wrong
    Small networks may train best at 0.01 to 0.03, and SGD with momentum at 0.1: the rate alone is
    no fault. Unscaled inputs or targets make any rate too high; then scaling cures as well.

    ## References
    Cohen et al. 2021, Gradient Descent on Neural Networks Typically Occurs at the Edge of
    Stability, arxiv.org/abs/2103.00065. Xiong et al. 2020, On Layer Normalization in the Transformer
    Architecture, arxiv.org/abs/2002.04745.
    """

    family: ClassVar[Family] = Family.OPTIMIZER
    explains: ClassVar[tuple[str, ...]] = ("constant-output", "dead-relu", "saturated-activation")

    # Batches of a few rows make the loss of an epoch wander by some percent.
    jump: float = 0.1
    # Below this the mean loss of the last epochs is not above the constant's by noise alone.
    above: float = 1.05
    # Of a layer's weight norm; where weights hardly moved, no rate was too high.
    moved: float = 0.1
    # Of a layer's units; see dead-relu.
    died: float = 0.25
    # Ten times Keras's default for Adam and RMSprop, the default for SGD being 0.01.
    usual: float = 0.03
    usual_sgd: float = 0.5
    epochs: int = 8
    # Adam's default; Transformers of that kind are trained with peaks of 1e-4 to 1e-3, warmed up.
    cold: float = 3e-4

    def look(self, seen: Observation) -> Iterator[Finding]:
        """The signs, each with its count."""
        rate = seen.recipe.optimizer.learning_rate
        if rate is None or not data.all_finite(seen.recipe):
            return
        signs = {name: seen.shown(mask) for name, mask in self._signs(seen).items()}
        signs = {name: shown for name, shown in signs.items()
                 if shown.replicas and shown.share >= (0.5 if name == DIED else self.often)}
        if not signs:
            return
        far: tries.Tries = tries.usual_rate(seen.recipe) if FAR in signs else ()
        if COLD in signs:
            far = (*(WarmUp(value=value) for value in (_warmed(rate), rate)), *far)
        told = "; ".join(f"{name} in {shown}" for name, shown in signs.items())
        yield self.suspicion(
            f"At a learning rate of {number(rate)} ({seen.recipe.optimizer.kind}): {told}.",
            *(measured(name, shown.share, self.often, "share of failing trainings", shown)
              for name, shown in signs.items()),
            site="optimizer", tries=(*far, *tries.rates(seen.recipe, 0.1, 0.01)),
        )

    def _signs(self, seen: Observation) -> dict[str, NDArray[np.bool_]]:
        control, baseline = seen.control, seen.goal.baseline
        signs = {"loss is no number any more": control.diverged}
        if baseline is not None and baseline > 0:
            change = weight_change(seen)
            moved = np.ones(control.replicas, bool) if change is None else change > self.moved
            with np.errstate(invalid="ignore"):
                signs["loss rose above that of a constant output"] = moved & (
                    control.final_loss > self.above * baseline) & rose(
                        control.loss, control.final_loss, self.jump)
        if control.loss.shape[1] >= self.epochs:
            signs["loss jumps up and down to the end"] = oscillates(
                control.loss, self.jump, least=LOW * (baseline or 0.0))
        start, end = seen.readings("start"), seen.readings("end")
        if start is not None and end is not None:
            grown = end.dead - start.dead
            signs[DIED] = np.nan_to_num(grown).max(axis=1) >= self.died
        rate = seen.recipe.optimizer.learning_rate or 0.0
        limit = self.usual_sgd if seen.recipe.optimizer.kind == "SGD" else self.usual
        if rate > limit and seen.recipe.optimizer.kind not in ("Adadelta", "Adagrad", "Ftrl"):
            signs[FAR] = np.ones(control.replicas, dtype=bool)
        if rate > self.cold and is_post_norm(seen.recipe.architecture):
            signs[COLD] = np.ones(control.replicas, dtype=bool)
        return signs


def _warmed(rate: float) -> float:
    """A rate below this one to warm up to: a tenth of one above Adam's default, else about a third."""
    return float(f"{0.1 * rate if rate > ADAM else 0.3 * rate:.6g}")


def rose(
    loss: NDArray[np.float32], final: NDArray[np.float32], jump: float
) -> NDArray[np.bool_]:
    """Which replicas' losses [replica, epoch] end by `jump` above their lowest, shaped [replica].

    The end is the last epoch's, or `final` [replica] where there was but one. That is no fair end of
    several: a network that drops units, or normalises, has another loss when it is evaluated.
    """
    end = loss[:, -1] if loss.shape[1] > 1 else final
    with np.errstate(invalid="ignore"):
        found: NDArray[np.bool_] = end > (1 + jump) * loss.min(axis=1)
    return found


def oscillates(
    loss: NDArray[np.float32], jump: float, *, least: float = 0.0
) -> NDArray[np.bool_]:
    """Which replicas' losses [replica, epoch] rattle, shaped [replica].

    They do if they rise at least a third of the time in the last half, with a median step of at
    least `jump` of their level. Levels below `least` count as that: near zero everything jumps.
    """
    half = loss[:, loss.shape[1] // 2 :].astype(np.float64)
    with np.errstate(invalid="ignore"):
        steps = np.diff(half, axis=1)
        level = np.maximum(np.abs(half).mean(axis=1), least)
        found: NDArray[np.bool_] = ((steps > 0).mean(axis=1) >= 1 / 3) & (
            np.median(np.abs(steps), axis=1) >= jump * level)
    return found


