"""Maps that shrink to a point."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from unstuck.base.errors import NotSupported
from unstuck.interventions.keep_size import KeepSize
from unstuck.network.layers import Layer

from . import Check, Family, Finding, Observation, measured
from . import _anatomy as anatomy


@dataclass(frozen=True)
class FeatureMapVanishes(Check):
    """Strides and pools shrink the map so far that hardly a place is left.

    ## What it sees
    Convolutions and pools, global ones left out, that put out at most `places` places along each
    axis where the network's first such layer read `from_places` or more, in a network that fails.

    ## Why learning stops
    Each halving throws three quarters of an image's places away. What differs in its place, or is
    finer than the window, is gone, and no layer behind can bring it back; a window larger than
    what is left sees mostly padding.

    ## What it tries
    Steps of 1 and padding "same" for the last layer that shrinks, and for all of them.

    ## Example
        layers.MaxPooling2D(8)    # of 8 by 8 places: one is left: sick
        layers.MaxPooling2D(2)    # cured

    ## When it is wrong
    Classifiers may end at a single place on purpose, with enough channels to hold what matters.

    ## References
    Dumoulin and Visin 2016, A guide to convolution arithmetic, arxiv.org/abs/1603.07285.
    """

    family: ClassVar[Family] = Family.ARCHITECTURE

    places: int = 1
    from_places: int = 6

    def look(self, seen: Observation) -> Iterator[Finding]:
        """The first layer behind which hardly a place is left."""
        shrinking = [layer for layer in seen.recipe.layers if _places(layer)]
        if not shrinking:
            return
        entries = [layer for layer in seen.recipe.layers if layer.kind == "InputLayer"]
        first = max((max(_sizes(entry), default=0) for entry in entries), default=0)
        small = [layer for layer in shrinking if max(_sizes(layer), default=9) <= self.places]
        if not small or first < self.from_places:
            return
        changes: list[KeepSize] = []
        for change in (KeepSize(layer=small[0].name), KeepSize()):
            try:
                change.concerned(seen.recipe)
            except NotSupported:
                continue
            changes.append(change)
        yield self.suspicion(
            f"Behind {anatomy.described(small[0])} a map has the shape"
            f" {small[0].output_shape[1:]}; {first} places came in along an axis.",
            measured("places along an axis", max(_sizes(small[0])), self.places, "places"),
            site=anatomy.site(small[0]), tries=tuple(changes),
        )




def _places(layer: Layer) -> bool:
    return "strides" in layer.config and "padding" in layer.config and "Transpose" not in layer.kind


def _sizes(layer: Layer) -> tuple[int, ...]:
    """The sizes of the axes between batch and channels."""
    return tuple(int(size) for size in layer.output_shape[1:-1] if size is not None)
