"""What is asked of TensorFlow itself, where it is installed: reading and parsing data.

Its functions get plain arrays, and give back tensors of the script's; its data sets become ours.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import os
from types import ModuleType
from typing import Any

import keras
import numpy as np

from unstuck.network import adapter

from .dataset import Dataset
from .dtypes import DType
from .namespace import Lookup, Namespace
from .tensors import TensorSpec, tensor_of


def installed(name: str = "tensorflow") -> bool:
    """Whether the user has TensorFlow, or another package of that family."""
    return importlib.util.find_spec(name) is not None


def lookup(part: str) -> Lookup | None:
    """Answers for a part of TensorFlow's such as "io"; `None` where it is not installed."""
    if not installed():
        return None

    def found(name: str) -> Any:
        module = _module("tensorflow")
        for step in part.split("."):
            module = getattr(module, step)
        real = getattr(module, name, None)
        return None if real is None else _lent(real, f"tensorflow.{part}.{name}")

    return found


def whole(name: str) -> Namespace:
    """A package that hands out data sets of TensorFlow's, such as `tensorflow_datasets`."""
    module = _module(name)
    return Namespace(name, {}, lambda thing: _lent(getattr(module, thing), f"{name}.{thing}"))


def ours(thing: Any) -> Any:
    """What a function of TensorFlow's gave, as the script's own."""
    if adapter.is_foreign_dataset(thing):
        return Dataset(thing.as_numpy_iterator, int(thing.cardinality()), batched=True)
    if adapter.is_foreign_tensor(thing):
        value = thing.numpy()
        return np.asarray(value, object) if isinstance(value, bytes) else tensor_of(value)
    if isinstance(thing, dict):
        return {key: ours(part) for key, part in thing.items()}
    if type(thing) in (list, tuple):
        return type(thing)(map(ours, thing))
    return thing


@functools.cache
def _module(name: str) -> ModuleType:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    return importlib.import_module(name)


def _lent(real: Any, name: str) -> Any:
    if isinstance(real, ModuleType):
        return Namespace(name, {}, lambda thing: _lent(getattr(real, thing), f"{name}.{thing}"))
    if not callable(real):
        return ours(real)

    @functools.wraps(real, updated=())
    def called(*args: Any, **kwargs: Any) -> Any:
        return ours(real(*map(_theirs, args), **{key: _theirs(value) for key, value in kwargs.items()}))

    return called


def _theirs(thing: Any) -> Any:
    """An argument as TensorFlow takes it."""
    if isinstance(thing, DType):
        return _module("tensorflow").as_dtype(str(thing))
    if isinstance(thing, TensorSpec):
        return _module("tensorflow").TensorSpec(tuple(thing.shape), _theirs(thing.dtype), thing.name)
    if isinstance(thing, keras.Variable) or adapter.is_tensor(thing):
        return np.asarray(thing)
    if isinstance(thing, dict):
        return {key: _theirs(part) for key, part in thing.items()}
    if type(thing) in (list, tuple):
        return type(thing)(map(_theirs, thing))
    return thing
