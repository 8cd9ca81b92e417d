"""Variational networks: whether a code is sampled, and which layer gives the means of it."""

from __future__ import annotations

import keras
import numpy as np

from unstuck.network import adapter
from unstuck.network.layers import Layer
from unstuck.network.own_steps import is_called
from unstuck.network.recipe import Recipe
from unstuck.network.torch_numbers.layers import AddsToLoss, Noise


def latent_means(recipe: Recipe) -> tuple[Layer, Layer] | None:
    """The layer of latent means, and the user's own layer that samples from it.

    Recognised by their wiring: a layer of the user's own class reads two layers of equal width, the
    means and the logarithms of the variances (Kingma and Welling 2014, arxiv.org/abs/1312.6114). A
    subclassed model tells no wiring: there the two are the narrowest dense layers, next to each
    other. A torch network draws the noise of a code in a layer, and another one adds the divergence to
    the loss, which hands the means on.
    """
    if not recipe.architecture.is_graph:
        return _by_width(recipe)
    by_name = {layer.name: layer for layer in recipe.layers}
    if any(layer.kind == Noise.__name__ for layer in recipe.layers):
        adds = next((one for one in recipe.layers if one.kind == AddsToLoss.__name__), None)
        means = None if adds is None else by_name.get(adds.inputs[0])
        if adds is not None and means is not None and {"units", "filters"} & means.config.keys():
            return means, adds
    for layer in recipe.layers:
        if not layer.is_own or len(layer.inputs) != 2:
            continue
        both = [by_name.get(name) for name in layer.inputs]
        widths = {one.config.get("units", one.config.get("filters"))
                  for one in both if one is not None}
        if both[0] is not None and both[1] is not None and len(widths) == 1 and None not in widths:
            return both[0], layer
    return None


def is_sampled(recipe: Recipe) -> bool:
    """True where a code is sampled: by such a layer, or by one that draws numbers and adds to the loss.

    In whatever form it is written: the network's own class, or a layer of the user's own, holds a seed
    of its own and adds a loss of its own.
    """
    if latent_means(recipe) is not None:
        return True
    source = recipe.architecture.source
    if not is_called(source):  # its step does all of it
        return adapter.draws_itself(source)
    return adapter.draws_itself(source) and adapter.adds_itself(
        source, keras.tree.map_structure(lambda array: np.asarray(array[:2]), recipe.train.x))


def _by_width(recipe: Recipe) -> tuple[Layer, Layer] | None:
    own = [layer for layer in recipe.layers if layer.is_own]
    dense = [layer for layer in recipe.layers if layer.kind == "Dense"]
    if not own or len(dense) < 3:
        return None
    code = min(layer.config["units"] for layer in dense)
    both = [layer for layer in dense if layer.config["units"] == code]
    if len(both) != 2 or dense.index(both[1]) != dense.index(both[0]) + 1:
        return None
    return both[0], own[-1]
