"""A variational autoencoder whose latent variables say nothing about the input."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import keras
import numpy as np

from unstuck.goal.variational import latent_means
from unstuck.interventions.loss_weight import LossWeight
from unstuck.network import adapter
from unstuck.network.layers import Layer
from unstuck.network.recipe import Recipe

from . import Check, Family, Finding, Observation, measured
from . import _anatomy as anatomy
from . import _tries as tries
from ._words import number


@dataclass(frozen=True)
class PosteriorCollapse(Check):
    """The latent means are the same for every input: the penalty on them outweighs the reconstruction.

    ## What it sees
    A layer of the user's own that reads two layers of equal width, as the sampling of a variational
    autoencoder does, in an autoencoder that fails. At the end the outputs of the first of them, the
    means, spread over rows by less than `silent`, where the prior has 1; or the layer has an
    activation that cuts off part of what a mean may be. A subclassed model shows no layer's outputs:
    there it is one that adds a loss of its own and reconstructs no better than a constant.

    ## Why learning stops
    The divergence from the prior is least, 0, if every input has the prior as its posterior. With a
    mean over many pixels as reconstruction and a sum over latent variables as divergence, the latter
    weighs as many times too much as there are pixels, and nothing that the latent variables could
    say is worth its price.

    ## What it tries
    The loss times the number of targets of a row, which makes a sum of the mean; ten times that; a
    linear activation where there is another one.

    ## Example
        model.compile("adam", "binary_crossentropy")                        # a mean of 64: sick
        model.compile("adam", "binary_crossentropy", loss_weights=[64.0])   # cured

    ## When it is wrong
    Means may be alike because the learning rate, the data or a dead layer before them made them so;
    then the weight of the loss changes nothing.

    ## References
    Kingma and Welling 2014, arxiv.org/abs/1312.6114. Lucas et al. 2019, Don't Blame the ELBO,
    arxiv.org/abs/1911.02469.
    """

    family: ClassVar[Family] = Family.AUTOENCODER
    explains: ClassVar[tuple[str, ...]] = (
        "code-units-unused", "dead-relu", "learning-rate-too-high", "narrow-layer", "own-loss-misleads")

    # Means that are used spread by about as much as the prior, 1.
    silent: float = 0.1

    def look(self, seen: Observation) -> Iterator[Finding]:
        """The spread of the means."""
        end, found = seen.readings("end"), latent_means(seen.recipe)
        if found is None or not seen.goal.is_autoencoder:
            return
        means, sampling = found
        size = seen.goal.task.truth().shape[1]
        if not seen.recipe.architecture.is_graph:
            yield from self._unread(seen, sampling, size)
            return
        if end is None or means.name not in end.layers:
            return
        spread = end.of("spread", means.name)
        shown = seen.shown(spread < self.silent)
        bent = means.activation not in (None, "linear")
        silent = bool(shown.replicas) and shown.share >= self.often
        if not silent and not bent:
            return
        said = []
        if silent:
            value = seen.typical(spread, spread < self.silent)
            said.append(f"in {shown} its outputs spread by {number(value)} over all rows, where the"
                        " prior has 1, so that the decoder learns nothing of the input")
        if bent:
            said.append(f"its activation is {means.activation}, while a mean may be any number")
        yield self.suspicion(
            f"{anatomy.described(means)} is read by {sampling.name} ({sampling.kind}) as the mean of"
            f" latent variables; {'; '.join(said)}.",
            measured("spread of the latent means", seen.typical(spread), self.silent, "", shown),
            site=anatomy.site(means),
            tries=(*((LossWeight(value=size), LossWeight(value=10 * size))
                     if silent else ()),
                   *(tries.activation(seen.recipe, means, "linear") if bent else ())),
        )

    def _unread(self, seen: Observation, sampling: Layer, size: int) -> Iterator[Finding]:
        """Of a model whose layers' outputs are not known, by what it reconstructs."""
        shares = seen.control.score[:, 0] - seen.goal.constant
        shown = seen.shown(shares < self.silent * (seen.goal.ceiling - seen.goal.constant))
        if shown.share < self.often or not _adds_losses(seen.recipe):
            return
        yield self.suspicion(
            f"The network adds a loss of its own to the reconstruction, and in {shown} reconstructs no"
            f" better than a constant does: what {sampling.name} ({sampling.kind}) lets through says"
            " next to nothing of the input.",
            measured("share of the gap closed", seen.typical(shares), self.silent, "", shown),
            site="compile", tries=(LossWeight(value=size), LossWeight(value=10 * size)),
        )


def _adds_losses(recipe: Recipe) -> bool:
    rows = keras.tree.map_structure(lambda array: np.asarray(array[:2]), recipe.train.x)
    return adapter.adds_losses(recipe.architecture.source, rows)
