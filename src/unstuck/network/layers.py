"""One layer as configured, and one that is put in: plain values, no live Keras layer.

What can be changed about a network is told in these words; `architecture` holds them together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import keras

Where = Literal["before", "after"]
ENTRY = "inputs"
"""The anchor of a layer between what a subclassed model is called with and its `call`."""
WRAPPERS = (keras.layers.TimeDistributed, keras.layers.Bidirectional)
"""Layers that hold one other layer, and whose arguments of note are its."""


@dataclass(frozen=True, kw_only=True)
class Layer:
    """One layer as configured: `config` holds its Keras arguments, `inputs` the layers before it.

    A wrapper (`TimeDistributed`, `Bidirectional`) shows the arguments of the layer in it, whose
    kind is `wrapped`.
    """

    name: str
    kind: str
    config: Mapping[str, Any]
    inputs: tuple[str, ...] = ()
    parameters: int = 0
    output_shape: tuple[int | None, ...] = ()
    wrapped: str | None = None

    @property
    def is_recurrent(self) -> bool:
        """True for SimpleRNN, LSTM, GRU and their likes, wrapped or not."""
        return "recurrent_initializer" in self.config

    @property
    def is_own(self) -> bool:
        """True for a layer of the user's own class: none of Keras's layers, models and operations."""
        operation = "".join(f"_{c.lower()}" if c.isupper() else c for c in self.kind).lstrip("_")
        return not (hasattr(keras.layers, self.kind) or hasattr(keras.ops, operation)
                    or self.kind in ("Functional", "Sequential", "Model"))

    @property
    def activation(self) -> str | None:
        """The name of its activation; `None` where it has none, "custom" where it is a function."""
        if self.kind in ("ReLU", "LeakyReLU", "ELU", "PReLU", "Softmax"):
            return {"ReLU": "relu", "LeakyReLU": "leaky_relu"}.get(self.kind, self.kind.lower())
        given = self.config.get("activation")
        if given is None:
            return "linear" if "activation" in self.config else None
        return given if isinstance(given, str) else "custom"


@dataclass(frozen=True, kw_only=True)
class Insertion:
    """A layer put in before or after the layer called `anchor`.

    `joins`: it takes two inputs, the second of them what the layer of that name reads; that layer
    comes before `anchor`.
    """

    anchor: str
    where: Where
    kind: str
    config: Mapping[str, Any]
    joins: str | None = None

    @property
    def name(self) -> str:
        """The name of the new layer; part of its weights' paths."""
        return f"{self.anchor}_{self.where}_{self.kind.lower()}"
