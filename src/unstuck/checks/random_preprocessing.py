"""Random changes of the inputs that leave too little of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from unstuck.interventions.remove_layer import RemoveLayer
from unstuck.network.layers import Layer

from . import Check, Family, Finding, Observation, measured
from . import _anatomy as anatomy
from ._words import number


@dataclass(frozen=True)
class RandomPreprocessing(Check):
    """Noise or random distortion in front of the network drowns what the inputs say.

    ## What it sees
    Layers at the input that change it at random in training: Keras's Random… layers, and
    GaussianNoise of more than `noise` times the spread of the inputs, in a network that fails.

    ## Why learning stops
    Augmentation shows the network what should not matter. Turned by any angle a 6 is a 9; under
    noise twice as strong as the signal, the best answer is close to a constant. And it is off in
    evaluation, so that the rows judged are of another kind than those trained on.

    ## What it tries
    The network without that layer.

    ## Example
        layers.RandomFlip("vertical")      # digits: sick
        layers.RandomTranslation(0.1, 0.1)    # cured

    ## When it is wrong
    A denoising autoencoder is to learn from noise; moderate augmentation helps where rows are few
    and only makes training longer.

    ## References
    Shorten and Khoshgoftaar 2019, A survey on Image Data Augmentation for Deep Learning.
    """

    family: ClassVar[Family] = Family.DATA

    noise: float = 1.0

    def look(self, seen: Observation) -> Iterator[Finding]:
        """Each such layer at the input."""
        if not seen.recipe.architecture.is_graph or seen.goal.is_autoencoder:
            return
        spread = float(seen.goal.flat_inputs.std())
        for layer in _at_input(seen):
            if layer.kind == "GaussianNoise":
                strength = float(layer.config.get("stddev", 0.0))
                if strength <= self.noise * spread:
                    continue
                message = (f"adds noise with a spread of {number(strength)} to inputs with one of"
                           f" {number(spread)}")
            else:
                strength, message = 1.0, "changes every row at random in each step"
            yield self.suspicion(
                f"{layer.name} ({layer.kind}) {message}; it is off where the network is judged.",
                measured("strength of the random change", strength,
                         self.noise * spread if layer.kind == "GaussianNoise" else None),
                site=anatomy.site(layer), tries=(RemoveLayer(layer=layer.name),),
            )


def _at_input(seen: Observation) -> Iterator[Layer]:
    """Layers before the first one with weights that are random in training."""
    for layer in seen.recipe.layers:
        if layer.kind == "GaussianNoise" or layer.kind.startswith("Random"):
            yield layer
        elif layer.parameters and layer.kind != "Normalization" and (
                layer.kind not in ("Rescaling", "BatchNormalization")):
            return
