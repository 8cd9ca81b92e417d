"""An autoencoder that may simply copy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from unstuck.goal.sizes import code_size

from . import Check, Family, Finding, Observation, measured
from ._words import number
from .over_regularised import factors

_HINDERS = ("Noise", "Dropout")


@dataclass(frozen=True)
class IdentityShortcut(Check):
    """The code has as much room as the input, and nothing keeps the network from copying it.

    ## What it sees
    An autoencoder that learns, whose narrowest layer puts out at least as many numbers as the input
    has (from `least` numbers on), with no noise, dropout or penalty on activities in it and no layer
    that adds a loss of its own.

    ## Why learning stops
    It does not: the loss goes to its floor. But the identity does that too, and reproduces pure
    noise as well as data. Such a loss says nothing about the code.

    ## What it tries
    Nothing, since the loss is as it should be. Make the code narrower, put
    `keras.layers.GaussianNoise` behind the input, or penalise the code's activity.

    ## Example
        layers.Dense(128, activation="relu")    # the code of 64 pixels: may copy
        layers.Dense(16, activation="relu")     # has to find out what the data have in common

    ## When it is wrong
    That there is room to copy is arithmetic. Whether the trained network does can be seen by feeding
    it noise: if that comes out unchanged, it copies.

    ## References
    Goodfellow et al. 2016, Deep Learning, section 14.2, Regularized Autoencoders.
    """

    family: ClassVar[Family] = Family.AUTOENCODER
    always: ClassVar[bool] = True

    # Small toy patterns are meant to fit.
    least: int = 8

    def look(self, seen: Observation) -> Iterator[Finding]:
        """The code's size against the input's."""
        recipe, goal = seen.recipe, seen.goal
        size, inputs = code_size(recipe), goal.flat_inputs.shape[1]
        if not goal.is_autoencoder or size is None or not seen.learns:
            return
        hindered = any(
            any(word in layer.kind for word in _HINDERS) or layer.kind == "ActivityRegularization"
            or "activity" in factors(layer) or layer.is_own
            for layer in recipe.layers
        )
        if hindered or inputs < self.least or size < inputs:
            return
        yield self.fact(
            f"The narrowest layer has {number(size)} numbers and the input {number(inputs)}: the"
            " network can learn by copying, and its low loss does not show that the code has found"
            " anything. Feed it noise; if noise comes out unchanged, it copies.",
            measured("numbers in the code", size, inputs),
        )
