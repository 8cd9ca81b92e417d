"""Inputs brought to unit scale by a layer in the network; raw data stays right everywhere."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import keras
import numpy as np

from unstuck.base.errors import NotSupported
from unstuck.network.layers import ENTRY, Insertion, Layer
from unstuck.network.recipe import Recipe
from unstuck.script import Script

from . import Intervention
from . import _network as network
from . import _source as source
from ._adapting import MOST_NUMBERS, scaling_edits
from ._scales import as_rescaling, input_scaling, layer_code, shown

_TAKES_NO_SCALE = ("Embedding", "StringLookup", "IntegerLookup", "Hashing", "CategoryEncoding",
                   "TextVectorization", "Normalization", "Rescaling")


@dataclass(frozen=True, kw_only=True)
class ScaleInputs(Intervention):
    """A Normalization, or a Rescaling, between each input and the first layer.

    It is adapted to the rows handed to `fit`. Inputs that are looked up, as by an embedding, stay as
    they are where there are others. A subclassed model reads its only
    input through it, at the top of `call`.
    """

    kind: ClassVar[str] = "input_scale"
    cost: ClassVar[float] = 5

    @property
    def label(self) -> str:
        """What is done."""
        return "inputs scaled"

    @property
    def stage(self) -> int:
        """Around the layers."""
        return 1

    def reason(self, before: Recipe) -> str:
        """How large they are."""
        known = before.architecture.inserted
        try:
            scaled = self.apply(before)
        except NotSupported:  # as long as another change has not made it possible
            return super().reason(before)
        new = [one for one in scaled.architecture.inserted if one not in known]
        tops = [float(np.max(np.abs(one.config["mean"]))) for one in new if "mean" in one.config]
        spreads = [float(v) ** 0.5 for one in new for v in one.config.get("variance", ())]
        if len(tops) < len(new):
            top = max(float(np.nanmax(np.abs(x.astype(float)))) for x in map(
                np.asarray, keras.tree.flatten(before.train.x)) if np.issubdtype(x.dtype, np.number))
            return f"inputs went up to {shown(top)}: brought to unit scale"
        widest, least = max(spreads), min(spreads)
        if max(tops) > max(widest, 1):
            told = f"means up to {shown(max(tops))}"
        else:
            told = f"spreads of {shown(widest if widest > 1 else least)}"
        return f"inputs had {told}: brought to mean 0, spread 1"

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe with the layer behind each input but those that are looked up."""
        if not recipe.architecture.is_graph:
            return _before_call(recipe)
        refused = ""
        scaled = recipe
        for entry, x in network.inputs(recipe):
            looked_up = [reader for reader in network.readers(recipe, entry.name)
                         if reader.kind in _TAKES_NO_SCALE]
            if looked_up:
                refused = f"{looked_up[0].kind} {looked_up[0].name!r} reads the input as it is."
                continue
            try:
                scaled = scaled.with_inserted(input_scaling(x, entry.name))
            except NotSupported as error:
                refused = str(error)
        if scaled is recipe:
            raise NotSupported(refused or "The network has no input.")
        return scaled

    def edit(self, script: Script, before: Recipe, after: Recipe) -> source.Edits | None:
        """The layer in front of the only one that reads the input, for each that is scaled."""
        if not before.architecture.is_graph:
            return _edit_class(script, before, after)
        before = replace(before, filled=after.filled)  # written ahead of what reads the rows
        entries = {entry.name: entry for entry, _ in network.inputs(before)}
        edits: source.Edits = ()
        for new in after.architecture.inserted:
            if new.anchor in entries and new.kind in ("Normalization", "Rescaling"):
                written = _edit_one(script, before, after, entries[new.anchor], new)
                if written is None:
                    return None
                edits += written
        return edits


def _before_call(recipe: Recipe) -> Recipe:
    looked_up = [layer for layer in recipe.layers if layer.kind in _TAKES_NO_SCALE]
    if looked_up:
        raise NotSupported(f"{looked_up[0].kind} {looked_up[0].name!r} may read the input as it is.")
    x = network.single_array(recipe.scaled(recipe.x), "inputs")
    return recipe.with_inserted(as_rescaling(input_scaling(x, ENTRY)))


def _edit_class(script: Script, before: Recipe, after: Recipe) -> source.Edits | None:
    name = type(before.architecture.source).__name__
    made_in = script.class_setup(name)
    new = next(new for new in after.architecture.inserted if new.anchor == ENTRY)
    if made_in is None or source.reads_layers(script, taken_out=False):
        return None
    if len(keras.tree.flatten(dict(new.config))) > 2 * MOST_NUMBERS:
        return None
    code, imports = layer_code(script, made_in, new)
    put = script.insert_before_method(name, "call", "input_scaling", code)
    return None if put is None else (*imports, *put)


def _edit_one(
    script: Script, before: Recipe, after: Recipe, entry: Layer, new: Insertion
) -> source.Edits | None:
    readers = network.readers(before, entry.name)
    if len(readers) != 1:
        return None
    first = source.own_call(script, before, readers[0])
    if first is not None and readers[0].inputs == (entry.name,):
        written = scaling_edits(script, before, first, entry, new)
        if written is None:
            return None
        gone = readers[0].name in after.architecture.removed
        edits = source.insert_first(script, before, readers[0], written[0], taken_out=gone)
        return None if edits is None else (*written[1], *edits)
    # Whatever makes the next layer, the Input is a place: in a list, in a chain of `add`, or by
    # its name, where that is given to a function or to a layer that joins several.
    call = source.input_call(script, before, entry)
    if call is None or source.reads_layers(script, taken_out=False):
        return None
    written = scaling_edits(script, before, call, entry, new)
    if written is None:
        return None
    put = call.insert_layer(written[0], where="after") or call.insert_layer_where_read(written[0])
    return None if put is None else (*written[1], *put)
