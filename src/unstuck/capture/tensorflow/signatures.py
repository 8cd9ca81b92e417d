"""Functions called by TensorFlow's names for their arguments, made of functions that have others.

A table's entry is a function and a line such as `"input_tensor axis= perm=axes"`: the arguments in
TensorFlow's order. A plain name is handed on by its position, `axis=` by that name, `perm=axes` by
another one. `name`, which is nobody's here, may always be given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import keras

from unstuck.base.errors import NotSupported
from unstuck.network import adapter

from .tensors import tensor_of

Table = Mapping[str, tuple[Callable[..., Any], str]]
Functions = dict[str, Callable[..., Any]]

_OF_TENSORFLOW_1 = {"keep_dims": "keepdims", "reduction_indices": "axis", "dim": "axis",
                    "dimension": "axis"}


def spelled(name: str, target: Callable[..., Any], line: str) -> Callable[..., Any]:
    """A function that takes TensorFlow's arguments and hands them to `target` under its own."""
    handed = dict(token.partition("=")[::2] for token in line.split())
    by_position = {token for token in line.split() if "=" not in token}
    order = [*handed, "name"]
    symbolic = (getattr(target, "__module__", "") or "").startswith("keras.")

    def called(*args: Any, **kwargs: Any) -> Any:
        if len(args) > len(order):
            raise TypeError(f"{name}() takes {len(order)} arguments, but {len(args)} were given")
        given = dict(zip(order, args, strict=False))
        for argument, value in kwargs.items():
            today = argument if argument in order else _OF_TENSORFLOW_1.get(argument, argument)
            if today not in order or today in given:
                raise TypeError(f"{name}() got an unexpected keyword argument {argument!r}")
            given[today] = value
        given.pop("name", None)
        given = {argument: tensor_of(value) if argument in by_position and isinstance(value, list)
                 else value for argument, value in given.items()}
        if not symbolic:
            given = {argument: numbers(value, name) for argument, value in given.items()}
        positional = [given[argument] for argument in handed
                      if argument in by_position and argument in given]
        keywords = {new or argument: given[argument] for argument, new in handed.items()
                    if argument not in by_position and argument in given}
        return target(*positional, **keywords)

    called.__name__ = called.__qualname__ = name
    called.__doc__ = f"TensorFlow's `{name}`."
    return called


def all_spelled(table: Table) -> Functions:
    """The functions of a table, by their names."""
    return {name: spelled(name, target, line) for name, (target, line) in table.items()}


def numbers(value: Any, name: str = "This function") -> Any:
    """What functions of JAX take for a thing that Keras and TensorFlow take as a tensor.

    Raises:
        NotSupported: it is a tensor of a functional model, which has no numbers yet.
    """
    if isinstance(value, keras.Variable):
        return value.value
    if isinstance(value, keras.KerasTensor):
        raise NotSupported(
            f"tf's {name} is called on a tensor of a functional model, which has no numbers yet, and"
            " Keras 3 does not take that either. Call it in a keras.layers.Lambda or in a layer's"
            " call().")
    if isinstance(value, list | tuple) and not hasattr(value, "_fields"):
        return type(value)(numbers(part, name) for part in value)
    return value if not adapter.is_foreign_tensor(value) else value.numpy()
