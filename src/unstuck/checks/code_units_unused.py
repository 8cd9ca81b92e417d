"""Code units that carry nothing, or what another carries already."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from . import Check, Family, Finding, Observation, measured
from . import _anatomy as anatomy
from . import _codes as codes
from . import _tries as tries
from ._words import number, tally


@dataclass(frozen=True)
class CodeUnitsUnused(Check):
    """Part of an autoencoder's code is dead or says the same twice: it is narrower than it looks.

    ## What it sees
    In the failing replicas of an autoencoder or denoiser, the code of up to 256 rows at the end:
    units that put out a constant, units that repeat another one, and the effective rank of the
    code. It speaks where at least the share `wasted` of the units carries nothing of its own.

    ## Why learning stops
    What has to be told apart must pass the code. A ReLU unit that is 0 for every row has no gradient
    and stays so; two units that agree get the same gradient and never part.

    ## What it tries
    A linear code, LeakyReLU in the code and in all hidden layers, Glorot initialisers, a tenth of
    the learning rate.

    ## Example
        layers.Dense(8, activation="relu")      # the code: 5 of 8 units died, sick
        layers.Dense(8, activation="linear")    # cured

    ## When it is wrong
    A sparse code has units that are 0 for most rows; here they must be so for all of them. Of a
    wide code the rest may be enough: the trial tells.

    ## References
    Roy and Vetterli 2007, The effective rank, EUSIPCO. Lu et al. 2019, Dying ReLU and
    Initialization, arxiv.org/abs/1903.06733.
    """

    family: ClassVar[Family] = Family.AUTOENCODER
    of_the_end: ClassVar[bool] = True

    # Healthy ReLU codes lose a unit or two of 32 to the draw.
    wasted: float = 0.25

    def look(self, seen: Observation) -> Iterator[Finding]:
        """How much of the code is in use."""
        units = codes.code_units(seen)
        if units is None:
            return
        lost = (units.dead + units.copies) / units.size
        mask = (lost >= self.wasted) & ~seen.control.diverged
        shown = seen.shown(mask)
        if not shown.replicas or shown.share < self.often:
            return
        rank, which = seen.typical(units.rank, mask), seen.failing & mask
        recipe, layer = seen.recipe, units.layer
        yield self.suspicion(
            f"In {shown}, part of the {units.size} units of the code, {anatomy.described(layer)}, say"
            f" nothing of their own. Units that put out a constant: {tally(units.dead[which])}; that"
            f" repeat another: {tally(units.copies[which])}. The effective rank of the code is"
            f" {number(rank)} in the median.",
            measured("code units without anything of their own", seen.typical(lost, mask),
                     self.wasted, "share of units", shown),
            measured("effective rank of the code", rank, float(units.size)),
            site=anatomy.site(layer),
            tries=(*tries.activation(recipe, layer, "linear"),
                   *tries.activation(recipe, layer, "leaky_relu"),
                   *tries.hidden_activations(recipe, "leaky_relu"),
                   *tries.initializers(recipe, "glorot_uniform"),
                   *tries.rates(recipe, 0.1)),
        )
