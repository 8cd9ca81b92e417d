"""A Normalization that knows the data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from unstuck.base.errors import NotSupported
from unstuck.network.layers import Insertion
from unstuck.network.recipe import Recipe
from unstuck.script import Script

from . import _adapting as adapting
from . import _network as network
from . import _source as source
from ._one_layer import OneLayer
from ._scales import MOST_FEATURES, column_statistics, layer_code


@dataclass(frozen=True, kw_only=True)
class AdaptNormalization(OneLayer):
    """`layer`, a Normalization behind the only input, gets the rows' mean and variance."""

    kind: ClassVar[str] = "normalization"
    cost: ClassVar[float] = 2

    @property
    def label(self) -> str:
        """What is done."""
        return f"{self.layer}: adapted to the data"

    def reason(self, before: Recipe) -> str:
        """What the layer lacks."""
        return "normalization: without adapt() it leaves the rows as they are"

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe with a layer that knows the rows."""
        return recipe.with_layer(self.layer, **self._statistics(recipe))

    def _statistics(self, recipe: Recipe) -> dict[str, Any]:
        layer, entry = network.layer_of(recipe, self.layer), network.only_input(recipe)
        if layer.kind != "Normalization" or layer.inputs != (entry.name,):
            raise NotSupported(f"{self.layer!r} is not a Normalization behind the input.")
        if list(layer.config["axis"]) != [-1] or layer.config["invert"]:
            raise NotSupported(f"{self.layer!r} does not work column by column.")
        x = np.asarray(network.single_array(recipe.x, "inputs"))
        if x.ndim != 2 or x.shape[1] > MOST_FEATURES:
            raise NotSupported("Only a table of few columns has statistics of its own for each.")
        return column_statistics(x)

    def edit(self, script: Script, before: Recipe, after: Recipe) -> source.Edits | None:
        """A line that adapts the layer; the layer with its numbers where the rows have no name."""
        layer, entry = network.layer_of(before, self.layer), network.only_input(before)
        call = source.own_call(script, before, layer)
        if call is None or ".adapt(" in script.text or any(
                call.argument(shape) for shape in source.INPUT_SHAPES):
            return None
        new = Insertion(anchor=self.layer, where="after", kind="Normalization",
                        config=self._statistics(before))
        rows = adapting.rows_for(script, before, entry, new)
        if rows is not None:
            own = call.assigned_name
            name = own or source.free_name(script, "normalization")
            ahead = adapting.adapted_ahead(
                script, before, call, rows, f"{name} = {call.code}", name)
            if ahead is not None:
                return ahead if own else (*ahead, *call.replace(name))
            named = source.set_layer_word(script, before, layer, "name", name)
            behind = adapting.adapted_before_fit(script, before, rows, name)
            if named is not None and behind is not None:
                return (*named, *behind)
        if len(new.config["mean"]) > adapting.MOST_NUMBERS:
            return None
        code, imports = layer_code(script, call, new)
        return (*imports, *call.replace(code))
