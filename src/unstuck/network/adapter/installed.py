"""The Keras that is installed: its version and backend, its classes, where it keeps files.

Classes and methods are told here for those who patch them or put something in their place.
"""

from __future__ import annotations

import importlib
import inspect
import os
import sys
import types
from pathlib import Path
from typing import Any

import jax
import keras

from unstuck import asked_backend

from .. import backend
from .private import BaseOptimizer, Functional, JaxVariable, keras_home

INITIALISING = JaxVariable, "_initialize_with_initializer"
"""The method through which every variable that has an initialiser gets its first value."""
FUNCTIONAL: type = Functional
"""The class of models made of tensors, which its own `add_loss` still belongs to."""


def backend_notes() -> tuple[str, ...]:
    """Where the versions are untested; where the environment or the script asks for another backend."""
    script = os.environ.get("KERAS_BACKEND", "jax")
    asked = script if script != "jax" else asked_backend
    who = "script" if script != "jax" else "environment"
    told = backend.version_notes(keras.__version__, jax.__version__)
    if asked != "jax":
        told += (f"The {who} asks for Keras's {asked} backend; unstuck trains with JAX.",)
    return told


def keras_version() -> str:
    """Keras's version."""
    return str(keras.__version__)


def downloads() -> Path:
    """Where `keras.datasets` keep their files, and look for them first."""
    return Path(keras_home()).expanduser() / "datasets"


def is_keras_class(cls: type) -> bool:
    """True for a class that Keras itself defines."""
    return cls.__module__.startswith("keras.src.")


def owner(cls: type, name: str) -> type:
    """The class that defines an attribute of `cls`, where a patch reaches every subclass."""
    return next(base for base in cls.__mro__ if name in vars(base))


def optimizer_base() -> type:
    """The class whose constructor every optimizer calls."""
    base: type = BaseOptimizer
    return base


def is_input_function(code: types.CodeType) -> bool:
    """True for the code of `keras.Input`, which makes a layer on its caller's behalf."""
    return code is inspect.unwrap(keras.Input).__code__


def operations() -> frozenset[tuple[str, str]]:
    """Operations that stand in architectures as layers do, by module and class."""
    return frozenset(
        (cls.__module__, cls.__name__)
        for name, module in list(sys.modules.items()) if name.startswith("keras.src.ops.")
        for cls in list(vars(module).values())
        if isinstance(cls, type) and issubclass(cls, keras.Operation)
        and not issubclass(cls, keras.Layer) and cls.__module__.startswith("keras.src.ops."))


def old_preprocessing(part: str) -> dict[str, Any]:
    """What `keras.preprocessing` had for "text", "image" or "sequence", which Keras still keeps."""
    module = importlib.import_module(f"keras.src.legacy.preprocessing.{part}")
    return {name: thing for name, thing in vars(module).items()
            if getattr(thing, "__module__", None) == module.__name__ and not name.startswith("_")}
