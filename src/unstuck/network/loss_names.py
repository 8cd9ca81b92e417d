"""What a loss is called and what its arguments are, whether given by name, as object or as function."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras

from .torch_numbers.losses import BCELoss, NLLLoss


def config_of(loss: Any) -> tuple[str, Mapping[str, Any]]:
    """One loss's snake-case name and arguments."""
    if loss is None:
        return "none", {}
    if isinstance(loss, str):
        loss = keras.losses.get(loss)
    if not isinstance(loss, keras.losses.Loss):
        name = getattr(loss, "__name__", "custom")
        return (name, {}) if getattr(keras.losses, name, None) is loss else ("custom", {})
    if isinstance(loss, NLLLoss):
        return "nll_loss", {"reduction": loss.reduction}
    if isinstance(loss, BCELoss):
        return "binary_crossentropy", {"reduction": loss.reduction, "cuts": "logarithms"}
    if type(loss).__module__.startswith("keras."):
        config = {k: v for k, v in loss.get_config().items() if k not in ("name", "fn")}
        return _snake(type(loss).__name__), config
    return "custom", {}


def signature_of(loss: Any) -> object:
    """Equal for losses that are the same function: arguments that are Keras's defaults do not count."""
    name, config = config_of(loss)
    if name == "custom":
        return id(loss)
    usual: Mapping[str, Any] = {"reduction": "sum_over_batch_size"}
    if isinstance(loss, keras.losses.Loss) and type(loss).__module__.startswith("keras."):
        config, usual = _arguments(loss), _arguments(type(loss)())
    return name, sorted(repr(item) for item in config.items() if item not in usual.items())


def _arguments(loss: keras.losses.Loss) -> dict[str, Any]:
    """Also those that are not in its configuration, as Huber's delta."""
    return {**getattr(loss, "_fn_kwargs", {}), **config_of(loss)[1]}


def _snake(name: str) -> str:
    parts = "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")
    return parts.replace("k_l_divergence", "kl_divergence")
