"""Weights that may not go where the answer is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from unstuck.interventions.constraints import NoConstraints

from . import Check, Family, Finding, Observation, measured
from . import _anatomy as anatomy


@dataclass(frozen=True)
class ConstraintBlocks(Check):
    """A constraint keeps weights out of the region where the solution lies.

    ## What it sees
    Constraints on kernels or biases, in a network that fails: the layers that have one, and which
    ones these are.

    ## Why learning stops
    After every update the weights are put back where the constraint wants them. Weights that may
    not be negative cannot take one input from another; a largest norm of 0.1 cannot make an output
    of 5 out of inputs of 1. The optimizer goes on pushing against the wall.

    ## What it tries
    No constraints.

    ## Example
        layers.Dense(16, kernel_constraint="non_neg")    # the answer is a difference: sick
        layers.Dense(16)                                 # cured

    ## When it is wrong
    Where weights mean amounts or shares, the constraint is the model, and taking it away answers
    another question. It is only suspected: a trial without constraints decides.

    ## References
    Keras, Constraint. Srivastava et al. 2014, Dropout, section 5.1, for max-norm.
    """

    family: ClassVar[Family] = Family.REGULARIZATION

    def look(self, seen: Observation) -> Iterator[Finding]:
        """The constrained layers, in one finding."""
        layers = [layer for layer in seen.recipe.layers if NoConstraints().arguments(layer)]
        if not layers:
            return
        kinds = sorted({_name(layer.config[argument]) for layer in layers
                        for argument in NoConstraints().arguments(layer)})
        names = ", ".join(layer.name for layer in layers)
        yield self.suspicion(
            f"The weights of {names} are kept within bounds after every update"
            f" ({', '.join(kinds)}).",
            measured("layers with a constraint", len(layers), 0, "layers"),
            site=anatomy.site(layers[0]), tries=(NoConstraints(),),
        )


def _name(value: Any) -> str:
    if isinstance(value, Mapping):
        return str(value.get("class_name", "custom"))
    return value if isinstance(value, str) else type(value).__name__
