"""What makes a tensor, and what asks whether a thing is one."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from unstuck.capture.patches import Attribute
from unstuck.network import adapter

from .dtypes import DType, named


def methods() -> dict[Attribute, Callable[[Any], Any]]:
    """What arrays of JAX get of TensorFlow's tensors while a script runs, as patches."""
    arrays = adapter.array_class()
    return {
        (arrays, "numpy"): lambda _: lambda array: np.array(array)[()],
        (arrays, "get_shape"): lambda _: lambda array: TensorShape(array.shape),
        (arrays, "set_shape"): lambda _: lambda array, shape: None,
    }


class _IsTensor(type):
    def __instancecheck__(cls, instance: Any) -> bool:
        return adapter.is_tensor(instance)


class Tensor(metaclass=_IsTensor):
    """What annotations and `isinstance` call a tensor."""


class _IsVariable(type):
    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, keras.Variable)


UNTRAINED = ("A tf.Variable in a layer or a model is not among what Keras 3 trains, with TensorFlow or"
             " without; Keras 2 trained it. Here, too, it keeps its first value: self.add_weight(…)"
             " makes one that is trained.")


def variable_class(note: Callable[[str], None], keras_2: bool) -> type:
    """TensorFlow's constructor of variables; what it makes is one of Keras's.

    Args:
        note: told where one is made that Keras 3 does not train.
        keras_2: the script trains with Keras 2, which trains those, too.
    """
    class Variable(metaclass=_IsVariable):
        def __new__(
            cls, initial_value: Any = None, trainable: bool | None = None,
            validate_shape: bool = True, caching_device: Any = None, name: str | None = None,
            variable_def: Any = None, dtype: Any = None, **options: Any,
        ) -> Any:
            """A variable that begins with a value, or with what a function gives."""
            value = initial_value() if callable(initial_value) else initial_value
            trained = trainable is not False
            if trained and not keras_2 and _in_a_layer():
                note(UNTRAINED)
                trained = False
            named = None if name is None else name.replace("/", "_")
            given = tensor_of(value, dtype)
            if adapter.current_scope() is None or adapter.is_symbolic(given):
                return keras.Variable(given, trainable=trained, name=named)
            held = np.asarray(given)  # made where Keras only reads a network: its value comes later
            return keras.Variable(lambda shape, dtype: keras.ops.convert_to_tensor(held, dtype),
                                  shape=held.shape, dtype=str(held.dtype), trainable=trained,
                                  name=named)

    return Variable


def _in_a_layer() -> bool:
    """Whether a method of one of the script's layers or models is running, which sets it up."""
    frame = inspect.currentframe()
    while frame is not None:
        if frame.f_code.co_name in ("__init__", "build") and isinstance(
                frame.f_locals.get("self"), keras.Layer):
            return True
        frame = frame.f_back
    return False


class TensorShape(tuple[Any, ...]):
    """TensorFlow's form of a shape."""

    __slots__ = ()

    def __new__(cls, dims: Any = ()) -> TensorShape:
        """The shape of these lengths."""
        return super().__new__(cls, dims)

    def as_list(self) -> list[Any]:
        """The lengths, as a list."""
        return list(self)

    @property
    def rank(self) -> int:
        """How many there are."""
        return len(self)

    ndims = rank

    @property
    def dims(self) -> list[Any]:
        """The lengths, as a list."""
        return list(self)

    def num_elements(self) -> int:
        """Their product."""
        return int(np.prod(self))


class TensorSpec:
    """TensorFlow's description of a tensor: a shape and a kind of number."""

    def __init__(self, shape: Any = (), dtype: Any = "float32", name: str | None = None) -> None:
        self.shape, self.dtype, self.name = TensorShape(shape), DType(named(dtype)), name

    def __repr__(self) -> str:
        return f"TensorSpec(shape={tuple(self.shape)}, dtype=tf.{self.dtype}, name={self.name!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TensorSpec) and (self.shape, self.dtype) == (other.shape, other.dtype)

    def __hash__(self) -> int:
        return hash((self.shape, self.dtype))


class Module:
    """TensorFlow's `tf.Module`: a plain class."""

    def __init__(self, name: str | None = None) -> None:
        self.name = name


class Lengths(np.ndarray[Any, Any]):
    """What `tf.shape` gives: whole numbers known beforehand, that one computes with."""

    def __getitem__(self, key: Any) -> Any:
        found = super().__getitem__(key)
        return int(found) if isinstance(found, np.integer) else found

    def __iter__(self) -> Iterator[Any]:
        return iter(self.tolist())

    def numpy(self) -> Any:
        """As a plain array."""
        return np.asarray(self)


def shape(input: Any, out_type: Any = None, name: str | None = None) -> Any:
    """TensorFlow's `tf.shape`; where Keras only reads a network, some lengths are not known yet."""
    lengths = tuple(ops.shape(input) if adapter.is_tensor(input) else np.shape(input))
    if not all(isinstance(length, int) for length in lengths):
        return lengths
    return np.array(lengths, np.int32).view(Lengths)


def tensor_of(value: Any, dtype: Any = None) -> Any:
    """A tensor of anything that TensorFlow takes for one; Python's floats become 32 bits wide."""
    kind = named(dtype)
    if isinstance(value, keras.Variable) or adapter.is_tensor(value):
        made = ops.convert_to_tensor(value)
        return made if kind is None else ops.cast(made, kind)
    leaves = keras.tree.flatten(value) if isinstance(value, list | tuple) else []
    if any(isinstance(leaf, keras.Variable) or adapter.is_symbolic(leaf)
           or isinstance(leaf, keras.KerasTensor) for leaf in leaves):
        return ops.stack([tensor_of(part, dtype) for part in value])
    array = np.asarray(value)
    if array.dtype.kind in "OSU" or kind == "string":
        return array.astype(object) if array.dtype.kind == "O" else array
    if kind is None and array.dtype == np.float64:
        kind = "float32"
    return ops.convert_to_tensor(array, dtype=kind)


def constant(value: Any, dtype: Any = None, shape: Any = None, name: str | None = None) -> Any:
    """TensorFlow's `tf.constant`."""
    made = tensor_of(value, dtype)
    if shape is None:
        return made
    whole = int(np.prod(made.shape)) == int(np.prod(shape))
    return ops.reshape(made, tuple(shape)) if whole else ops.broadcast_to(made, tuple(shape))


def convert_to_tensor(value: Any, dtype: Any = None, dtype_hint: Any = None,
                      name: str | None = None) -> Any:
    """TensorFlow's `tf.convert_to_tensor`."""
    return tensor_of(value, dtype)


def lengths_of(shape: Any) -> tuple[Any, ...]:
    """A shape as plain whole numbers, lengths that are not known yet as they are."""
    if isinstance(shape, int | np.integer) or (hasattr(shape, "ndim") and shape.ndim == 0):
        return (int(shape),)
    if adapter.is_tensor(shape) and not adapter.is_symbolic(shape) and not isinstance(
            shape, keras.KerasTensor):  # while JAX traces, its numbers one by one would be none
        shape = np.asarray(shape)
    return tuple(int(length) if isinstance(length, np.integer) or adapter.is_tensor(length) else length
                 for length in shape)


def filled(fill: Callable[..., Any]) -> Callable[..., Any]:
    """`tf.zeros` or `tf.ones`."""
    return lambda shape, dtype="float32", name=None: fill(lengths_of(shape), dtype=named(dtype))


def fill(dims: Any, value: Any, name: str | None = None) -> Any:
    """TensorFlow's `tf.fill`."""
    return ops.broadcast_to(tensor_of(value), lengths_of(dims))


def arange(start: Any, limit: Any = None, delta: Any = 1, dtype: Any = None,
           name: str | None = None) -> Any:
    """TensorFlow's `tf.range`."""
    first, last = (0, start) if limit is None else (start, limit)
    return tensor_of(ops.arange(first, last, delta, dtype=named(dtype)))


def eye(num_rows: int, num_columns: int | None = None, batch_shape: Sequence[int] | None = None,
        dtype: Any = "float32", name: str | None = None) -> Any:
    """TensorFlow's `tf.eye`."""
    made = ops.eye(int(num_rows), None if num_columns is None else int(num_columns),
                   dtype=named(dtype))
    return made if batch_shape is None else ops.broadcast_to(
        made, (*lengths_of(batch_shape), *made.shape))


def one_hot(indices: Any, depth: Any, on_value: Any = None, off_value: Any = None, axis: int = -1,
            dtype: Any = None, name: str | None = None) -> Any:
    """TensorFlow's `tf.one_hot`."""
    made = ops.one_hot(ops.cast(tensor_of(indices), "int32"), int(depth), axis=axis,
                       dtype=named(dtype) or "float32")
    if on_value is None and off_value is None:
        return made
    return ops.where(made > 0, 1 if on_value is None else on_value,
                     0 if off_value is None else off_value)
