"""TensorFlow's kinds of numbers, which are Keras's names for them with a few attributes."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

NAMES = ("float16", "float32", "float64", "bfloat16", "int8", "int16", "int32", "int64", "uint8",
         "uint16", "uint32", "uint64", "bool", "string", "complex64", "complex128")


class DType(str):
    """A kind of number: the string that Keras takes, with what scripts ask of TensorFlow's."""

    __slots__ = ()

    @property
    def name(self) -> str:
        """Its name."""
        return str(self)

    @property
    def as_numpy_dtype(self) -> Any:
        """numpy's type for it."""
        return object if self == "string" else np.dtype(str(self)).type

    @property
    def is_floating(self) -> bool:
        """Whether it is one of the floating-point kinds."""
        return "float" in self

    @property
    def is_integer(self) -> bool:
        """Whether it is one of the integers."""
        return "int" in self

    @property
    def is_bool(self) -> bool:
        """Whether it is true or false."""
        return self == "bool"

    @property
    def max(self) -> Any:
        """The largest number."""
        return (np.finfo if self.is_floating else np.iinfo)(self.as_numpy_dtype).max

    @property
    def min(self) -> Any:
        """The smallest number."""
        return (np.finfo if self.is_floating else np.iinfo)(self.as_numpy_dtype).min

    @property
    def size(self) -> int:
        """Bytes of a number."""
        return int(np.dtype(str(self)).itemsize)


BY_NAME = {name: DType(name) for name in NAMES} | {"half": DType("float16"), "double": DType("float64")}


def named(dtype: Any) -> str | None:
    """A kind of number by the name that Keras knows, however it was given."""
    if dtype is None:
        return None
    if isinstance(dtype, DType | str):
        return str(dtype)
    return str(keras.backend.standardize_dtype(dtype if isinstance(dtype, type) else np.dtype(dtype)))


def as_dtype(type_value: Any) -> DType:
    """TensorFlow's `tf.as_dtype`."""
    return DType(named(type_value) or "float32")


def cast(x: Any, dtype: Any, name: str | None = None) -> Any:
    """TensorFlow's `tf.cast`: numbers of another kind."""
    return ops.cast(x, named(dtype))


def saturate_cast(value: Any, dtype: Any, name: str | None = None) -> Any:
    """TensorFlow's `tf.saturate_cast`: as `cast`, held within what the kind can say."""
    kind = as_dtype(dtype)
    return ops.cast(ops.clip(value, kind.min, kind.max), kind.name)
