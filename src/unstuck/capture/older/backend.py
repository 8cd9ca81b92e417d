"""The functions of `keras.backend` that scripts of other years use, made of `keras.ops`."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from unstuck.capture.randomness import drawn
from unstuck.script.spellings import OPS


def functions() -> dict[str, Any]:
    """What `keras.backend` had and has no more, by name."""
    own = {
        name: function for name, function in globals().items()
        if name.startswith("_k_") and callable(function)
    }
    return {
        **{name: getattr(ops, name) for name in OPS},
        **{name.removeprefix("_k_"): function for name, function in own.items()},
        "Variable": keras.Variable,
        "pow": ops.power,
        "permute_dimensions": ops.transpose,
        "random_normal": drawn(keras.random.normal),
        "random_uniform": drawn(keras.random.uniform),
        "truncated_normal": drawn(keras.random.truncated_normal),
    }


def _k_variable(value: Any, dtype: Any = None, name: str | None = None) -> Any:
    return keras.Variable(np.asarray(value), dtype=dtype or keras.config.floatx(), name=name)


def _k_constant(value: Any, dtype: Any = None, shape: Any = None, name: str | None = None) -> Any:
    made = ops.convert_to_tensor(np.asarray(value), dtype=dtype or keras.config.floatx())
    return made if shape is None else ops.broadcast_to(made, shape)


def _k_zeros(shape: Any, dtype: Any = None, name: str | None = None) -> Any:
    return ops.zeros(shape, dtype=dtype or keras.config.floatx())


def _k_ones(shape: Any, dtype: Any = None, name: str | None = None) -> Any:
    return ops.ones(shape, dtype=dtype or keras.config.floatx())


def _k_eval(x: Any) -> Any:
    return ops.convert_to_numpy(x)


def _k_get_value(x: Any) -> Any:
    return np.asarray(x) if isinstance(x, int | float) else ops.convert_to_numpy(x)


def _k_set_value(x: Any, value: Any) -> None:
    x.assign(value)


def _k_int_shape(x: Any) -> tuple[int | None, ...]:
    return tuple(x.shape)


def _k_count_params(x: Any) -> int:
    return int(np.prod(x.shape))


def _k_flatten(x: Any) -> Any:
    return ops.reshape(x, (-1,))


def _k_batch_flatten(x: Any) -> Any:
    return ops.reshape(x, (-1, int(np.prod(x.shape[1:]))))


def _k_batch_dot(x: Any, y: Any, axes: Any = None) -> Any:
    return keras.layers.Dot(axes=axes or (len(x.shape) - 1, len(y.shape) - 2))([x, y])


def _k_l2_normalize(x: Any, axis: int | None = None) -> Any:
    return ops.normalize(x, axis=-1 if axis is None else axis, order=2, epsilon=1e-12)


def _k_switch(condition: Any, then: Any, otherwise: Any) -> Any:
    return ops.where(condition, then() if callable(then) else then,
                     otherwise() if callable(otherwise) else otherwise)


def _k_binary_crossentropy(target: Any, output: Any, from_logits: bool = False) -> Any:
    return ops.binary_crossentropy(target, output, from_logits=from_logits)


def _k_categorical_crossentropy(target: Any, output: Any, from_logits: bool = False,
                                axis: int = -1) -> Any:
    return ops.categorical_crossentropy(target, output, from_logits=from_logits, axis=axis)


def _k_sparse_categorical_crossentropy(target: Any, output: Any, from_logits: bool = False,
                                       axis: int = -1) -> Any:
    return ops.sparse_categorical_crossentropy(target, output, from_logits=from_logits, axis=axis)


def _k_learning_phase() -> int:
    return 0


def _k_set_learning_phase(value: int) -> None:
    """Layers are told by `training` today; nothing to do."""


def _k_image_dim_ordering() -> str:
    return "tf" if keras.config.image_data_format() == "channels_last" else "th"


def _k_set_image_dim_ordering(value: str) -> None:
    keras.config.set_image_data_format({"tf": "channels_last", "th": "channels_first"}[value])


def _k_set_session(session: Any) -> None:
    """There are no sessions today; nothing to do."""


def _k_manual_variable_initialization(value: bool) -> None:
    """There are no sessions today; nothing to do."""


def _k_ctc_batch_cost(y_true: Any, y_pred: Any, input_length: Any, label_length: Any) -> Any:
    """The loss of sequences without alignment, of probabilities, the blank as last class: (n, 1)."""
    blank = y_pred.shape[-1] - 1
    lengths = [ops.cast(ops.reshape(length, (-1,)), "int32")
               for length in (label_length, input_length)]
    found = ops.ctc_loss(ops.cast(y_true, "int32"), ops.log(y_pred + keras.config.epsilon()), *lengths,
                         mask_index=blank)
    return ops.expand_dims(found, 1)


def _k_ctc_decode(y_pred: Any, input_length: Any, greedy: bool = True, beam_width: int = 100,
                  top_paths: int = 1) -> Any:
    """The likeliest labels of such sequences, and the logarithms of their probabilities."""
    logits = ops.log(y_pred + keras.config.epsilon())
    given: dict[str, Any] = {} if greedy else {"beam_width": beam_width, "top_paths": top_paths}
    labels, chances = ops.ctc_decode(
        logits, ops.cast(ops.reshape(input_length, (-1,)), "int32"), mask_index=y_pred.shape[-1] - 1,
        strategy="greedy" if greedy else "beam_search", **given)
    return list(labels), chances
