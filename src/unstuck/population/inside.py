"""The inside of a trained replica: what each layer puts out for given rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from unstuck.network import adapter
from unstuck.network.recipe import Recipe

Array = NDArray[Any]


class Inside:
    """A recipe's network, built once, which takes the weights of one replica after another.

    Raises:
        NotSupported: the model cannot be made again.
    """

    def __init__(self, recipe: Recipe) -> None:
        self._model = recipe.build().model
        self._paths = adapter.stable_paths(self._model)
        self._names: tuple[str, ...] = ()
        self._watch: Any = None
        if recipe.architecture.is_graph:
            pairs = adapter.layer_outputs(self._model)
            self._names = tuple(layer.name for layer, _ in pairs)
            self._watch = keras.Model(adapter.input_structure(self._model),
                                      [output for _, output in pairs])

    def outputs(
        self, weights: Mapping[str, Array], replica: int, x: Any
    ) -> tuple[Any, dict[str, Array]]:
        """The network's outputs for some rows, and every layer's by name, without dropout.

        Args:
            weights: final weights by path, shaped [replica, …], as `Population.weights` has them.
            replica: whose.
            x: rows, in the structure of the model's input.

        Returns:
            The outputs as arrays [row, …]; the layers' likewise, none for a subclassed model.
        """
        for variable in self._model.variables:
            kept = weights.get(self._paths[id(variable)])
            if kept is not None:
                variable.assign(kept[replica])
        mode = {"training": False} if adapter.takes_training(self._model) else {}
        out = keras.tree.map_structure(np.asarray, self._model(x, **mode))
        inner = [] if self._watch is None else self._watch(x, training=False)
        inner = inner if isinstance(inner, list | tuple) else [inner]
        return out, {name: np.asarray(value)
                     for name, value in zip(self._names, inner, strict=True)}
