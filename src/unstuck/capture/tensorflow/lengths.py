"""Arithmetic on shapes with tensors, as TensorFlow's scripts do it, done before JAX compiles anything.

`ops.tile(mask, ops.concatenate([ops.expand_dims(rows, -1), [1, 1]]))` asks for lengths that JAX must
know beforehand. What is made of plain numbers alone is computed at once here, so that it knows them.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax
import keras
import numpy as np
from keras import ops

from unstuck.network import adapter

from .tensors import Lengths

_ARITHMETIC: dict[str, Callable[..., Any]] = {
    "convert_to_tensor": lambda x, *_, **__: x, "cast": lambda x, *_, **__: x,
    "expand_dims": np.expand_dims, "squeeze": np.squeeze, "stack": np.stack,
    "concatenate": np.concatenate, "add": np.add, "subtract": np.subtract, "multiply": np.multiply,
    "floor_divide": np.floor_divide, "max": np.max, "min": np.min, "sum": np.sum, "prod": np.prod,
}
"""What `keras.ops` has of it, done by numpy where a length is not known yet."""
_OF_TENSORFLOW = {"constant": "convert_to_tensor", "concat": "concatenate", "reduce_prod": "prod",
                  "reduce_sum": "sum", "reduce_max": "max", "reduce_min": "min"}
_TAKING_LENGTHS = {"tile": 1, "reshape": 1, "broadcast_to": 1, "zeros": 0, "ones": 0}
"""Functions of `keras.ops` whose argument at this place is a shape or the like."""


def of_keras() -> dict[str, Callable[..., Any]]:
    """Functions of `keras.ops`, by name, that take what TensorFlow lets them take."""
    return {**{name: at_once(getattr(ops, name), name) for name in (*_ARITHMETIC, "arange")},
            **{name: with_lengths(getattr(ops, name), at) for name, at in _TAKING_LENGTHS.items()},
            "pad": _pad}


def of_tensorflow(functions: dict[str, Callable[..., Any]]) -> dict[str, Callable[..., Any]]:
    """Those functions of `tf` with which lengths are computed."""
    names = {**{name: name for name in _ARITHMETIC}, **_OF_TENSORFLOW, "range": "arange"}
    return {name: at_once(functions[name], alike) for name, alike in names.items() if name in functions}


def at_once(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    """The same function; what it makes of numbers that are known now is known at once."""
    alike = _ARITHMETIC.get(name)

    @functools.wraps(function)
    def called(*args: Any, **kwargs: Any) -> Any:
        leaves = keras.tree.flatten((args, kwargs))
        if alike is not None and any(map(_is_open, leaves)):
            made = np.asarray(alike(*map(_as_objects, args), **kwargs), object)
            return made.view(Lengths) if made.ndim else made.item()
        if any(adapter.is_symbolic(leaf) or isinstance(leaf, keras.KerasTensor | keras.Variable)
               for leaf in leaves):
            return function(*args, **kwargs)
        with jax.ensure_compile_time_eval():
            return function(*args, **kwargs)

    return called


def _is_open(leaf: Any) -> bool:
    """Whether something is a length that is not known yet, or an array that holds one."""
    return adapter.is_symbolic_length(leaf) or (isinstance(leaf, Lengths) and leaf.dtype == object)


def _as_objects(argument: Any) -> Any:
    if isinstance(argument, list | tuple) and any(isinstance(one, list | tuple | np.ndarray)
                                                  or adapter.is_tensor(one) for one in argument):
        return [np.asarray(one, object) for one in argument]
    return np.asarray(argument, object) if not isinstance(argument, int | str) else argument


def with_lengths(function: Callable[..., Any], at: int) -> Callable[..., Any]:
    """A function whose argument at a place is lengths; they may be a tensor, too."""
    @functools.wraps(function)
    def called(*args: Any, **kwargs: Any) -> Any:
        return function(
            *(_plain(arg) if place == at else arg for place, arg in enumerate(args)), **kwargs)

    return called


def _plain(lengths: Any) -> Any:
    if isinstance(lengths, list | tuple):
        return tuple(map(_plain, lengths))
    known = (adapter.is_tensor(lengths) and not adapter.is_symbolic(lengths)) or isinstance(
        lengths, np.ndarray | np.integer)
    if not known or isinstance(lengths, keras.KerasTensor | keras.Variable):
        return lengths
    found = np.asarray(lengths)
    return tuple(found.tolist()) if found.ndim else int(found)


def _pad(x: Any, pad_width: Any, mode: str = "constant", constant_values: Any = None) -> Any:
    """Keras's `ops.pad`, with modes as TensorFlow spells them."""
    return ops.pad(x, _plain(pad_width), mode.lower(), constant_values)
