"""The outputs of a network with several, each as a recipe of its own to look at.

Such a recipe is for looking only: the network's layers up to one output, with that output's targets,
loss and weights. What is changed about it can be carried over to the whole (`carried_over`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from .data import Data
from .recipe import Recipe, Units

Tree = Any


def names(recipe: Recipe) -> tuple[str, ...]:
    """What Keras calls the outputs, in the order of `keras.tree.flatten` of the network's outputs."""
    return recipe.architecture.output_names


def in_order(recipe: Recipe, tree: Tree) -> list[Any]:
    """The parts of what was handed over for the outputs, in the order of the outputs.

    Args:
        recipe: whose outputs.
        tree: a dictionary by output, a list, or one value, which stands for all outputs.
    """
    known = names(recipe)
    if isinstance(tree, Mapping) and set(tree) <= set(known):
        return [tree.get(name) for name in known]
    if isinstance(tree, list | tuple):
        return list(tree)
    return [tree] * max(1, len(known))


def by_name(recipe: Recipe) -> bool:
    """True where losses and their weights are told by name: as the losses or the outputs are."""
    return isinstance(recipe.loss, Mapping) or isinstance(
        recipe.architecture.output_structure, Mapping)


def go_by_layers(recipe: Recipe) -> bool:
    """True where targets, losses or weights are told by the names of the layers that put out."""
    whole = recipe.whole or recipe
    given = (whole.y, whole.loss, whole.loss_weights, whole.sample_weight, whole.metrics)
    return any(isinstance(one, Mapping) for one in given) and not isinstance(
        whole.architecture.output_structure, Mapping)


def packed(recipe: Recipe, parts: list[Any]) -> Tree:
    """Losses or weights, one for each output in order, as `compile` takes them here."""
    return dict(zip(names(recipe), parts, strict=True)) if by_name(recipe) else parts


def targets(recipe: Recipe, y: Tree) -> list[NDArray[Any]]:
    """The arrays of targets, in the order of the outputs as far as their names tell it."""
    known = names(recipe)
    if isinstance(y, Mapping) and set(y) == set(known):
        return [np.asarray(y[name]) for name in known]
    return [np.asarray(part) for part in keras.tree.flatten(y) if part is not None]


def each(recipe: Recipe) -> tuple[Recipe, ...]:
    """A recipe for each output; none where there is one output, or the outputs are not known."""
    if not are_known(recipe):
        return ()
    return tuple(alone(recipe, i) for i in range(len(names(recipe))))


def are_known(recipe: Recipe) -> bool:
    """True for a network with several outputs, each with targets, a loss and weights of its own."""
    count = len(names(recipe))
    given = (targets(recipe, recipe.y), *(in_order(recipe, tree) for tree in (
        recipe.loss, recipe.loss_weights, recipe.sample_weight)))
    return count > 1 and all(len(parts) == count for parts in given)


def alone(recipe: Recipe, output: int) -> Recipe:
    """The recipe of one of several outputs, of those that `are_known`."""
    held = recipe.validation_data
    return replace(
        recipe, architecture=recipe.architecture.with_output(output),
        y=targets(recipe, recipe.y)[output], loss=in_order(recipe, recipe.loss)[output],
        loss_weights=in_order(recipe, recipe.loss_weights)[output],
        metrics=_metrics(recipe)[output], weighted_metrics=None,
        sample_weight=in_order(recipe, recipe.sample_weight)[output], whole=recipe,
        target_units=units(recipe)[output],
        validation_data=None if held is None else Data(
            x=held.x, y=targets(recipe, held.y)[output]))


def place(recipe: Recipe) -> int:
    """The number of the output that an `alone` recipe has, among those of the whole."""
    whole, own = (one.architecture.graph for one in (recipe.whole or recipe, recipe))
    assert whole is not None and own is not None
    return next(i for i, tensor in enumerate(whole.outputs) if tensor is own.outputs[0])


def units(recipe: Recipe) -> list[Units | None]:
    """What the targets of each output are trained in; `None` where it is the user's units."""
    given = recipe.target_units
    return list(given) if isinstance(given, tuple) else [given] * max(1, len(names(recipe)))


def carried_over(recipe: Recipe, output: int, changed: Recipe) -> Recipe:
    """The whole recipe with what was changed about one output's: its layers, its loss, its weight, the
    units of its targets."""
    losses, weights = in_order(recipe, recipe.loss), in_order(recipe, recipe.loss_weights)
    loss: Any = recipe.loss
    weighted: Any = recipe.loss_weights
    another = changed.loss_weights != weights[output]
    if changed.loss is not losses[output] or another:  # one loss for all outputs takes one weight
        losses[output] = changed.loss
        loss = packed(recipe, losses)
    if another:
        weights[output] = changed.loss_weights
        weighted = packed(recipe, [1.0 if weight is None else weight for weight in weights])
    trained = units(recipe)
    if changed.target_units != trained[output] and not isinstance(changed.target_units, tuple):
        trained[output] = changed.target_units
        recipe = replace(recipe, target_units=tuple(trained))
    whole, seen = recipe.architecture, changed.architecture
    new = tuple(one for one in seen.inserted if one not in whole.inserted)
    return replace(recipe, loss=loss, loss_weights=weighted, architecture=replace(
        whole, changed={**whole.changed, **seen.changed}, removed=whole.removed | seen.removed,
        inserted=(*whole.inserted, *new)))


def _metrics(recipe: Recipe) -> list[Any]:
    """The metrics of each output; those in one flat list are every output's."""
    given = recipe.metrics
    apart = isinstance(given, Mapping) or (
        isinstance(given, list | tuple) and any(isinstance(part, list | tuple) for part in given))
    return in_order(recipe, given) if apart else [given] * len(names(recipe))
