"""A ReLU at the end of the branch that is added to a skip connection."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from unstuck.interventions.hidden_activations import HiddenActivations
from unstuck.network.layers import Layer
from unstuck.network.recipe import Recipe

from . import Check, Family, Finding, Observation, measured
from . import _anatomy as anatomy


@dataclass(frozen=True)
class ReluBeforeAddition(Check):
    """What is added to a skip connection has passed a ReLU: the sum can only grow.

    ## What it sees
    In a network that fails, an addition of two values of which one comes out of a ReLU, and has
    itself been made of the other one.

    ## Why learning stops
    A residual block adds to its input what is still missing from it. Behind a ReLU that is never
    below 0, so that no block can take anything back: from block to block the values grow, and where
    the input was too large already, the block can only put out 0, with no gradient.

    ## What it tries
    A linear activation at the end of all such branches; the ReLU belongs in front of the weights, or
    behind the addition.

    ## Example
        layers.add([x, layers.Dense(16, activation="relu")(h)])    # sick
        layers.add([x, layers.Dense(16)(h)])                       # cured

    ## When it is wrong
    In a network of one or two blocks the next layer turns the sign round, and nothing is lost.

    ## References
    He et al. 2016, Identity Mappings in Deep Residual Networks, section 4.1 ("ReLU before addition"),
    arxiv.org/abs/1603.05027.
    """

    family: ClassVar[Family] = Family.ARCHITECTURE

    def look(self, seen: Observation) -> Iterator[Finding]:
        """The branches, all in one finding."""
        if not seen.recipe.architecture.is_graph:
            return
        found = list(branches(seen.recipe))
        if not found:
            return
        addition, branch = found[0]
        others = "" if len(found) == 1 else (
            f"; so it is in {len(found)} additions of this network")
        yield self.fact(
            f"{addition.name} adds to its skip connection what comes out of"
            f" {anatomy.described(branch)}, which is never below 0: the sum can only grow{others}.",
            measured("additions behind a ReLU", len(found), 0, "additions"),
            site=anatomy.site(branch),
            tries=(HiddenActivations(value="linear", which="branch", layers=tuple(
                end.name for _, end in found)),),
        )


def branches(recipe: Recipe) -> Iterator[tuple[Layer, Layer]]:
    """Additions, and the rectified layer that ends the branch beside a skip connection."""
    by_name = {layer.name: layer for layer in recipe.layers}
    for layer in recipe.layers:
        if layer.kind != "Add" or len(layer.inputs) != 2:
            continue
        for one, other in (layer.inputs, layer.inputs[::-1]):
            end = by_name.get(one)
            if (end is not None and end.activation in anatomy.RECTIFIERS
                    and other in behind(by_name, end)):
                yield layer, end


def behind(layers: dict[str, Layer], end: Layer) -> set[str]:
    """The names of all layers whose values a layer is made of."""
    found: set[str] = set()
    waiting = list(end.inputs)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += layers[name].inputs if name in layers else ()
    return found
