"""How torch draws weights: all of a layer's, biases too, within a bound that its inputs set."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np

from unstuck.network import adapter


@keras.saving.register_keras_serializable(package="unstuck")
class OfKernel(keras.initializers.Initializer):  # type: ignore[misc]
    """A bias of `nn.Linear` or `nn.Conv*`: uniform in ± 1/√fan_in of the kernel beside it.

    It does not know the kernel by itself; `resolved` gives the range that it stands for.
    """

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        """Zeros, which are overwritten by what is drawn."""
        return keras.ops.zeros(shape, dtype or "float32")


@keras.saving.register_keras_serializable(package="unstuck")
class OfUnits(keras.initializers.RandomUniform):  # type: ignore[misc]
    """A weight of `nn.LSTM`, `nn.GRU` or `nn.RNN`: uniform in ± 1/√units, whatever its own shape.

    Args:
        gates: how many blocks of `units` columns it has.
        seed: as Keras's.
    """

    def __init__(self, gates: int = 1, seed: int | None = None) -> None:
        super().__init__(seed=seed)
        self.gates = gates

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        """A draw."""
        return self.over(tuple(shape))(shape, dtype=dtype)

    def over(self, shape: tuple[int, ...]) -> keras.initializers.RandomUniform:
        """The range for a weight of this shape."""
        bound = 1.0 / math.sqrt(shape[-1] / self.gates)
        return keras.initializers.RandomUniform(-bound, bound, seed=self.seed)

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {"gates": self.gates}


@keras.saving.register_keras_serializable(package="unstuck")
class ZeroRow(keras.initializers.Initializer):  # type: ignore[misc]
    """A table drawn as another initialiser draws it, but for one row of zeros.

    Args:
        drawn: that initialiser.
        row: the number of the row.
    """

    def __init__(self, drawn: Any, row: int) -> None:
        self.drawn, self.row = keras.initializers.get(drawn), row

    @property
    def seed(self) -> Any:
        """That of the other one."""
        return getattr(self.drawn, "seed", None)

    @seed.setter
    def seed(self, value: int) -> None:
        self.drawn = copy.copy(self.drawn)
        self.drawn.seed = value

    def __call__(self, shape: Any, dtype: Any = None, **more: Any) -> Any:
        """A draw."""
        kept = (np.arange(shape[0]) != self.row).astype("float32")[:, None]
        return self.drawn(shape, dtype=dtype, **more) * keras.ops.cast(kept, dtype or "float32")

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {"drawn": keras.initializers.serialize(self.drawn), "row": self.row}


def resolved(
    model: keras.Model, initializers: Mapping[int, Callable[..., Any]]
) -> dict[int, Callable[..., Any]]:
    """Initialisers by the `id` of their variables, those that ask for another weight's shape in
    numbers.

    Args:
        model: built.
        initializers: as noted while it was built.
    """
    found = dict(initializers)
    for layer in adapter.flat_layers(model):
        kernel = getattr(layer, "kernel", None) if layer.built else None
        for variable in layer.variables:
            given = found.get(id(variable))
            if isinstance(given, OfUnits):
                found[id(variable)] = given.over(tuple(variable.shape))
            elif isinstance(given, OfKernel) and kernel is not None:
                bound = 1.0 / math.sqrt(max(1, int(np.prod(kernel.shape[:-1]))))
                found[id(variable)] = keras.initializers.RandomUniform(-bound, bound)
    return found
