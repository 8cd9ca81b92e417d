"""Layers that take no part in training."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from unstuck.interventions.unfreeze import Unfreeze
from unstuck.network import adapter

from . import Check, Family, Finding, Observation, measured
from . import _anatomy as anatomy
from ._words import count


@dataclass(frozen=True)
class FrozenLayer(Check):
    """A layer with `trainable=False` keeps the weights it was given, drawn at random or not.

    ## What it sees
    Layers with weights whose `trainable` is off, or nested models that hold such layers, in a
    network that fails, and how many of the network's weights that concerns.

    ## Why learning stops
    A frozen layer is a fixed function. If its weights come from another training, that is the
    point; if they were drawn at random, the rest has to make do with what they let through.

    ## What it tries
    The frozen layers trained, with weights drawn anew.

    ## Example
        layers.Dense(2, trainable=False)    # sick
        layers.Dense(2)                     # cured

        layer.weight.requires_grad = False    # sick, in PyTorch
        layer.weight.requires_grad = True     # cured

    ## When it is wrong
    In transfer learning the frozen part is meant to be frozen, and what it puts out may be all that is
    needed. Then training it changes nothing, and the trial acquits it.

    ## References
    Keras guide, Transfer learning and fine-tuning.
    """

    family: ClassVar[Family] = Family.ARCHITECTURE

    # Each costs a trial.
    layers: int = 3

    def look(self, seen: Observation) -> Iterator[Finding]:
        """The frozen layers, in one finding."""
        total = sum(layer.parameters for layer in seen.recipe.layers)
        frozen = [layer for layer in seen.recipe.layers if Unfreeze().arguments(layer)]
        held = adapter.frozen_weights(seen.recipe.architecture.source)
        if not frozen or not held:
            return
        names = ", ".join(layer.name for layer in frozen)
        within = any(layer.config.get("trainable", True) for layer in frozen)
        has = "has" if len(frozen) == 1 else "have"
        yield self.fact(
            f"{names} {has}{' layers with' if within else ''} trainable=False: {held:,} of the"
            f" {count(total, 'weight')} stay as they were at the start.",
            measured("weights that are not trained", held, 0, "weights"),
            site=anatomy.site(frozen[0]),
            tries=(*((Unfreeze(),) if len(frozen) > 1 else ()),
                   *(Unfreeze(layer=layer.name) for layer in frozen[: self.layers])),
        )
