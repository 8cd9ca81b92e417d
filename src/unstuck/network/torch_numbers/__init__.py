"""Torch's numbers: initialisers, layers, losses and optimizers where they are not Keras's.

A torch training becomes a recipe of Keras's layers. Where a formula of torch's gives other numbers
than Keras's of the same name, a small class of the same name stands here, of Keras's class where
there is one, so that whoever looks at a recipe sees the layer, loss or optimizer that it is. torch
itself is not needed.
"""

from __future__ import annotations

from typing import Any

SPELLING = "PyTorch"
"""`Recipe.written_for` of a recipe that was a torch training."""


def is_torchs(cls: Any) -> bool:
    """True for a class of this package."""
    return str(getattr(cls, "__module__", "")).startswith(__name__)
