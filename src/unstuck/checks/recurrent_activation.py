"""A recurrent layer with another activation than the hyperbolic tangent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from . import Check, Family, Finding, Observation, measured
from . import _anatomy as anatomy
from . import _tries as tries

WHY = {
    "sigmoid": "sigmoid is never negative and four times flatter than tanh: the state creeps",
    "relu": "relu has no upper limit: the state grows from step to step",
    "linear": "linear has no limit: the state grows from step to step",
}


@dataclass(frozen=True)
class RecurrentActivation(Check):
    """A recurrent layer whose activation is not tanh keeps its state badly from step to step.

    ## What it sees
    An LSTM, GRU or SimpleRNN, wrapped or not, with another activation than tanh, in a network that
    fails. It is the default in Keras, and stands for the state, not for the gates.

    ## Why learning stops
    The state goes through this function at every time step. Tanh lets it be positive and negative,
    passes small values on unchanged and bounds large ones. Sigmoid makes every state positive, and
    its slope of at most 1/4 shrinks the gradient at each step; ReLU and linear let the state and
    the gradient grow with the length of the sequence.

    ## What it tries
    Tanh in this layer; tanh in all recurrent layers.

    ## Example
        layers.GRU(120, activation="sigmoid")    # sick
        layers.GRU(120)                          # cured: tanh

    ## When it is wrong
    Short sequences and carefully scaled ReLU networks do learn; then nothing is said.

    ## References
    Hochreiter and Schmidhuber 1997, Long Short-Term Memory; Le et al. 2015, A Simple Way to
    Initialize Recurrent Networks of Rectified Linear Units, arxiv.org/abs/1504.00941.
    """

    family: ClassVar[Family] = Family.ACTIVATION

    def look(self, seen: Observation) -> Iterator[Finding]:
        """Each recurrent layer with another activation."""
        recipe = seen.recipe
        for layer in recipe.layers:
            if not layer.is_recurrent or layer.activation in (None, "tanh"):
                continue
            why = WHY.get(str(layer.activation), f"{layer.activation} treats the state otherwise")
            steps = recipe.time_steps(layer)
            yield self.suspicion(
                f"The state of {anatomy.described(layer)} goes through {layer.activation} at each"
                f" of {steps} time steps, where tanh is the rule: {why}.",
                measured("time steps", steps, unit="steps"),
                site=anatomy.site(layer),
                tries=(*tries.activation(recipe, layer, "tanh"),
                       *tries.recurrent_activations(recipe)),
            )
