"""`tf.function`: a function with the user's variables in it, compiled as TensorFlow would.

The first call runs as it stands, since layers and optimizers make their variables then. Where it took
a gradient it is compiled from the second call on: what it reads of variables goes in, what it writes
comes out. Where JAX cannot compile it (it asks for numbers), it goes on as it stands. What happens
within (`capture.events`) is told at each call, with that call's numbers.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax
import keras
import numpy as np

from unstuck.capture import events
from unstuck.network import adapter
from unstuck.network.drawing import drawing_with, outside

MOST_PROGRAMS = 16
"""A function called with more kinds of arguments than that is not compiled any longer."""


def function(func: Any = None, *args: Any, **options: Any) -> Any:
    """TensorFlow's `@tf.function`, with or without arguments."""
    return Compiled.around(func) if callable(func) else Compiled.around


class Compiled:
    """A function of the user's that is compiled when it is called again."""

    @classmethod
    def around(cls, func: Callable[..., Any]) -> Any:
        """A function that stands for it: also as a method, which an object would not."""
        compiled = cls(func)

        @functools.wraps(func)
        def called(*args: Any, **kwargs: Any) -> Any:
            return compiled(*args, **kwargs)

        called.python_function = func  # type: ignore[attr-defined]
        called.get_concrete_function = lambda *_, **__: called  # type: ignore[attr-defined]
        return called

    def __init__(self, func: Callable[..., Any]) -> None:
        self._func, self._calls, self._pays = func, 0, False
        self._programs: dict[Any, _Program] = {}

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run it, compiled where that is possible."""
        self._calls += 1
        if adapter.is_traced() or not events.is_noticed():
            return self._func(*args, **kwargs)
        if self._calls == 1:
            before = events.tapes_opened()
            found = self._func(*args, **kwargs)
            self._pays = events.tapes_opened() > before
            return found
        if not self._pays:
            return self._func(*args, **kwargs)
        leaves = keras.tree.flatten((args, kwargs))
        places = [i for i, leaf in enumerate(leaves) if isinstance(leaf, np.ndarray | jax.Array)]
        key = tuple((leaf.shape, str(leaf.dtype)) if i in places else _static(leaf)
                    for i, leaf in enumerate(leaves))
        program = self._programs.get(key)
        if program is None:
            try:
                program = _Program(self._func, (args, kwargs), places)
            except Exception:
                # The same error comes again where it is the script's own.
                self._pays = False
                return self._func(*args, **kwargs)
            self._programs[key] = program
            self._pays = len(self._programs) < MOST_PROGRAMS
        return program([leaves[i] for i in places])


def _static(leaf: Any) -> Any:
    return (type(leaf), leaf) if isinstance(leaf, int | float | str | bool | None) else id(leaf)


class _Program:
    """A function compiled for one kind of arguments.

    Args:
        func: the user's.
        example: arguments of that kind, positional and by name.
        places: which of their leaves are arrays.

    Raises:
        Exception: whatever it raises where there are no numbers.
    """

    def __init__(self, func: Callable[..., Any], example: Any, places: list[int]) -> None:
        args, kwargs = example
        with events.unnoticed(), drawing_with(outside()):
            self._variables = adapter.variables_read(lambda: func(*args, **kwargs))
        self._result: Any = None
        self._told: list[events.Event] = []

        def pure(values: list[Any], arrays: list[Any]) -> Any:
            leaves = keras.tree.flatten(example)
            for place, array in zip(places, arrays, strict=True):
                leaves[place] = array
            given, named = keras.tree.pack_sequence_as(example, leaves)
            held = {id(v): value for v, value in zip(self._variables, values, strict=True)}
            with (events.pending() as told, adapter.scope_with(held) as scope,
                  drawing_with(outside())):
                result = func(*given, **named)
            self._told = told
            flat = keras.tree.flatten(result)
            self._result = result, [isinstance(one, jax.Array) for one in flat]
            written = [scope.get_current_value(v) for v in self._variables]
            return ([one for one in flat if isinstance(one, jax.Array)], written,
                    [event.arrays for event in told])

        self._compiled = jax.jit(pure)
        self._compiled.lower([v.value for v in self._variables],
                             [keras.tree.flatten(example)[i] for i in places])

    def __call__(self, arrays: list[Any]) -> Any:
        values = [variable.value for variable in self._variables]
        found, written, told = self._compiled(values, arrays)
        for variable, old, new in zip(self._variables, values, written, strict=True):
            if new is not old:
                variable.assign(new)
        for event, numbers in zip(self._told, told, strict=True):
            events.tell(event.with_arrays(numbers))
        result, are_arrays = self._result
        left = iter(found)
        flat = [next(left) if is_array else one for one, is_array in zip(
            keras.tree.flatten(result), are_arrays, strict=True)]
        return keras.tree.pack_sequence_as(result, flat)
