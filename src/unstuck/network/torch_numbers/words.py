"""Torch's words for what checks, reports and comments call by Keras's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_WORDS = {
    "Dense": "Linear", "Conv1D": "Conv1d", "Conv2D": "Conv2d", "Conv3D": "Conv3d",
    "Conv1DTranspose": "ConvTranspose1d", "Conv2DTranspose": "ConvTranspose2d",
    "BatchNormalization": "BatchNorm", "LayerNormalization": "LayerNorm", "SimpleRNN": "RNN",
    "MultiHeadAttention": "MultiheadAttention",
    "sparse_categorical_crossentropy": "CrossEntropyLoss",
    "categorical_crossentropy": "CrossEntropyLoss", "binary_crossentropy": "BCELoss",
    "mean_squared_error": "MSELoss", "mean_absolute_error": "L1Loss", "huber": "HuberLoss",
    "glorot_uniform": "xavier_uniform_", "glorot_normal": "xavier_normal_",
    "he_normal": "kaiming_normal_", "he_uniform": "kaiming_uniform_",
    "trainable=False": "requires_grad=False", "from_logits=True takes": "the loss takes",
}
LABELS = {
    "sparse_categorical_crossentropy from logits": "CrossEntropyLoss",
    "categorical_crossentropy from logits": "CrossEntropyLoss",
    "binary_crossentropy from logits": "BCEWithLogitsLoss",
    **{name: told for name, told in _WORDS.items() if "_" in name},
}
"""Torch's names for losses and initialisers in the labels of changes."""
_SENTENCE = "the loss takes"
_KNOWN = re.compile("|".join(
    rf"(?<![\w.]){re.escape(word)}(?!\w)" for word in sorted(_WORDS, key=len, reverse=True)))


def in_torchs_words(text: str) -> str:
    """A message or a comment with torch's names of layers, losses and initialisers."""
    told = _KNOWN.sub(lambda found: _WORDS[found[0]], text)
    return told.replace(_SENTENCE, _SENTENCE.capitalize()) if told.startswith(_SENTENCE) else told


def loss_told(name: str, config: Mapping[str, Any]) -> str:
    """A loss by its class in torch: "binary_crossentropy" of logits is BCEWithLogitsLoss."""
    if name == "binary_crossentropy" and config.get("from_logits"):
        return "BCEWithLogitsLoss"
    return _WORDS.get(name, name)
