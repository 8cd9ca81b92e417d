"""Random numbers inside of layers, which once needed no generator of the layer's own.

`K.random_normal(shape)` in a `Lambda` or in a layer's `call` drew from a global state. In a compiled
step nothing global can move, so the layers that may draw get a generator of their own: a state that
is trained along, other in every replica and every step.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from unstuck.base.errors import NotSupported
from unstuck.network import adapter
from unstuck.network.drawing import outside, own_seeds, seeds_of_caller, step_seeds


class Layer(keras.layers.Layer):  # type: ignore[misc]
    """Keras's, with a generator for what its `call` may draw, and what layers of Keras 2 had."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.unstuck_seeds = own_seeds()

    def add_metric(self, *args: Any, **kwargs: Any) -> None:
        """Keras 2 only logged it."""


class Lambda(keras.layers.Lambda):  # type: ignore[misc]
    """Keras's, with a generator for what its function may draw."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.unstuck_seeds = own_seeds()


def drawn(draw: Callable[..., Any]) -> Callable[..., Any]:
    """A function of `keras.random` that takes no seed and draws other numbers every time."""
    def drawing(shape: Any, *args: Any, **kwargs: Any) -> Any:
        known = ("mean", "stddev", "minval", "maxval", "alpha")
        given = {k: v for k, v in kwargs.items() if k in known}
        seed = kwargs.get("seed")
        if seed is None:
            seed = seeds_of_caller() or step_seeds()
        if seed is None:
            if adapter.is_traced():
                raise NotSupported(
                    f"{draw.__name__} is called inside the network, but in no layer, so that no"
                    " generator can move with the training. Call it in a Lambda or in the call()"
                    " of a layer."
                )
            seed = outside()
        shape = tuple(int(n) if isinstance(n, int | np.integer) else n for n in shape)
        return draw(shape, *args, **given, seed=seed)

    return drawing
