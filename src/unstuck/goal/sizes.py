"""How many numbers a network passes on from layer to layer for one row."""

from __future__ import annotations

import keras
import numpy as np

from unstuck.network.recipe import Recipe


def hidden_sizes(recipe: Recipe) -> list[tuple[str, int]]:
    """Layers before the last one with the count of numbers that they put out for one row.

    Of a subclassed model, whose layers tell no shapes, the dense ones, where a row is a vector.
    """
    found = []
    vectors = all(np.ndim(x) == 2 for x in keras.tree.flatten(recipe.x))
    for layer in recipe.layers[:-1]:
        if vectors and layer.kind == "Dense" and not recipe.architecture.is_graph:
            found.append((layer.name, int(layer.config["units"])))
            continue
        shape = layer.output_shape[1:]
        if layer.kind == "InputLayer" or not shape or any(d is None for d in shape):
            continue
        found.append((layer.name, int(np.prod([d for d in shape if d is not None]))))
    return found


def code_size(recipe: Recipe) -> int | None:
    """Numbers in the narrowest hidden layer's output for one row; `None` where it is not known."""
    sizes = [size for _, size in hidden_sizes(recipe)]
    return min(sizes) if sizes else None


def linear_size(recipe: Recipe, inputs: int) -> int | None:
    """Numbers in the code, or as many as a linear autoencoder has with no more parameters.

    A small network that shares its weights, such as a convolutional one, is not held to what a
    linear one reaches with fifty times as many.
    """
    size = code_size(recipe)
    if size is None:
        return None
    return max(1, min(size, recipe.parameters // (2 * inputs)))
