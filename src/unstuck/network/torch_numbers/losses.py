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
