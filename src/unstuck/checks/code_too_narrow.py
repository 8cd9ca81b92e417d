"""A code that cannot hold most of the data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from unstuck.goal.sizes import code_size, hidden_sizes
from unstuck.interventions.width import Width

from . import Check, Family, Finding, Observation, measured
from . import _anatomy as anatomy
from ._words import count, number, percent


@dataclass(frozen=True)
class CodeTooNarrow(Check):
    """The code has so few numbers that no linear code of its size holds much of the data.

    ## What it sees
    In an autoencoder, how much of the variance of the inputs the best linear code of that many
    numbers keeps (PCA). It speaks below the share `kept`, or where patterns of bits outnumber what
    that many on-off units can tell apart, and says how many numbers would keep `enough`.

    ## Why learning stops
    Training may well do all that is possible and the outputs are still a blur: the yardstick asks
    for what a linear code of the same size reaches, and that is little. Layers around the code can
    bend a curve through more of the data, but seldom much more.

    ## What it tries
    As many numbers in the code as keep `enough` of the variance.

    ## Example
        layers.Dense(1)     # the code of 64 pixels: 15 % of the variance, sick
        layers.Dense(21)    # 90 %, cured

    ## When it is wrong
    A code of two numbers to be drawn as a map is narrow on purpose. That it loses most of the
    variance in a linear view stays true.

    ## References
    Eckart and Young 1936; Hinton and Salakhutdinov 2006, Reducing the Dimensionality of Data with
    Neural Networks, Science 313.
    """

    family: ClassVar[Family] = Family.AUTOENCODER
    always: ClassVar[bool] = True

    # A map of two numbers keeps 29 % of the digits and 17 % of MNIST.
    kept: float = 0.25
    # Where pictures look like themselves.
    enough: float = 0.9

    def look(self, seen: Observation) -> Iterator[Finding]:
        """The code's size against the data's."""
        size, goal = code_size(seen.recipe), seen.goal
        if size is None or not goal.is_autoencoder:
            return
        rows = goal.flat_inputs
        centred = rows - rows.mean(0)
        shares = np.linalg.svd(centred, compute_uv=False) ** 2
        if size >= len(shares) or not shares.sum():
            return
        shares = np.cumsum(shares / shares.sum())
        share, wanted = float(shares[size - 1]), int(np.searchsorted(shares, self.enough)) + 1
        if share >= self.kept:
            return
        narrow = [name for name, found in hidden_sizes(seen.recipe) if found == size]
        layer = next((found for found in anatomy.hidden(seen.recipe)
                      if found.name in narrow and anatomy.width(found) == size), None)
        yield self.fact(
            f"The code has {count(size, 'number')}. The best linear code of that size keeps"
            f" {percent(share)} of the variance of the inputs; {percent(self.enough)} would take"
            f" {number(wanted)}.",
            measured("variance that a linear code of that size keeps", share, self.kept,
                     "share of variance"),
            site=None if layer is None else anatomy.site(layer),
            tries=() if layer is None else (Width.of(seen.recipe, layer.name, wanted),),
        )
