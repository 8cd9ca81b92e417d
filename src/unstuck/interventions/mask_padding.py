"""Padding that recurrent layers leave out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from unstuck.base.errors import NotSupported
from unstuck.network.layers import Layer
from unstuck.network.recipe import Recipe

from . import _network as network
from ._layer_arguments import LayerArguments, Values

PADDED_ROWS = 0.5
"""Least share of the rows that must end in padding; else 0 may be a word like any other."""
INNER_ZEROS = 0.05
"""Largest share of zeros among what stands before the padding, likewise."""


@dataclass(frozen=True, kw_only=True)
class MaskPadding(LayerArguments):
    """`mask_zero=True`: embeddings tell the layers behind them to leave out where 0 stands."""

    kind: ClassVar[str] = "architecture"
    cost: ClassVar[float] = 1
    nothing: ClassVar[str] = "No embedding lets its padding through to a recurrent layer."
    what: ClassVar[str] = "padding masked"

    def arguments(self, layer: Layer) -> Values:
        """The mask, where there is none."""
        unmasked = layer.kind == "Embedding" and not layer.config.get("mask_zero", False)
        return {"mask_zero": True} if unmasked else {}

    def concerned(self, recipe: Recipe) -> dict[str, Values]:
        """Those in front of a recurrent layer; others would lose the mask, and Keras says so."""
        found = {name: values for name, values in super().concerned(recipe).items()
                 if _recurrent_behind(recipe, network.layer_of(recipe, name)) is not None}
        if not found:
            raise NotSupported(self.nothing)
        return found


@dataclass(frozen=True, kw_only=True)
class Padding:
    """Zeros at the end of the rows that an embedding reads: how many of how many `steps`, usually."""

    embedding: Layer
    reader: Layer
    zeros: int
    steps: int


def read_padding(recipe: Recipe) -> Padding | None:
    """The padding behind sequences that a recurrent layer reads last; `None` where there is none.

    Only a network with one input is looked at.
    """
    try:
        x = network.single_array(recipe.train.x, "inputs")
        entry = network.only_input(recipe)
    except NotSupported:
        return None
    embedding = next((layer for layer in network.readers(recipe, entry.name)
                      if layer.kind == "Embedding" and not layer.config.get("mask_zero")), None)
    if embedding is None or x.ndim != 2 or x.shape[1] < 2 or not len(x):
        return None
    reader = _recurrent_behind(recipe, embedding)
    words = x != 0
    ends = np.where(words.any(axis=1), x.shape[1] - words[:, ::-1].argmax(axis=1), 0)
    inner = 1.0 - words.sum() / max(1, ends.sum())
    if reader is None or np.mean(ends < x.shape[1]) < PADDED_ROWS or inner > INNER_ZEROS:
        return None
    return Padding(embedding=embedding, reader=reader, steps=x.shape[1],
                   zeros=int(np.median(x.shape[1] - ends)))


def _recurrent_behind(recipe: Recipe, layer: Layer) -> Layer | None:
    """The first recurrent layer behind another, with nothing but dropout between."""
    readers = network.readers(recipe, layer.name)
    while len(readers) == 1:
        if readers[0].is_recurrent:
            return readers[0]
        if "Dropout" not in readers[0].kind:
            return None
        readers = network.readers(recipe, readers[0].name)
    return None
