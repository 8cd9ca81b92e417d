"""Generators for what a network draws without a seed of its own.

With TensorFlow, `keras.random.normal(shape)` in a layer draws other numbers in every step. JAX
compiles a step, in which nothing global can move, and Keras refuses it. So a model that draws so gets a
generator: a state that is trained along, other in every replica and every step.
"""

from __future__ import annotations

import contextlib
import functools
import random
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import keras

from . import adapter
from .torch_numbers import is_torchs

SEEDS = "unstuck_seeds"
"""The attribute of a layer or a model that holds its generator."""


class _Drawing(threading.local):
    def __init__(self) -> None:
        self.generators: list[Any] = []


DRAWING = _Drawing()
"""The generators of the steps that are running in a thread."""


def step_seeds() -> Any:
    """The generator of the step that is running; `None` outside of one."""
    return DRAWING.generators[-1] if DRAWING.generators else None


@contextlib.contextmanager
def drawing_with(generator: Any) -> Iterator[None]:
    """While open, what this thread draws outside of layers comes from a generator (`None`: of none)."""
    DRAWING.generators = [*DRAWING.generators, generator]
    try:
        yield
    finally:
        DRAWING.generators = DRAWING.generators[:-1]


@functools.cache
def outside() -> Any:
    """The generator of what a script draws outside of its network.

    It is made in a thread of its own: whoever asks first may be tracing, or in a scope that would keep
    it without a value.
    """
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(own_seeds).result()


def own_seeds() -> Any:
    """A generator; making it draws nothing from Python's random state."""
    state = random.getstate()
    try:
        return keras.random.SeedGenerator()
    finally:
        random.setstate(state)


def seeds_of_caller() -> Any:
    """The generator of the innermost layer, or of the model, that is being called; `None` for none."""
    frame = sys._getframe(1)
    while frame is not None:
        code = frame.f_code
        if code.co_name == "call" and code.co_argcount:
            seeds = getattr(frame.f_locals.get(code.co_varnames[0]), SEEDS, None)
            if seeds is not None:
                return seeds
        frame = frame.f_back  # type: ignore[assignment]
    return None


def draws_unseeded(model: keras.Model) -> bool:
    """True where a class of the user's own names `random` in its `call`, as far as its code tells."""
    for layer in (model, *adapter.flat_layers(model)):
        code = getattr(type(layer).call, "__code__", None)
        if is_torchs(type(layer)):  # they hold their generators
            continue
        if code is not None and not adapter.is_keras_class(type(layer)) and "random" in code.co_names:
            return True
    return False


def give_seeds(model: keras.Model) -> None:
    """Give a model a generator of its own, if it has none."""
    if not hasattr(model, SEEDS):
        adapter.give_generator(model, SEEDS)


@functools.cache
def let_draw_unseeded() -> None:
    """From now on, what is drawn without a seed while a step is traced comes from such a generator.

    Where there is none, Keras says what it says.
    """
    adapter.unseeded_draws_from(lambda: seeds_of_caller() or step_seeds())
