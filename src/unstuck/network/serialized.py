"""What stands in a serialized Keras object: Keras's own classes and functions, or something else.

The document of a model is read without building any of it. Whatever Keras would build is told by a
dictionary with a `class_name`, at any depth.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import keras

from . import adapter

Why = Literal["unknown", "runs code", "reads files"]
_PLAIN = frozenset({"__keras_tensor__", "__numpy__", "__tensor__", "__bytes__", "__ellipsis__",
                    "__slice__"})
"""Names that stand for values."""
_RUN = frozenset({"Lambda", "JaxLayer", "FlaxLayer", "TFSMLayer", "TorchModuleWrapper", "__lambda__"})
_READ = frozenset({"TextVectorization", "StringLookup", "IntegerLookup"})
_FUNCTIONS = ("activations", "losses", "metrics", "regularizers")
_CLASSES: dict[str, Any] = {
    "layers": keras.Layer, "initializers": keras.Initializer, "regularizers": keras.Regularizer,
    "constraints": keras.constraints.Constraint, "optimizers": keras.Optimizer,
    "optimizers.schedules": keras.optimizers.schedules.LearningRateSchedule,
    "losses": keras.Loss, "metrics": keras.Metric,
}
"""Public modules of Keras, and what a class of each derives from."""


@dataclass(frozen=True)
class Foreign:
    """A name that is not simply one of Keras's own classes and functions."""

    name: str
    module: str | None
    why: Why


def foreign(config: Any) -> Iterator[Foreign]:
    """Such names in a serialized object, the outermost first.

    Args:
        config: what `keras.saving.serialize_keras_object` or a file says.

    Raises:
        ValueError: something has a name that is no text.
    """
    left = deque([config])
    while left:
        node = left.popleft()
        if isinstance(node, dict):
            left.extend(node.values())
            if "class_name" in node:
                yield from _one(node)
        elif isinstance(node, list | tuple):
            left.extend(node)


def _one(node: dict[str, Any]) -> Iterator[Foreign]:
    name, module = node["class_name"], node.get("module")
    if name == "function":
        name, known = node.get("config"), _is_function
    else:
        known = _is_class
    if not isinstance(name, str) or not isinstance(module, str | None):
        raise ValueError("a class or function without a name")
    if name in _RUN or name in _READ:
        yield Foreign(name, module, "runs code" if name in _RUN else "reads files")
    elif name not in _PLAIN:
        if not known(module, name):
            yield Foreign(name, module, "unknown")
        elif (registered := node.get("registered_name")) not in (None, name):
            yield Foreign(str(registered), None, "unknown")


def _is_function(module: str | None, name: str) -> bool:
    places = [place for place in _FUNCTIONS if module in ("builtins", f"keras.{place}")]
    return not name.startswith("_") and any(
        callable(getattr(getattr(keras, place), name, None)) for place in places)


def _is_class(module: str | None, name: str) -> bool:
    return (module, name) in _known()


@cache
def _known() -> frozenset[tuple[str, str]]:
    """Keras's classes that models are made of, with the module that they are named with."""
    found = {("keras", name) for name in dir(keras)
             if name.endswith("DTypePolicy") or name in ("Sequential", "Functional", "Model")}
    found |= {(module, name) for module in ("keras.models", "keras.src.models.functional")
              for name in ("Sequential", "Functional", "Model")}
    for place, base in _CLASSES.items():
        module: Any = keras
        for part in place.split("."):
            module = getattr(module, part)
        found |= {(f"keras.{place}", name) for name, thing in vars(module).items()
                  if isinstance(thing, type) and issubclass(thing, base)}
    return frozenset(found | adapter.operations() | {("keras.random", "SeedGenerator")})
