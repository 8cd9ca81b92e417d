"""Torch's losses that Keras does not have."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


def _registered(cls: Any) -> Any:
    return keras.saving.register_keras_serializable(package="unstuck")(cls)


@_registered
class NLLLoss(keras.losses.Loss):  # type: ignore[misc]
    """`nn.NLLLoss` on outputs that are no logarithms: minus the output of the right class."""

    def __init__(
        self, reduction: str = "sum_over_batch_size", name: str = "nll_loss", **more: Any
    ) -> None:
        super().__init__(reduction=reduction, name=name, **more)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """One number a row."""
        classes = y_pred.shape[-1]
        labels = ops.reshape(ops.cast(y_true, "int32"), ops.shape(y_pred)[:-1])
        return -ops.sum(ops.one_hot(labels, classes) * y_pred, axis=-1)


@_registered
class BCELoss(keras.losses.BinaryCrossentropy):  # type: ignore[misc]
    """`nn.BCELoss`: logarithms are cut at -100, and its slope (y - t) / max(y (1 - y), 1e-12).

    The formulas are those of ATen's `binary_cross_entropy` and its backward. Keras clips
    probabilities at 1e-7 instead.
    """

    def __init__(
        self, reduction: str = "sum_over_batch_size", name: str = "bce_loss", **more: Any
    ) -> None:
        super().__init__(reduction=reduction, name=name, **more)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """One number a row."""
        y_pred = ops.convert_to_tensor(y_pred)
        y_true = ops.broadcast_to(ops.cast(y_true, y_pred.dtype), ops.shape(y_pred))
        return ops.mean(_cut_entropy(y_true, y_pred), axis=-1)


@ops.custom_gradient  # type: ignore[untyped-decorator]
def _cut_entropy(t: Any, y: Any) -> Any:
    logs = [ops.maximum(ops.log(one), -100.0) for one in (y, 1 - y)]

    def slopes(upstream: Any) -> tuple[Any, Any]:
        return ops.zeros_like(t), upstream * (y - t) / ops.maximum(y * (1 - y), 1e-12)

    return -(t * logs[0] + (1 - t) * logs[1]), slopes


@_registered
class AllPairs(keras.losses.Loss):  # type: ignore[misc]
    """A squared or absolute error between outputs and targets whose shapes differ, stretched to fit.

    Outputs of the shape (rows, 1) and targets of (rows,) make a table of all rows against all.

    Args:
        power: 2 for squares, 1 for sizes.
    """

    def __init__(self, power: int = 2, reduction: str = "sum_over_batch_size",
                 name: str = "all_pairs", **more: Any) -> None:
        super().__init__(reduction=reduction, name=name, **more)
        self.power = power

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """The mean, or the sum, over the table."""
        errors = ops.abs(ops.convert_to_tensor(y_pred) - ops.cast(y_true, "float32"))
        errors = ops.square(errors) if self.power == 2 else errors
        return ops.sum(errors) if self.reduction == "sum" else ops.mean(errors)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """One number a row."""
        errors = ops.abs(ops.convert_to_tensor(y_pred) - ops.cast(y_true, "float32"))
        return ops.mean(ops.square(errors) if self.power == 2 else errors, axis=-1)

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {**super().get_config(), "power": self.power}
