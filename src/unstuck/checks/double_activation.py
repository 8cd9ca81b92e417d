"""Two activations, one on the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from unstuck.interventions import _network as network

from . import Check, Family, Finding, Observation, measured
from . import _anatomy as anatomy
from . import _tries as tries

HARMLESS = frozenset({("relu", "relu"), ("linear", "linear")})


@dataclass(frozen=True)
class DoubleActivation(Check):
    """An activation works on what another one has already bent, with no weights between.

    ## What it sees
    A layer with an activation right before another activation that has no weights of its own
    (Activation, Softmax, ReLU, …), in a network that fails; twice ReLU, which is ReLU, is left
    alone.

    ## Why learning stops
    The second gets only what the first lets through. A softmax of probabilities of C classes can
    never exceed e / (e + C - 1), 0.23 for ten; a sigmoid of a ReLU never falls below one half; a
    sigmoid of a sigmoid stays between 0.5 and 0.73. The right answer is out of reach, and the
    gradient passes two flat ends.

    ## What it tries
    The first of the two linear.

    ## Example
        [layers.Dense(10, activation="softmax"), layers.Softmax()]    # sick
        [layers.Dense(10), layers.Softmax()]                          # cured

        nn.CrossEntropyLoss()(logits.softmax(1), y)    # sick, in PyTorch
        nn.CrossEntropyLoss()(logits, y)               # cured: softmax is in it

    ## When it is wrong
    Some gates are two activations on purpose, and where the second one is nearly linear over what the
    first lets through, little is lost. A trial with the first one linear decides.

    ## References
    Goodfellow et al. 2016, Deep Learning, section 6.2.2.
    """

    family: ClassVar[Family] = Family.ACTIVATION

    def look(self, seen: Observation) -> Iterator[Finding]:
        """Each pair."""
        recipe = seen.recipe
        if not recipe.architecture.is_graph:
            return
        for layer in recipe.layers:
            if layer.kind not in network.STANDALONE_ACTIVATIONS or layer.activation == "linear":
                continue
            before = anatomy.feeding(recipe, layer)
            if before is None or before.activation in (None, "linear", "custom") or (
                    (before.activation, layer.activation) in HARMLESS):
                continue
            yield self.suspicion(
                f"{layer.name} ({layer.activation}) works on what {anatomy.described(before)} has"
                " bent already; no weights stand between them.",
                measured("activations in a row", 2, 1), site=anatomy.site(layer),
                tries=tries.activation(recipe, before, "linear"),
            )
