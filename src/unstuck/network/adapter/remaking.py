"""Layers and models made anew, from what Keras writes of them."""

from __future__ import annotations

import contextlib
import functools
import inspect
import types
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np

from .models import flat_layers, own_layers, own_objects
from .private import in_symbolic_scope, seed_generator, serialization_lib


@contextlib.contextmanager
def own_code_trusted(model: keras.Model | None = None) -> Iterator[None]:
    """Lets `Lambda` layers of the user's own running program be rebuilt from their config.

    The functions and classes of the user's that `model` is made of are then found by their names.
    """
    known = {} if model is None else own_objects(model)
    with serialization_lib.SafeModeScope(False), keras.saving.custom_object_scope(known):
        yield


def from_architecture(architecture: dict[str, Any]) -> Any:
    """The model of a saved architecture that has been checked; parts with one id are one object."""
    with serialization_lib.ObjectSharingScope():
        return keras.saving.deserialize_keras_object(architecture, safe_mode=True)


def same_lambda(layer: keras.layers.Lambda) -> keras.layers.Lambda:
    """A fresh Lambda with the very function of another one.

    A function out of a configuration has lost the names that it uses, `ops` or a constant, say.
    """
    config = keras.Layer.get_config(layer)
    return type(layer)(layer.function, output_shape=layer._output_shape, mask=layer.mask,
                       arguments=layer.arguments, **config)


def remade(layer: Any, config: dict[str, Any]) -> Any:
    """A layer made anew from its configuration, which may have been changed.

    A `Lambda` keeps its function itself, since its configuration loses what that refers to, and so
    does a layer whose activation is a lambda. A class of the user's whose constructor takes no name
    gets what it takes, and the name afterwards.
    """
    if isinstance(layer, keras.layers.Lambda):
        return type(layer)(layer.function, output_shape=layer._output_shape, mask=layer.mask,
                           arguments=layer.arguments, name=config["name"], dtype=layer.dtype_policy,
                           trainable=layer.trainable)
    config = {key: _own_function(layer, key, value) for key, value in config.items()}
    parameters = inspect.signature(type(layer).__init__).parameters
    if any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values()):
        return type(layer).from_config(config)
    made = type(layer).from_config({k: v for k, v in config.items() if k in parameters})
    made.name = layer.name
    # A Sequential's configuration knows what is frozen in it; `trainable` would set that too.
    knows = isinstance(layer, keras.Sequential)
    inner, copies = own_layers(made if knows else layer), own_layers(made)
    flags = [one.trainable for one in inner]
    made.trainable = config.get("trainable", layer.trainable)
    if len(flags) == len(copies) and (knows or made.trainable == layer.trainable):
        for copy, flag in zip(copies, flags, strict=True):
            copy.trainable = flag
    if knows:
        for one, copy in zip(layer.layers, made.layers, strict=True):
            if isinstance(one, keras.layers.Lambda):
                copy.function = one.function
    return made


def _own_function(layer: Any, argument: str, value: Any) -> Any:
    """An argument as a constructor takes it: the layer's own function where its code alone is kept."""
    own = getattr(layer, argument, None)
    return own if isinstance(value, dict) and isinstance(own, types.FunctionType) else value


def set_layer_argument(layer: Any, argument: str, value: Any) -> None:
    """Give a layer, not built yet, another constructor argument as its class would read it."""
    fresh = remade(layer, {**layer.get_config(), argument: value})
    if not hasattr(layer, argument):
        raise AttributeError(f"{type(layer).__name__} keeps no argument {argument!r}")
    setattr(layer, argument, getattr(fresh, argument))


def give_generator(model: keras.Model, name: str) -> None:
    """Give a model, built or not, a generator of its own under that name, a part of its state."""
    locked = model._tracker.locked
    model._tracker.unlock()
    setattr(model, name, keras.random.SeedGenerator(0))
    if locked:
        model._tracker.lock()


def unseeded_draws_from(generator: Callable[[], Any]) -> None:
    """Let what is drawn without a seed while JAX traces come from a generator, where there is one.

    While Keras only reads a network's shapes, no numbers are needed.

    Args:
        generator: gives it; `None`: Keras refuses, as ever.
    """
    original = seed_generator.global_seed_generator

    @functools.wraps(original)
    def global_seed_generator() -> Any:
        if in_symbolic_scope():
            return _Anything()
        try:
            return original()
        except ValueError:
            found = generator()
            if found is None:
                raise
            return found

    seed_generator.global_seed_generator = global_seed_generator


class _Anything:
    """Stands for a generator where only shapes are asked for."""

    def next(self, ordered: bool = True) -> Any:
        """A seed."""
        return keras.ops.zeros((2,), "uint32")


def carry_statistics(source: keras.Model, built: keras.Model) -> None:
    """Give layers that were adapted to data (Normalization) what their originals know.

    Their configuration does not hold it, and what they compute with is a constant that only
    `finalize_state` renews.
    """
    originals = {layer.name: layer for layer in flat_layers(source)}
    for layer in flat_layers(built):
        original = originals.get(layer.name)
        if (isinstance(layer, keras.layers.Normalization) and layer.built and layer.variables
                and isinstance(original, keras.layers.Normalization) and original.variables):
            for ours, theirs in zip(layer.variables, original.variables, strict=True):
                ours.assign(np.array(theirs.value))
            layer.finalize_state()
