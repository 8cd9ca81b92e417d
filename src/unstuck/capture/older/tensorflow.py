"""The few functions of TensorFlow that scripts with `tf.keras` use, made of Keras and numpy.

Everything else of TensorFlow is refused by name: it is not installed, and guessing would be wrong.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import keras
import numpy as np
from keras import ops

from unstuck.base.errors import NotSupported
from unstuck.script.spellings import ACTIVATIONS, REDUCED

from .randomness import drawn

VERSION = "2.15.0"
"""What `tf.__version__` says: the last TensorFlow whose Keras was Keras 2."""

_DTYPES = ("float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool",
           "bfloat16", "string")
_SAME = (
    "abs", "argmax", "argmin", "cast", "clip_by_value", "cos", "equal", "exp", "expand_dims", "greater",
    "greater_equal", "less", "less_equal", "matmul", "maximum", "minimum", "multiply", "add",
    "subtract", "divide", "not_equal", "ones_like", "repeat", "reshape", "round", "sign", "sin",
    "sqrt", "square", "squeeze", "stack", "tanh", "tensordot", "tile", "transpose", "where",
    "zeros_like", "one_hot", "sigmoid", "logical_and", "logical_or", "logical_not", "shape", "eye",
    "linspace", "einsum", "norm", "floor", "split", "stop_gradient",
)

class Namespace(ModuleType):
    """A part of TensorFlow: what is known of it, and an error for everything else."""

    def __init__(self, name: str, known: Mapping[str, Any]) -> None:
        super().__init__(name)
        vars(self).update(known, __path__=[])

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise NotSupported(
            f"{_short(self.__name__)}.{name} needs TensorFlow itself, which is not installed here."
            " unstuck trains with Keras 3 on JAX: of TensorFlow it knows tf.keras and the functions"
            " that come with it. Write this part with Keras and numpy, or install TensorFlow."
        )

    def module(self, name: str) -> ModuleType:
        """The part with this dotted name, as an import asks for it."""
        found: Any = self
        for part in name.split(".")[1:]:
            found = vars(found).get(part) if isinstance(found, ModuleType) else None
            if found is None:
                raise ModuleNotFoundError(
                    f"No module named {name!r}: TensorFlow is not installed here", name=name)
        assert isinstance(found, ModuleType)
        return found


class _WithKeras(Namespace):
    """TensorFlow, whose `keras` is made when first asked for."""

    def __init__(self, keras_module: Callable[[], ModuleType], known: Mapping[str, Any]) -> None:
        super().__init__("tensorflow", known)
        vars(self)["_keras"] = keras_module

    def __getattr__(self, name: str) -> Any:
        if name == "keras":
            return vars(self)["_keras"]()
        return super().__getattr__(name)


def facade(keras_module: Callable[[], ModuleType]) -> Namespace:
    """What stands for TensorFlow; `keras_module` gives what stands for its Keras."""
    same = {name: getattr(ops, name) for name in _SAME if hasattr(ops, name)}
    reduced = {f"reduce_{name}": _reduced(getattr(ops, name)) for name in REDUCED}
    reduced["reduce_variance"] = _reduced(ops.var)
    elementwise = {name: getattr(ops, name) for name in ("log", "log1p", "rsqrt", "ceil", "erf")}
    math = {**same, **reduced, **elementwise, "pow": ops.power}
    activations = {name: getattr(keras.activations, name) for name in ACTIVATIONS}
    activations["swish"] = keras.activations.silu
    nothing = Namespace("tensorflow.config.experimental", {"set_memory_growth": _nothing,
                        "list_physical_devices": _none})
    logging = Namespace("tensorflow.logging", {"set_verbosity": _nothing, "ERROR": 40, "WARN": 30,
                                               "INFO": 20, "FATAL": 50})
    first = {"set_random_seed": set_seed, "logging": logging, "disable_eager_execution": _nothing,
             "disable_v2_behavior": _nothing, "enable_eager_execution": _nothing,
             "reset_default_graph": _nothing}
    known = {
        **math, **{name: name for name in _DTYPES}, **first,
        "__version__": VERSION,
        "function": _function, "constant": _constant, "convert_to_tensor": _constant,
        "Variable": _variable, "zeros": _filled(ops.zeros), "ones": _filled(ops.ones),
        "concat": ops.concatenate, "clip_by_value": ops.clip, "range": ops.arange, "pow": ops.power,
        "Tensor": keras.KerasTensor, "get_logger": _logger,
        "math": Namespace("tensorflow.math", math),
        "nn": Namespace("tensorflow.nn", activations),
        "random": Namespace("tensorflow.random", {
            "set_seed": set_seed, "normal": drawn(keras.random.normal),
            "uniform": drawn(keras.random.uniform)}),
        "config": Namespace("tensorflow.config", {
            "list_physical_devices": _none, "experimental": nothing,
            "run_functions_eagerly": _nothing}),
        "test": Namespace("tensorflow.test", {"is_gpu_available": lambda *_, **__: False,
                                              "gpu_device_name": lambda: ""}),
        "compat": Namespace("tensorflow.compat", {"v1": Namespace("tensorflow.compat.v1", first)}),
    }
    return _WithKeras(keras_module, known)


def set_seed(seed: int) -> None:
    """`tf.random.set_seed`: TensorFlow's own draws, which are Keras's here; not numpy's."""
    python, numpy = random.getstate(), np.random.get_state()
    keras.utils.set_random_seed(seed)
    random.setstate(python)
    np.random.set_state(numpy)


def _short(name: str) -> str:
    return "tf" + name.removeprefix("tensorflow")


def _nothing(*args: Any, **kwargs: Any) -> None:
    """A setting of TensorFlow's that changes nothing here."""


def _none(*args: Any, **kwargs: Any) -> list[Any]:
    return []


def _function(wrapped: Any = None, **options: Any) -> Any:
    """`@tf.function`, with or without arguments: Keras compiles anyway."""
    return wrapped if wrapped is not None else lambda function: function


def _constant(value: Any, dtype: Any = None, shape: Any = None, name: str | None = None) -> Any:
    array = np.asarray(value)
    if dtype is None and array.dtype == np.float64:
        dtype = "float32"
    made = ops.convert_to_tensor(array, dtype=dtype)
    return made if shape is None else ops.broadcast_to(made, shape)


def _variable(initial_value: Any, trainable: bool = True, dtype: Any = None,
              name: str | None = None, **options: Any) -> Any:
    return keras.Variable(_constant(initial_value, dtype), trainable=trainable, name=name)


def _filled(fill: Callable[..., Any]) -> Callable[..., Any]:
    return lambda shape, dtype="float32", name=None: fill(shape, dtype=dtype)


def _reduced(op: Callable[..., Any]) -> Callable[..., Any]:
    def reduced(input_tensor: Any, axis: Any = None, keepdims: bool = False,
                name: str | None = None) -> Any:
        return op(input_tensor, axis=axis, keepdims=keepdims)

    return reduced


def _logger() -> Any:
    import logging

    return logging.getLogger("tensorflow")
