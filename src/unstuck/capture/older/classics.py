"""What Keras once had and has no more, as far as it can be made of what it has."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import keras

from unstuck.base.errors import NotSupported
from unstuck.capture.tensorflow import lengths, lookups, utilities
from unstuck.network import adapter

GONE = {
    "Merge": "Use the functional API: keras.layers.concatenate([a, b]), add, multiply, …",
    "Graph": "Use the functional API: keras.Model(inputs, outputs).",
    "MaxoutDense": "Write it as Dense, Reshape and a maximum over an axis.",
    "Highway": "Write it with Dense layers and the functional API.",
    "LocallyConnected1D": "Use Conv1D, or a layer of your own.",
    "LocallyConnected2D": "Use Conv2D, or a layer of your own.",
    "ThresholdedReLU": "Use keras.layers.ReLU(threshold=…) and look at its formula.",
    "AtrousConvolution2D": "Use Conv2D(…, dilation_rate=…).",
    "function": "Make a model of the layers you want to see: keras.Model(model.inputs, layer.output).",
    "gradients": "Use jax.grad on model.stateless_call.",
    "placeholder": "Use keras.Input.",
    "get_session": "There are no sessions any more; leave it out.",
}
"""What cannot be made, and what to write instead."""

_MODES: dict[str, Callable[..., Any]] = {
    "sum": keras.layers.add, "mul": keras.layers.multiply, "ave": keras.layers.average,
    "max": keras.layers.maximum,
}


def extras(class_of: Callable[[type], Any]) -> dict[str, dict[str, Any]]:
    """By module, the names that are made here; `class_of` gives a class that takes old arguments."""

    def time_distributed_dense(*args: Any, **kwargs: Any) -> Any:
        shape = {k: kwargs.pop(k) for k in ("input_shape", "input_dim", "name") if k in kwargs}
        return keras.layers.TimeDistributed(class_of(keras.layers.Dense)(*args, **kwargs), **shape)

    return {
        "keras.callbacks": {"TensorBoard": TensorBoard},
        "keras.layers": {"merge": merge, "TimeDistributedDense": time_distributed_dense,
                         **lookups.layers()},
        "keras.ops": lengths.of_keras(),
        "keras.utils": {"multi_gpu_model": multi_gpu_model, **utilities.functions()},
        "keras.preprocessing": {**adapter.old_preprocessing("text"), **utilities.functions()},
        "keras.preprocessing.image": {**adapter.old_preprocessing("image"), **utilities.functions()},
        "keras.preprocessing.sequence": adapter.old_preprocessing("sequence"),
        "keras.wrappers": {"KerasClassifier": _known_to_sklearn(KerasClassifier, "ClassifierMixin"),
                           "KerasRegressor": _known_to_sklearn(KerasRegressor, "RegressorMixin")},
    }


def merge(inputs: Any, mode: str = "sum", concat_axis: int = -1, **options: Any) -> Any:
    """The function of Keras 1 that put several tensors together."""
    if mode == "concat":
        return keras.layers.concatenate(inputs, axis=concat_axis)
    if mode in ("dot", "cos"):
        axes = options.get("dot_axes", -1)
        return keras.layers.dot(inputs, axes=axes, normalize=mode == "cos")
    if mode not in _MODES:
        raise NotSupported(f"merge(mode={mode!r}) is no longer in Keras; use a Lambda layer.")
    return _MODES[mode](inputs)


def multi_gpu_model(model: Any, gpus: Any = None, **options: Any) -> Any:
    """The model itself: how many devices train it changes nothing else."""
    return model


class AddedLoss(keras.layers.Layer):  # type: ignore[misc]
    """Hands on the outputs of a model, and adds a loss that was made of its tensors."""

    def call(self, inputs: Any) -> Any:
        """The outputs, of `[*outputs, loss]`."""
        *outputs, loss = inputs
        self.add_loss(loss)
        return outputs[0] if len(outputs) == 1 else outputs

    def compute_output_spec(self, inputs: Any) -> Any:
        """As the outputs are."""
        same = [keras.KerasTensor(t.shape, t.dtype) for t in inputs[:-1]]
        return same[0] if len(same) == 1 else same


class TensorBoard(keras.callbacks.Callback):  # type: ignore[misc]
    """Takes what Keras's own takes and writes nothing: nobody looks at it before the fit."""

    def __init__(self, log_dir: str = "logs", *args: Any, **kwargs: Any) -> None:
        super().__init__()
        self.log_dir = log_dir


class _Wrapper:
    """The wrappers of Keras 2 for scikit-learn, as far as their users go before a fit."""

    def __init__(self, build_fn: Callable[..., Any] | None = None, **settings: Any) -> None:
        self.build_fn, self.sk_params = build_fn or settings.pop("model", None), settings

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The settings, as scikit-learn asks for them."""
        return {**self.sk_params, "build_fn": self.build_fn}

    def set_params(self, **settings: Any) -> _Wrapper:
        """Other settings."""
        self.build_fn = settings.pop("build_fn", self.build_fn)
        self.sk_params.update(settings)
        return self

    def fit(self, x: Any, y: Any, **settings: Any) -> Any:
        """Build the model and train it."""
        assert self.build_fn is not None
        given = {**self.sk_params, **settings}
        names = self.build_fn.__code__.co_varnames[: self.build_fn.__code__.co_argcount]
        self.model = self.build_fn(**{k: v for k, v in given.items() if k in names})
        return self.model.fit(x, y, **{k: v for k, v in given.items() if k not in names})

    def predict(self, x: Any, **settings: Any) -> Any:
        """What the model says of rows, or their classes."""
        return self.model.predict(x, **settings)

    def score(self, x: Any, y: Any, **settings: Any) -> float:
        """Minus the loss, or the accuracy."""
        found = self.model.evaluate(x, y, verbose=0, return_dict=True)
        return float(found.get("accuracy", found.get("acc", -found["loss"])))


def _known_to_sklearn(cls: type, mixin: str) -> type:
    """The wrapper as an estimator of scikit-learn, where the script uses that, for its searches."""
    base = sys.modules.get("sklearn.base")
    if base is None:
        return cls
    return type(cls.__name__, (cls, getattr(base, mixin), base.BaseEstimator), {})


class KerasRegressor(_Wrapper):
    """The wrapper for regression."""

    _estimator_type = "regressor"


class KerasClassifier(_Wrapper):
    """The wrapper for classification."""

    _estimator_type = "classifier"

    def predict(self, x: Any, **settings: Any) -> Any:
        """The class of each row."""
        scores = self.model.predict(x, **settings)
        return scores.argmax(axis=-1) if scores.shape[-1] > 1 else (scores > 0.5).astype("int32")
