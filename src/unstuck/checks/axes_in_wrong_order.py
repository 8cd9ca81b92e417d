"""Channels or features where the network expects places or steps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from unstuck.interventions.permute_input import PermuteInput
from unstuck.network.layers import Layer

from . import Check, Family, Finding, Observation, measured
from . import _anatomy as anatomy
from ._words import count


@dataclass(frozen=True)
class AxesInWrongOrder(Check):
    """The channels of images, or the features of sequences, stand on the axis of places or steps.

    ## What it sees
    The first layer and the shape of one row, in a network that fails. For images: at most
    `channels` on the first axis, and more on the last, which Keras takes for channels. For
    sequences: at most `features` steps of `longer` times as many features.

    ## Why learning stops
    A convolution shares its weights over places and a recurrent layer over steps. With the axes
    exchanged they share them over colours or measurements, which mean different things, and every
    place has weights of its own: what is learned in one place is not known in the next.

    ## What it tries
    A Permute behind the input.

    ## Example
        layers.Conv2D(8, 3)(keras.Input((3, 32, 32)))                             # sick
        layers.Conv2D(8, 3)(layers.Permute((2, 3, 1))(keras.Input((3, 32, 32))))  # cured

    ## When it is wrong
    Short sequences of many features exist: three days of a hundred sensors. A trial decides.

    ## References
    Keras, image_data_format; Humbatova et al. 2020, Taxonomy of real faults in deep learning
    systems, arxiv.org/abs/1910.11015, "wrong tensor shape".
    """

    family: ClassVar[Family] = Family.DATA

    # Grey, colour, colour with transparency.
    channels: int = 4
    features: int = 8
    # A sequence is usually longer than it is wide; this is the other way round, clearly.
    longer: float = 4.0

    def look(self, seen: Observation) -> Iterator[Finding]:
        """The first layers that share weights along an axis."""
        entries = [layer for layer in seen.recipe.layers if layer.kind == "InputLayer"]
        if len(entries) != 1 or seen.recipe.several_inputs:
            return
        shape = entries[0].output_shape[1:]
        for layer in anatomy.first_computing(seen.recipe):
            found = self._wrong(layer, shape)
            if found is not None:
                dims, message = found
                yield self.suspicion(
                    f"A row has the shape {tuple(shape)}: {anatomy.described(layer)} reads it as"
                    f" {message}.",
                    measured("size of the first axis", int(shape[0] or 0),
                             self.channels if len(dims) == 3 else self.features),
                    site=anatomy.site(layer), tries=(PermuteInput(dims=dims),),
                )
                return

    def _wrong(
        self, layer: Layer, shape: tuple[int | None, ...]
    ) -> tuple[tuple[int, ...], str] | None:
        if any(size is None for size in shape):
            return None
        sizes = [int(size or 0) for size in shape]
        last = layer.config.get("data_format") != "channels_first"
        if len(sizes) == 3 and "2D" in layer.kind and last and (
                sizes[0] <= self.channels < min(sizes[1:])):
            return (2, 3, 1), f"{sizes[0]} by {sizes[1]} places with {sizes[2]} channels"
        steps = layer.is_recurrent or (layer.kind.startswith("Conv1D") and last)
        if len(sizes) == 2 and steps and (
                sizes[0] <= self.features and sizes[1] >= self.longer * sizes[0]):
            return (2, 1), f"{count(sizes[0], 'step')} of {sizes[1]} features"
        return None
