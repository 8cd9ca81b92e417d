"""A variational autoencoder whose latent variables say nothing about the input."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from unstuck.goal.variational import latent_means
from unstuck.interventions.loss_weight import LossWeight
from unstuck.interventions.term_weight import TermWeight
from unstuck.network import adapter
from unstuck.network.layers import Layer
from unstuck.network.steps import terms_of
from unstuck.network.terms import Term

from . import Check, Family, Finding, Observation, Shown, measured
from . import _anatomy as anatomy
from . import _tries as tries
from ._words import number


@dataclass(frozen=True)
class PosteriorCollapse(Check):
    """The latent means are the same for every input: the penalty on them outweighs the reconstruction.

    ## What it sees
    In an autoencoder that fails, one of these. What layers of the user's own add to the loss, in
    its call or as a term in its logs that sums up to the loss with the others, is below `nothing`
    at the end, while the answers are no better than a constant: a divergence of 0 is a code that
    says nothing. Or a layer of the user's own reads two layers of equal width, as the sampling of a
    variational autoencoder does, and the outputs of the first of them, the means, spread over rows
    by less than `silent`, where the prior has 1; or that layer has an activation that cuts off part
    of what a mean may be.

    ## Why learning stops
    The divergence from the prior is least, 0, if every input has the prior as its posterior. With a
    mean over many pixels as reconstruction and a sum over latent variables as divergence, the latter
    weighs as many times too much as there are pixels, and nothing that the latent variables could
    say is worth its price.

    ## What it tries
    The loss times the number of targets of a row, which makes a sum of the mean; ten times that; where
    a step of the user's own adds the terms up, the divergence divided by as much; a linear activation
    where there is another one.

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
    of_the_end: ClassVar[bool] = True
    explains: ClassVar[tuple[str, ...]] = (
        "code-units-unused", "dead-relu", "learning-rate-too-high", "narrow-layer", "own-loss-misleads")

    # Means that are used spread by about as much as the prior, 1.
    silent: float = 0.1
    # Of a code that tells two rows apart the divergence is 0.69 at least.
    nothing: float = 0.05

    def look(self, seen: Observation) -> Iterator[Finding]:
        """The divergence, the spread of the means, and their activation."""
        if not seen.goal.is_autoencoder:
            return
        size, found = seen.goal.task.truth().shape[1], latent_means(seen.recipe)
        term = self._silent_term(seen)
        wired = found if seen.recipe.architecture.is_graph else None
        said, spread, shown, bent = self._of_means(seen, wired)
        if term is None and not said:
            return
        silent = term is not None or (shown is not None and shown.share >= self.often)
        wishes = (*(_lighter(seen, size, None if term is None else term.term) if silent else ()),
                  *(tries.activation(seen.recipe, wired[0], "linear") if wired and bent else ()))
        read = [] if not (said and wired) else [
            f"{anatomy.described(wired[0])} is read by {wired[1].name} ({wired[1].kind}) as the mean of"
            f" latent variables; {'; '.join(said)}."]
        evidence = () if shown is None else (
            measured("spread of the latent means", spread, self.silent, "", shown),)
        site = anatomy.site(wired[0]) if wired else "compile"
        if term is None:
            yield self.suspicion(" ".join(read), *evidence, site=site, tries=wishes)
            return
        yield self.fact(
            " ".join([f"{term.name} is {term.value:.2f} in {term.shown}: if it is the divergence of a"
                      " code from its prior, the code carries nothing."
                      f"{_weighed(seen, size)}", *read]),
            measured(term.name, term.value, self.nothing, "", term.shown), *evidence, site=site,
            tries=wishes)

    def _silent_term(self, seen: Observation) -> _Silent | None:
        """The term that is 0 where nothing is reconstructed."""
        gone = seen.control.score[:, 0] - seen.goal.constant
        nothing = gone < self.silent * (seen.goal.ceiling - seen.goal.constant)
        if not seen.shown(nothing).replicas:
            return None
        for name, values, term in _terms(seen):
            with np.errstate(invalid="ignore"):
                mask = nothing & (np.abs(values) < self.nothing)
            shown = seen.shown(mask)
            if shown.replicas and shown.share >= self.often:
                return _Silent(name, seen.typical(values, mask), shown, term)
        return None

    def _of_means(
        self, seen: Observation, wired: tuple[Layer, Layer] | None
    ) -> tuple[list[str], float, Shown | None, bool]:
        """What is to be said of the latent means, their usual spread, how often it is small, and
        whether an activation bends them."""
        end = seen.readings("end")
        if wired is None or end is None or wired[0].name not in end.layers:
            return [], float("nan"), None, False
        means, said = wired[0], []
        spread = end.of("spread", means.name)
        shown = seen.shown(spread < self.silent)
        if shown.replicas and shown.share >= self.often:
            value = seen.typical(spread, spread < self.silent)
            said.append(f"in {shown} its outputs spread by {number(value)} over all rows, where the"
                        " prior has 1, so that the decoder learns nothing of the input")
        if bent := means.activation not in (None, "linear"):
            said.append(f"its activation is {means.activation}, while a mean may be any number")
        return said, seen.typical(spread), shown, bent


class _Silent(NamedTuple):
    """A term's name, its usual value, how often it is so small, and where a step adds it."""

    name: str
    value: float
    shown: Shown
    term: Term | None


def _lighter(seen: Observation, size: int, term: Term | None) -> tries.Tries:
    """Less weight for what a code costs, against a mean over so many numbers of the reconstruction."""
    if term is not None:
        return TermWeight.of(term, 1 / size), TermWeight.of(term, 0.1 / size)
    if adapter.overrides(seen.recipe.architecture.source, "train_step"):
        return ()
    return LossWeight(value=size), LossWeight(value=10 * size)


def _terms(seen: Observation) -> Iterator[tuple[str, NDArray[Any], Term | None]]:
    """What is added to the loss, by name, at the end [replica]: of the network, else of its logs.

    With its place where a step of the user's own adds it up.
    """
    control = seen.control
    if control.added is not None:
        yield "What the network adds to its loss itself", control.added, None
    placed = {term.log: term for term in terms_of(seen.recipe) if term.log in control.metrics}
    yield from ((name, control.metrics[name][:, -1], term) for name, term in placed.items())
    for size in (2, 3):
        found = [names for names in itertools.combinations(control.metrics, size) if np.allclose(
            sum(control.metrics[name] for name in names), control.loss, rtol=1e-3, equal_nan=True)]
        for names in found:
            yield from ((name, control.metrics[name][:, -1], None) for name in names)
        if found:  # any of three that the other two do without is no term
            return


def _weighed(seen: Observation, size: int) -> str:
    """What a code costs, against what it can save of the reconstruction."""
    goal, rows = seen.goal, seen.goal.distinct_rows
    if goal.baseline is None or goal.floor is None or rows < 2:
        return ""
    saved, price = goal.baseline - goal.floor, math.log(rows)
    if saved >= price:
        return ""
    return (f" One that tells the {rows:,} rows apart costs ln {rows:,} = {price:.1f} at least; all"
            f" that the reconstruction can save, a mean over {size:,} numbers, is {number(saved)}.")
