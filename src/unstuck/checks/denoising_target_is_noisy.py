"""A denoiser that is taught to reproduce the noise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from unstuck.goal.judged import FEW_PATTERNS
from unstuck.goal.noise import noise_of
from unstuck.network.data import Data

from . import Check, Family, Finding, Observation
from . import _data as data


@dataclass(frozen=True)
class DenoisingTargetIsNoisy(Check):
    """The noise is in the targets, where the clean rows belong.

    ## What it sees
    Either the targets are the inputs with noise on them, the wrong way round; or training has the
    same rows as inputs and targets while the validation data has noisy inputs and clean targets. The
    noise is recognised by its marks: its kind, its level, its independence of the clean value.

    ## Why learning stops
    What is asked for is not what is validated. With noisy rows as their own targets the identity is
    the best answer, and noise is reproduced, not removed. With the noise in the targets its variance
    is a floor under the loss, whatever the network does.

    ## What it tries
    Nothing: with the right targets it is another task, and its success cannot be compared.

    ## Example
        model.fit(x_noisy, x_noisy, validation_data=(x_noisy_test, x_test))    # sick
        model.fit(x_noisy, x, validation_data=(x_noisy_test, x_test))          # cured

    ## When it is wrong
    Targets measured with noise are a legitimate regression; that this noise is a floor stays true.

    ## References
    Vincent et al. 2008, Extracting and Composing Robust Features with Denoising Autoencoders, ICML.
    """

    family: ClassVar[Family] = Family.AUTOENCODER
    always: ClassVar[bool] = True

    def look(self, seen: Observation) -> Iterator[Finding]:
        """Where the noise is."""
        recipe = seen.recipe
        pair = _pair(Data(x=recipe.x, y=recipe.y))
        if pair is None:
            return
        x, y = pair
        held = None if recipe.validation_data is None else _pair(recipe.validation_data)
        if np.array_equal(x, y):
            noise = None if held is None else noise_of(*held, few=FEW_PATTERNS)
            if noise is not None:
                yield self.fact(
                    "Training has the same rows as inputs and targets, but the validation data has"
                    f" noisy inputs and clean targets ({noise.text}): the network is taught to keep"
                    " the noise that it shall remove.", site="fit")
            return
        if seen.goal.noise is None:
            swapped = noise_of(y, x, few=FEW_PATTERNS)
            if swapped is not None:
                yield self.fact(
                    f"The targets are the inputs with noise on them ({swapped.text}): inputs and"
                    " targets look exchanged. Noise cannot be foretold, so it is a floor under the"
                    " loss.", site="fit")


def _pair(given: Data) -> tuple[NDArray[Any], NDArray[Any]] | None:
    inputs, targets = data.arrays(given.x), data.arrays(given.y)
    if len(inputs) != 1 or len(targets) != 1 or targets[0].ndim < 2:
        return None
    x, y = data.sample(inputs[0]), data.sample(targets[0])
    return (x, y) if x.shape == y.shape and np.isfinite(x).all() and np.isfinite(y).all() else None
