"""Who notes the forward passes and losses of a training loop of the user's own: wrappers of Keras's."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import keras

from unstuck.network import adapter
from unstuck.script import Span

from . import events
from .calls import caller, span_of
from .patches import Attribute

_NO_LOSSES = frozenset({"get", "serialize", "deserialize"})
"""Functions of `keras.losses` that are none."""


class Noticing:
    """Tells `events` of what a script calls, and knows where it called its models first."""

    def __init__(self) -> None:
        self._calling = 0
        self._called_at: dict[int, tuple[str, Span | None]] = {}

    @property
    def wrappers(self) -> dict[Attribute, Callable[[Any], Any]]:
        """What to patch while the script runs."""
        functions = {(keras.losses, name): self._loss_function
                     for name, value in vars(keras.losses).items()
                     if callable(value) and not isinstance(value, type) and name not in _NO_LOSSES}
        return {
            (adapter.owner(keras.Model, "__call__"), "__call__"): self._calling_model,
            (adapter.owner(keras.losses.Loss, "__call__"), "__call__"): self._loss,
            **functions,
        }

    def site_of(self, model: Any, filename: str) -> Span | None:
        """Where a file called a model first; `None` where it did not do so itself."""
        file, span = self._called_at.get(id(model), ("", None))
        return span if file == filename else None

    def _calling_model(self, original: Any) -> Any:
        @functools.wraps(original)
        def __call__(layer: Any, *args: Any, **kwargs: Any) -> Any:
            if not isinstance(layer, keras.Model) or self._calling or not events.is_noticed():
                return original(layer, *args, **kwargs)
            if id(layer) not in self._called_at:
                frame = caller(layer, "__call__")
                if frame is not None:
                    self._called_at[id(layer)] = frame.f_code.co_filename, span_of(frame)
            self._calling += 1
            try:
                found = original(layer, *args, **kwargs)
            finally:
                self._calling -= 1
            events.forward(layer, args[:1], kwargs.get("training"), found)
            return found

        return __call__

    def _loss(self, original: Any) -> Any:
        @functools.wraps(original)
        def __call__(loss: Any, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
            with events.unnoticed():
                value = original(loss, y_true, y_pred, sample_weight)
            events.loss(loss, y_true, y_pred, sample_weight)
            return value

        return __call__

    def _loss_function(self, original: Any) -> Any:
        @functools.wraps(original)
        def computed(y_true: Any, y_pred: Any, *args: Any, **kwargs: Any) -> Any:
            value = original(y_true, y_pred, *args, **kwargs)
            events.loss(original, y_true, y_pred, None)
            return value

        computed.unstuck_original = original  # type: ignore[attr-defined]
        return computed
