"""An optimizer whose steps are tiny as configured."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from unstuck.interventions import Intervention
from unstuck.interventions.optimizer import UseOptimizer

from . import Check, Family, Finding, Observation, measured
from . import _tries as tries
from ._words import number


@dataclass(frozen=True)
class OptimizerBarelyMoves(Check):
    """The optimizer, as it is set, takes steps too small to learn in this training.

    ## What it sees
    Adadelta at a rate below `adadelta`, Adagrad or Ftrl below `adagrad`, or SGD without momentum
    below `sgd`, in a network that fails. These are the rates at which Keras leaves them.

    ## Why learning stops
    Adadelta was made to run at a rate of 1.0; Keras's default of 0.001 divides every step by a
    thousand. Adagrad's steps only ever shrink. Plain SGD at 0.01 moves in proportion to the
    gradient, which on plateaus is next to nothing; Adam makes steps of the same size there.

    ## What it tries
    Adam at 0.001 and at 0.01; for Adadelta also a rate of 1.0.

    ## Example
        model.compile(optimizer="adadelta", loss="mse")    # rate 0.001: sick
        model.compile(optimizer="adam", loss="mse")        # cured

    ## When it is wrong
    SGD at 0.01 trains many networks well, given epochs enough: what is told apart here is whether these
    epochs are. Where the data is scaled and the network shallow they often are.

    ## References
    Zeiler 2012, ADADELTA, arxiv.org/abs/1212.5701 (no learning rate at all, which is 1.0 here).
    """

    family: ClassVar[Family] = Family.OPTIMIZER

    # A hundredth of what the method was published with.
    adadelta: float = 0.1
    # Published with rates of 0.01 to 1 on sparse, linear problems.
    adagrad: float = 0.05
    # Keras's default; from 0.1 on, plain SGD moves.
    sgd: float = 0.02

    def look(self, seen: Observation) -> Iterator[Finding]:
        """The optimizer's kind and rate."""
        optimizer = seen.recipe.optimizer
        rate = optimizer.learning_rate
        limit = {"Adadelta": self.adadelta, "Adagrad": self.adagrad, "Ftrl": self.adagrad,
                 "SGD": self.sgd}.get(optimizer.kind)
        if rate is None or limit is None or rate >= limit or optimizer.config.get("momentum"):
            return
        loss = seen.control.loss
        change = ""
        if loss.shape[1] > 1:
            change = (f"; the loss went from {number(seen.typical(loss[:, 0]))} to"
                      f" {number(seen.typical(loss[:, -1]))} in {seen.recipe.updates:,} updates")
        proposals: tuple[Intervention, ...] = (
            UseOptimizer(name="Adam"), UseOptimizer(name="Adam", learning_rate=0.01),
            *(tries.rates(seen.recipe, 1.0 / rate) if optimizer.kind == "Adadelta" else ()),
        )
        without = " without momentum" if optimizer.kind == "SGD" else ""
        yield self.suspicion(
            f"{optimizer.kind}{without} at a learning rate of {number(rate)} takes small steps"
            f"{change}.",
            measured("learning rate", rate, limit), site="optimizer", tries=proposals,
        )
