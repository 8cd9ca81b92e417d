"""A recurrent layer of few units that is the output itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from unstuck.interventions.dense_output import DenseOutput, recurrent_output

from . import Check, Family, Finding, Observation, measured
from . import _anatomy as anatomy


@dataclass(frozen=True)
class RecurrentOutput(Check):
    """The last layer is recurrent, and all that it can remember is what it puts out.

    ## What it sees
    A network that fails, whose output comes straight from an LSTM, GRU or SimpleRNN with at most
    `few` units: as many as the targets have columns.

    ## Why learning stops
    The state of a recurrent layer is its memory and its output at once. With one unit for one
    output there is one number to remember everything that came before by, the same number that
    has to be right at every step, and the gates decide by it. A layer that is to unfold a code
    into a sequence must know where in the sequence it is: one number cannot say both. Its outputs
    also stay between -1 and 1.

    ## What it tries
    A wider recurrent layer with a dense layer behind it, which reads as many outputs off the state
    as there were.

    ## Example
        layers.LSTM(1, return_sequences=True)                         # sick
        layers.LSTM(32, return_sequences=True); layers.Dense(1)       # cured

    ## When it is wrong
    Short sequences that a single number sums up are learned all the same; then nothing is said.

    ## References
    Hochreiter and Schmidhuber 1997, Long Short-Term Memory; Srivastava et al. 2015, Unsupervised
    Learning of Video Representations using LSTMs, arxiv.org/abs/1502.04681.
    """

    family: ClassVar[Family] = Family.ARCHITECTURE
    of_each_output: ClassVar[bool] = True

    few: int = 8
    wide: int = 32
    """Enough for the short sequences that networks like these are tried on; more is seldom needed."""

    def look(self, seen: Observation) -> Iterator[Finding]:
        """The width of a recurrent output."""
        layer = recurrent_output(seen.recipe)
        if layer is None or layer.config["units"] > self.few:
            return
        units, steps = int(layer.config["units"]), seen.recipe.time_steps(layer)
        yield self.suspicion(
            f"The output is that of {anatomy.described(layer)} itself: {units}"
            f" {'number' if units == 1 else 'numbers'} to remember {steps} time steps by, and to be"
            " right at the same time.",
            measured("units", units, self.few, "units"),
            site=anatomy.site(layer),
            tries=(DenseOutput.of(seen.recipe, at_least=self.wide),),
        )
