"""With what arguments a layer of the user's own class was made, where its configuration does not tell.

Keras keeps the arguments of a constructor as the configuration only where all of them are numbers and
strings, and of models inside of models not even then. Capturing notes them (`note`).
"""

from __future__ import annotations

import weakref
from typing import Any

import keras

from unstuck.base.errors import NotSupported

Arguments = tuple[tuple[Any, ...], dict[str, Any]]

_noted: dict[int, tuple[weakref.ref[Any], Arguments]] = {}
"""By `id`: a user's class may compare its layers in a way of its own."""


def note(layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Remember with what a layer was made, as long as it lives."""
    key = id(layer)
    _noted[key] = weakref.ref(layer, lambda _: _noted.pop(key, None)), (args, kwargs)


def noted(layer: Any) -> Arguments | None:
    """With what a layer was made; `None` where that is not known."""
    found = _noted.get(id(layer))
    return found[1] if found is not None and found[0]() is layer else None


def config_of(layer: Any) -> dict[str, Any]:
    """A layer's configuration; where its class has none, its name and what it was made with.

    Raises:
        NotSupported: nothing is known of either.
    """
    found = _told(layer)
    if found is not None:
        return found
    known = noted(layer)
    if known is None:
        raise NotSupported(_without(layer))
    return {"name": layer.name, "made_with": repr(known)}


def made_again(layer: Any) -> Any:
    """Another layer from the same arguments; `None` where its class has a configuration.

    Raises:
        NotSupported: the arguments are not known, or hold layers, which both would share.
    """
    if _told(layer) is not None:
        return None
    made = from_arguments(layer)
    if made is None:
        raise NotSupported(_without(layer))
    return made


def from_arguments(layer: Any) -> Any:
    """Another layer from what this one was made with; `None` where that is not known, or holds layers,
    which both would share."""
    known = noted(layer)
    if known is None or any(isinstance(one, keras.Layer | keras.Variable)
                            for one in keras.tree.flatten(known)):
        return None
    made = type(layer)(*known[0], **known[1])
    made.name, made.trainable = layer.name, layer.trainable
    note(made, *known)
    return made


def _told(layer: Any) -> dict[str, Any] | None:
    """What `get_config` gives; `None` where there is none, or one that forgets to return anything."""
    try:
        found: dict[str, Any] | None = layer.get_config()
    except NotImplementedError:
        return None
    return found


def _without(layer: Any) -> str:
    return (f"The layer {layer.name!r} ({type(layer).__name__}) cannot be made again: its class has no"
            " get_config(). Give it one that returns the arguments of its constructor.")
