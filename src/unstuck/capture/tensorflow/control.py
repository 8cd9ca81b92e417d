"""`tf.function` and what stands around it: branches, loops and maps, run as Python runs them."""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Any

import jax
import keras
import numpy as np
from keras import ops

from .functions import function
from .namespace import refusal
from .signatures import Functions, numbers
from .tapes import GradientTape
from .tensors import tensor_of


def cond(pred: Any, true_fn: Callable[[], Any] | None = None, false_fn: Callable[[], Any] | None = None,
         name: str | None = None) -> Any:
    """TensorFlow's `tf.cond`."""
    return ops.cond(pred, true_fn or (lambda: None), false_fn or (lambda: None))


def case(pred_fn_pairs: Any, default: Callable[[], Any] | None = None, exclusive: bool = False,
         strict: bool = False, name: str | None = None) -> Any:
    """TensorFlow's `tf.case`."""
    (pred, branch), *rest = list(pred_fn_pairs)
    return ops.cond(pred, branch, (lambda: case(rest, default)) if rest else default)


def while_loop(cond: Callable[..., Any], body: Callable[..., Any], loop_vars: Any, *args: Any,
               maximum_iterations: int | None = None, **options: Any) -> Any:
    """TensorFlow's `tf.while_loop`."""
    return ops.while_loop(cond, body, loop_vars, maximum_iterations=maximum_iterations)


def map_fn(fn: Callable[..., Any], elems: Any, dtype: Any = None, *args: Any, **options: Any) -> Any:
    """TensorFlow's `tf.map_fn`."""
    return ops.map(fn, keras.tree.map_structure(tensor_of, elems))


def scan(fn: Callable[..., Any], elems: Any, initializer: Any = None, *args: Any,
         reverse: bool = False, **options: Any) -> Any:
    """TensorFlow's `tf.scan`."""
    elems = numbers(elems)
    if initializer is None:
        first = elems[:1]
        rest = jax.lax.scan(lambda a, x: (fn(a, x),) * 2, elems[0], elems[1:])[1]
        return jax.numpy.concatenate([first, rest])
    return jax.lax.scan(lambda a, x: (fn(a, x),) * 2, numbers(initializer), elems, reverse=reverse)[1]


def foldl(fn: Callable[..., Any], elems: Any, initializer: Any = None, *args: Any,
          **options: Any) -> Any:
    """TensorFlow's `tf.foldl`."""
    return scan(fn, elems, initializer)[-1]


def custom_gradient(f: Callable[..., Any]) -> Callable[..., Any]:
    """TensorFlow's `tf.custom_gradient`: of a function that gives its value and its gradient."""
    @jax.custom_vjp
    def called(*args: Any) -> Any:
        return f(*args)[0]

    def backward(kept: Any, upstream: Any) -> Any:
        found = f(*kept)[1](upstream)
        return tuple(found) if isinstance(found, list | tuple) else (found,)

    called.defvjp(lambda *args: (f(*args)[0], args), backward)
    return lambda *args: called(*map(numbers, args))


def numpy_function(func: Callable[..., Any], inp: Any, Tout: Any, *args: Any, **options: Any) -> Any:
    """TensorFlow's `tf.numpy_function` and `tf.py_function`, outside of a network.

    Raises:
        NotSupported: inside of one, which JAX computes without Python.
    """
    if any(isinstance(value, jax.core.Tracer | keras.KerasTensor) for value in inp):
        raise refusal("tensorflow.py_function")
    found = func(*map(np.asarray, inp))
    return [tensor_of(part) for part in found] if isinstance(found, list | tuple) else tensor_of(found)


def py_function(func: Callable[..., Any], inp: Any, Tout: Any, name: str | None = None) -> Any:
    """TensorFlow's `tf.py_function`; see `numpy_function`."""
    if any(isinstance(value, jax.core.Tracer | keras.KerasTensor) for value in inp):
        raise refusal("tensorflow.py_function")
    found = func(*map(tensor_of, inp))
    return [tensor_of(part) for part in found] if isinstance(found, list | tuple) else tensor_of(found)


class UnconnectedGradients(enum.Enum):
    """What a gradient is where a target does not hang on a source."""

    NONE = "none"
    ZERO = "zero"


def functions() -> Functions:
    """All of them by name."""
    return {
        "function": function, "GradientTape": GradientTape,
        "UnconnectedGradients": UnconnectedGradients, "cond": cond, "case": case,
        "while_loop": while_loop, "map_fn": map_fn, "vectorized_map": map_fn, "scan": scan,
        "foldl": foldl, "custom_gradient": custom_gradient, "numpy_function": numpy_function,
        "py_function": py_function, "recompute_grad": lambda f: f, "group": lambda *_, **__: None,
        "no_op": lambda name=None: None,
    }
