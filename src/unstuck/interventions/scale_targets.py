"""Targets of any size for a network that works in standard units, by a layer behind its output."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from unstuck.base.errors import NotSupported
from unstuck.network import outputs
from unstuck.network.layers import Layer
from unstuck.network.recipe import Recipe
from unstuck.script import Script

from . import Intervention
from . import _network as network
from . import _source as source
from ._adapting import MOST_NUMBERS
from ._scales import layer_code, shown, target_scaling, target_units
from ._target_lines import scaled_targets_edits

_REGRESSION = ("mean_squared_error", "mean_absolute_error", "huber", "log_cosh",
               "mean_absolute_percentage_error", "mean_squared_logarithmic_error")
_MOVES_NUMBERS = frozenset({"Reshape", "Flatten", "Permute"})


TOO_LARGE = 1e8
"""Beyond it the squares of a squared error's gradients, as Adam keeps them, have no room in 32 bits."""
_GROW = frozenset({"mean_squared_error", "mean_absolute_error", "huber", "log_cosh"})
"""Losses that grow with the unit of the targets."""


@dataclass(frozen=True, kw_only=True)
class ScaleTargets(Intervention):
    """A Rescaling behind the output, to the mean and spread of the training targets.

    The output's activation stays as it is: another one is another change. The loss is still in the
    targets' units. Where its size counts, the targets themselves are scaled before `fit`: under SGD,
    whose steps are as long as the gradient, beside the losses of other outputs, and where squares of
    gradients would overflow.
    """

    kind: ClassVar[str] = "target_encoding"
    cost: ClassVar[float] = 5

    @property
    def label(self) -> str:
        """What is done."""
        return "targets scaled"

    @property
    def stage(self) -> int:
        """Around the layers."""
        return 1

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe with the layer behind its only output, or its targets scaled; regression only."""
        grows = recipe.loss_config[0] in _GROW
        largest = float(np.max(np.abs(np.asarray(recipe.y, np.float64)), initial=0.0)) if (
            not recipe.several_outputs and np.asarray(recipe.y).dtype.kind in "iuf") else 0.0
        counts = (recipe.whole is not None or recipe.optimizer.kind == "SGD"
                  or largest > TOO_LARGE)
        if grows and counts and not recipe.several_outputs:
            y = network.single_array(recipe.scaled(recipe.y), "targets")
            return replace(recipe, target_units=target_units(y))
        network.require_graph(recipe, "Putting a layer behind the output")
        if recipe.several_outputs:
            raise NotSupported("The network has several outputs; only one can be scaled.")
        if recipe.loss_config[0] not in _REGRESSION:
            raise NotSupported(f"Targets of the loss {recipe.loss_config[0]} have no scale.")
        y = network.single_array(recipe.train.y, "targets")
        layer = network.output_activation(recipe)
        behind = _kinds_behind(recipe, layer)
        if behind - _MOVES_NUMBERS:
            names = ", ".join(sorted(behind - _MOVES_NUMBERS))
            raise NotSupported(f"Behind the layer with the output activation there is {names}.")
        scaling = target_scaling(y, layer.name, by_column=not behind)
        return recipe.with_inserted(scaling)

    def reason(self, before: Recipe) -> str:
        """How large they are."""
        y = np.asarray(before.y, np.float64)
        return (f"targets had mean {shown(float(np.nanmean(y)))}, spread {shown(float(np.nanstd(y)))}:"
                " brought to mean 0, spread 1")

    def edit(self, script: Script, before: Recipe, after: Recipe) -> source.Edits | None:
        """The layer behind the output layer, or in the place of an activation layer left out.

        Targets that are scaled are so on lines before `fit`.
        """
        if after.target_units != before.target_units:
            return scaled_targets_edits(script, before)
        layer = network.output_activation(before)
        call = source.layer_call(script, before, layer)
        if call is None or source.reads_layers(script, taken_out=False):
            return None
        new = next(
            insertion for insertion in after.architecture.inserted
            if insertion.kind == "Rescaling"
            and network.layer_of(before, insertion.anchor).kind != "InputLayer"
        )
        if len(np.ravel(new.config["scale"])) > MOST_NUMBERS:
            return None
        named = outputs.go_by_layers(before)
        if named and source.reads_layers(script, taken_out=True):
            return None
        code, imports = layer_code(script, call, new, name=layer.name if named else None)
        if layer.name in after.architecture.removed:
            return (*imports, *call.replace(code))
        put = source.insert_behind(script, before, layer, code)
        renamed: source.Edits | None = ()
        if named:
            renamed = source.set_layer_word(script, before, layer, "name", f"{layer.name}_unscaled")
        if put is None or renamed is None:
            return None
        return (*imports, *put, *renamed)


def _kinds_behind(recipe: Recipe, layer: Layer) -> frozenset[str]:
    """The kinds of the layers between this one and the output."""
    kinds: frozenset[str] = frozenset()
    for reader in network.readers(recipe, layer.name):
        kinds |= {reader.kind} | _kinds_behind(recipe, reader)
    return kinds
