"""What `compile` and `fit` were given, and what they make of it."""

from __future__ import annotations

import copy
import types
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from .private import (
    ArrayDataAdapter,
    array_slicing,
    can_convert_arrays,
    data_adapter_utils,
    data_adapters,
)

Tree = Any


def is_foreign_tensor(value: Any) -> bool:
    """True for a tensor of TensorFlow's that holds numbers."""
    return type(value).__module__.startswith("tensorflow.") and hasattr(value, "numpy")


def is_foreign_dataset(value: Any) -> bool:
    """True for a data set of TensorFlow's own."""
    return bool(data_adapters.is_tf_dataset(value))


def stream_kind(x: Any) -> str | None:
    """What a source of batches is called; `None` for arrays and trees of arrays."""
    if isinstance(x, keras.utils.PyDataset):
        return getattr(type(x), "unstuck_kind", "a PyDataset")
    if data_adapters.is_tf_dataset(x):
        return "a tf.data.Dataset"
    if data_adapters.is_torch_dataloader(x):
        return "a torch DataLoader"
    if data_adapters.is_grain_dataset(x):
        return "a grain dataset"
    if isinstance(x, types.GeneratorType):
        return "a Python generator"
    return None


def are_arrays(x: Tree) -> bool:
    """True for a tree whose every leaf `fit` can cut into batches."""
    return bool(can_convert_arrays((x,)))


def as_arrays(x: Tree, y: Tree, sample_weight: Tree) -> tuple[Tree, Tree, Tree]:
    """Arrays, lists of arrays or frames as `fit` would turn them into numpy arrays."""
    adapter = ArrayDataAdapter(x, y, sample_weight=sample_weight, batch_size=1)
    arrays = array_slicing.convert_to_sliceable(adapter._inputs, target_backend="numpy")
    plain = keras.tree.map_structure(lambda a: np.asarray(a[:]), arrays)
    unpacked: tuple[Tree, Tree, Tree] = data_adapter_utils.unpack_x_y_sample_weight(plain)
    return unpacked


def split_pair(data: Any) -> tuple[Tree, Tree, Tree]:
    """`validation_data` as x, y and sample weights. Raises ValueError for any other form."""
    parts: tuple[Tree, Tree, Tree] = data_adapter_utils.unpack_x_y_sample_weight(data)
    return parts


def class_weights_as_sample_weights(y: NDArray[Any], class_weight: dict[int, float]) -> Tree:
    """One weight a row, as `fit(class_weight=…)` makes them."""
    return data_adapter_utils.class_weight_to_sample_weights(y, class_weight)


def compile_config(model: keras.Model) -> dict[str, Any]:
    """The arguments of the last `compile`, as live objects."""
    metrics = model._compile_metrics
    loss = model._compile_loss
    return {
        "optimizer": model.optimizer,
        "loss": model.loss,
        "loss_weights": None if loss is None else loss._user_loss_weights,
        "metrics": None if metrics is None else metrics._user_metrics,
        "weighted_metrics": None if metrics is None else metrics._user_weighted_metrics,
    }


def fresh_metrics(metrics: Any) -> Any:
    """Metrics of our own: the user's objects keep a running state."""

    def fresh(metric: Any) -> Any:
        if not isinstance(metric, keras.metrics.Metric):
            return metric
        try:
            return type(metric).from_config(metric.get_config())
        except Exception:  # a user's class without a config is used as it is, and only read
            return metric

    return None if metrics is None else keras.tree.map_structure(fresh, metrics)


def compiled_loss(model: keras.Model, y: Tree, outputs: Tree, sample_weight: Tree) -> Any:
    """The loss that `compile` was given, of outputs; without what regularisers and `add_loss` say."""
    return model._compile_loss(y, outputs, sample_weight)


def note_loss(model: keras.Model, loss: Any) -> None:
    """Count a loss to the mean that a model logs as "loss"."""
    if model._loss_tracker is not None:
        model._loss_tracker.update_state(loss)


def note_metrics(model: keras.Model, y: Tree, outputs: Tree, sample_weight: Tree) -> None:
    """Count outputs to the metrics that `compile` was given."""
    if model._compile_metrics is not None:
        model._compile_metrics.update_state(y, outputs, sample_weight)


def with_metrics(
    model: keras.Model, metrics: list[Any], loss: Any, x: Tree, y: Tree, outputs: Tree,
    sample_weight: Tree,
) -> tuple[dict[str, Any], list[Any]]:
    """The logs of a training step, and the metrics' variables after it."""
    found: tuple[dict[str, Any], list[Any]] = model._update_metrics_variables(
        metrics, loss, x, y, outputs, sample_weight)
    return found


def schedule_of(optimizer: Any) -> Any:
    """The LearningRateSchedule that an optimizer computes its rate with; `None` without one."""
    rate = getattr(getattr(optimizer, "inner_optimizer", optimizer), "_learning_rate", None)
    return rate if isinstance(rate, keras.optimizers.schedules.LearningRateSchedule) else None


def optimizer_config(optimizer: Any) -> dict[str, Any]:
    """An optimizer's configuration; a schedule that does not tell its own is told by its attributes.

    Raises:
        NotImplementedError: a class of the user's own tells none.
    """
    try:
        config: dict[str, Any] = optimizer.get_config()
        return config
    except NotImplementedError:
        schedule = schedule_of(optimizer)
        if schedule is None:
            raise
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    inner._learning_rate = None
    try:
        config = optimizer.get_config()
    finally:
        inner._learning_rate = schedule
    told = {name: repr(value) for name, value in sorted(vars(schedule).items())}
    return config | {"learning_rate": {"class_name": type(schedule).__name__, "config": told}}


def decays_selectively(optimizer: Any) -> bool:
    """True where `exclude_from_weight_decay` was called, of which no configuration tells."""
    return any(
        bool(getattr(optimizer, name, None))
        for name in ("_exclude_from_weight_decay", "_exclude_from_weight_decay_pattern")
    )


def log_names(model: keras.Model) -> tuple[str, ...]:
    """The names of what a training step of a built model logs: "loss", then its metrics."""
    return tuple(model.get_metrics_result())


def monitor_mode(callback: Any, model: keras.Model) -> str:
    """Whether a callback takes lower ("min") or higher ("max") values of its monitor for better.

    Raises ValueError where Keras cannot tell.
    """
    own = copy.copy(callback)
    own.monitor_op, own._model = None, model
    own._set_monitor_op()
    return "min" if own.monitor_op is keras.ops.less else "max"
