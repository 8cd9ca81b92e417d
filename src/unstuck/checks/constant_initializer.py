"""Units that start, and stay, identical."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from unstuck.interventions.initializer import Initializer
from unstuck.interventions.initializers import Initializers
from unstuck.network.layers import Layer
from unstuck.network.recipe import Recipe

from . import Check, Family, Finding, Observation, measured
from . import _anatomy as anatomy


@dataclass(frozen=True)
class ConstantInitializer(Check):
    """Weights that start equal make all units of a layer copies of one another.

    ## What it sees
    Hidden layers whose kernel is initialised to zeros, ones or another constant. If what follows
    starts constant as well, the units are identical for ever: that is a fact. If what follows is
    drawn, its weights part the units slowly: a suspicion.

    ## Why learning stops
    Two units with the same weights in and the same weights out get the same gradient, so that every
    update keeps them equal: the layer is one unit wide, however many it has. With zeros and ReLU it
    is worse: the pre-activation is 0, and so is every gradient.

    ## What it tries
    Glorot's initialiser in that layer; in all layers.

    ## Example
        layers.Dense(16, kernel_initializer="zeros", activation="relu")    # sick
        layers.Dense(16, activation="relu")                                # cured

        nn.init.zeros_(layer.weight)              # sick, in PyTorch
        nn.init.kaiming_uniform_(layer.weight)    # cured

    ## When it is wrong
    Zeros in the *last* layer, in biases or in a linear model are harmless and are passed over.
    Dropout parts identical units.

    ## References
    Goodfellow et al. 2016, Deep Learning, section 8.4.
    """

    family: ClassVar[Family] = Family.INITIALIZATION

    def look(self, seen: Observation) -> Iterator[Finding]:
        """Hidden layers with constant kernels."""
        hidden = anatomy.hidden(seen.recipe)
        constant = [layer for layer in hidden if is_constant(layer)]
        for layer in constant:
            several = (anatomy.width(layer) or 0) > 1
            zeros = value_of(layer) == 0.0 and layer.activation in anatomy.RECTIFIERS
            stays = zeros or (several and all(is_constant(after)
                                              for after in readers(seen.recipe, layer)))
            if not several and not zeros:
                continue
            what = ("its pre-activations and all gradients through it are exactly 0" if zeros else
                    f"its {anatomy.width(layer)} units start identical"
                    + (" and get identical gradients for ever" if stays else ""))
            changes = [Initializer.of(seen.recipe, layer.name, "glorot_uniform"),
                       *((Initializers.of(seen.recipe, "glorot_uniform"),)
                         if len(constant) > 1 or stays else ())]
            state = self.fact if stays else self.suspicion
            yield state(
                f"All weights of {anatomy.described(layer)} start at {value_of(layer):g}: {what}.",
                measured("distinct units at the start", 1, anatomy.width(layer), "units"),
                site=anatomy.site(layer), tries=tuple(changes),
            )


def value_of(layer: Layer) -> float | None:
    """The constant that a layer's kernel starts from; `None` where it is drawn."""
    given: Any = layer.config.get("kernel_initializer")
    config: Mapping[str, Any] = {}
    if isinstance(given, Mapping):
        config = given.get("config") or {}
        given = given.get("class_name")
    name = str(given).lower()
    if name in ("zeros", "zero", "ones", "one"):
        return 0.0 if name.startswith("zero") else 1.0
    if name == "constant":
        value = config.get("value", 0.0)
        return float(value) if isinstance(value, int | float) else None
    drawn = {"randomnormal": "stddev", "random_normal": "stddev", "truncatednormal": "stddev"}
    if config.get(drawn.get(name, ""), 1.0) == 0:
        return float(config.get("mean", 0.0))
    return None


def is_constant(layer: Layer) -> bool:
    """True where all weights of a layer's kernel start equal."""
    return value_of(layer) is not None


def readers(recipe: Recipe, layer: Layer) -> list[Layer]:
    """The layers with a kernel that a layer's output reaches next."""
    found, waiting = [], [layer.name]
    while waiting:
        name = waiting.pop()
        for reader in recipe.layers:
            if name in reader.inputs:
                if "kernel_initializer" in reader.config:
                    found.append(reader)
                else:
                    waiting.append(reader.name)
    return found
