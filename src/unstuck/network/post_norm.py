"""Transformers whose sums are normalised behind the addition, which need a warm-up to train."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import keras
import numpy as np

from . import adapter
from .architecture import Architecture

_ATTENDS = ("MultiHeadAttention", "GroupedQueryAttention", "GroupQueryAttention")
_HANDS_ON = ("Dropout", "SpatialDropout1D", "Identity")
_NEAR = 0.02
"""So near to a mean of 0 and a spread of 1 only normalised outputs come, in every position of a row."""


def is_post_norm(architecture: Architecture) -> bool:
    """True where a layer normalises the sum of an attention's outputs and of what it read.

    Told by the connections of a graph, never by names; of a layer of the user's own that holds an
    attention and a normalisation by its outputs, which in every position are normalised.
    """
    layers = adapter.flat_layers(architecture.source)
    if not any(_attends(layer) for layer in layers):
        return False
    return any(_normalises_sum(layer) or _puts_out_normalised(layer) for layer in layers)


def _attends(operation: Any) -> bool:
    return type(operation).__name__ in _ATTENDS


def _normalises_sum(layer: Any) -> bool:
    if not isinstance(layer, keras.layers.LayerNormalization):
        return False
    return any(
        type(added).__name__ == "Add" and any(map(_comes_from_attention, adapter.read_by(added)))
        for added in adapter.read_by(layer))


def _comes_from_attention(operation: Any) -> bool:
    while type(operation).__name__ in _HANDS_ON:
        before = adapter.read_by(operation)
        if len(before) != 1:
            return False
        operation = before[0]
    return _attends(operation)


def _puts_out_normalised(layer: Any) -> bool:
    """For a block of the user's own: what comes out of it for any rows."""
    if isinstance(layer, keras.Model) or adapter.is_keras_class(type(layer)):
        return False
    within = adapter.flat_layers(layer)
    normalisations = [one for one in within if isinstance(one, keras.layers.LayerNormalization)]
    if not normalisations or not any(map(_attends, within)) or normalisations[0].gamma is None:
        return False
    size = int(normalisations[0].gamma.shape[-1])
    rows = np.random.default_rng(0).normal(1.0, 3.0, size=(2, 5, size)).astype("float32")
    with suppress(Exception), adapter.random_state_kept():  # the user's code may want other rows
        out = np.asarray(layer(rows, training=False) if adapter.takes_training(layer) else layer(rows))
        return bool(out.shape == rows.shape and np.abs(out.mean(-1)).max() < _NEAR
                    and np.abs(out.std(-1) - 1).max() < _NEAR)
    return False
