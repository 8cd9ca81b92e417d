"""Reshape where axes were to change places."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from unstuck.interventions import _network as network
from unstuck.interventions.permute_instead import PermuteInstead, dims_of
from unstuck.interventions.permute_view import PermuteView

from . import Check, Family, Finding, Observation, measured
from . import _anatomy as anatomy


@dataclass(frozen=True)
class ReshapeMixesAxes(Check):
    """A Reshape to the same sizes in another order does not exchange axes: it scrambles them.

    ## What it sees
    Reshape layers that put out the sizes that come in, in another order, in a network that fails.
    In a PyTorch script also a `Tensor.view` or `Tensor.reshape` that cuts the rows out of one tensor
    of other sizes.

    ## Why learning stops
    Reshape leaves the values in their order in memory and counts them off anew. A table of 4 rows
    by 6 columns read as 6 by 4 has in each new row the end of one old row and the start of the
    next. Permute exchanges the axes. Behind a Reshape a convolution or a recurrent layer finds
    neighbours that are none.

    ## What it tries
    The Permute that makes the same shape.

    ## Example
        layers.Reshape((4, 6))    # behind (6, 4): sick
        layers.Permute((2, 1))    # cured

        x.view(-1, 4, 6)      # behind (6, 4): sick, in PyTorch
        x.permute(0, 2, 1)    # cured

    ## When it is wrong
    Dense layers on flattened values do not care for the order, since each of their weights learns its
    own place; there the scrambling is harmless, and the trial shows no effect.

    ## References
    Keras, Reshape and Permute. Karpathy 2019, A Recipe for Training Neural Networks, "view instead
    of transpose".
    """

    family: ClassVar[Family] = Family.ARCHITECTURE

    def look(self, seen: Observation) -> Iterator[Finding]:
        """Each such layer, and such rows."""
        viewed = seen.recipe.viewed
        if viewed is not None:
            yield self.suspicion(
                f"The rows are a view of the sizes {viewed.as_viewed.shape} of an array in which these"
                " sizes stand in another order: the sizes have changed places, the values have not.",
                measured("axes that change size", len(viewed.dims), 0, "axes"), site="view",
                tries=(PermuteView(dims=viewed.dims),),
            )
        if not seen.recipe.architecture.is_graph:
            return
        for layer in seen.recipe.layers:
            if dims_of(seen.recipe, layer) is None:
                continue
            before = network.layer_of(seen.recipe, layer.inputs[0]).output_shape[1:]
            yield self.suspicion(
                f"{layer.name} makes {layer.output_shape[1:]} of {before}: the sizes have changed"
                " places, the values have not.",
                measured("axes that change size", len(before), 0, "axes"),
                site=anatomy.site(layer), tries=(PermuteInstead(layer=layer.name),),
            )
