"""Masks of dropout that a function of torch's draws within itself, where no call of it is heard.

`nn.LSTM(dropout=…)` and attention drop out between their steps. What they drew is drawn once more
from the state of the random numbers that they began with, which is put back afterwards.
"""

from __future__ import annotations

from typing import Any

import torch
from numpy.typing import NDArray

from .ops import array

_RECURRENT = frozenset({"lstm", "gru", "rnn_tanh", "rnn_relu"})


def hides_masks(name: str, args: Any, kwargs: Any) -> bool:
    """True where a call is about to draw masks by itself."""
    if name == "multi_head_attention_forward":
        return bool(args[10]) and bool(kwargs.get("training", True))
    if name == "scaled_dot_product_attention":
        return bool(args[4] if len(args) > 4 else kwargs.get("dropout_p", 0.0))
    if name in _RECURRENT and len(args) == 9 and isinstance(args[3], bool):
        return bool(args[5] and args[6] and args[4] > 1)
    return False


def masks(name: str, args: Any, kwargs: Any, state: Any) -> list[NDArray[Any]]:
    """What such a call drew, scaled as dropout scales: 0 or 1 / (1 - rate).

    Args:
        state: of the random numbers before the call.
    """
    after = torch.get_rng_state()
    torch.set_rng_state(state)
    try:
        if name in _RECURRENT:
            x, layers, rate, both = args[0], args[4], args[5], args[7]
            steps, rows = (x.shape[1], x.shape[0]) if args[8] else x.shape[:2]
            width = args[2][1].shape[1] * (2 if both else 1)
            shape: tuple[int, ...] = (steps, rows, width)
            count = layers - 1
        elif name == "multi_head_attention_forward":
            query, key, heads, rate = args[0], args[1], args[4], args[10]
            shape, count = (query.shape[1] * heads, query.shape[0], key.shape[0]), 1
        else:
            query, key = args[:2]
            rate = args[4] if len(args) > 4 else kwargs["dropout_p"]
            shape, count = (*query.shape[:-1], key.shape[-2]), 1
        found = [torch.dropout(torch.ones(shape), rate, True) for _ in range(count)]
        if name in _RECURRENT:  # rows first
            found = [one.transpose(0, 1) for one in found]
        elif name == "multi_head_attention_forward":
            found = [one.reshape(-1, heads, *one.shape[1:]) for one in found]
        return [array(one) for one in found]
    finally:
        torch.set_rng_state(after)
