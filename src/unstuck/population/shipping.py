"""A recipe on its way to another process of ours: configurations and arrays, no live model.

A model travels as Keras's own configuration of it, made of Keras's own classes only, and is rebuilt
in safe mode; a recipe with classes of the user's own stays where it is. The rest are plain values
and arrays. What arrives must have the fingerprint of what was sent.
"""

from __future__ import annotations

import json
import pickle
import types
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from unstuck.base.digests import digest
from unstuck.base.errors import NotSupported
from unstuck.network import adapter
from unstuck.network.callback_rules import LearningRateScheduler
from unstuck.network.recipe import Recipe
from unstuck.network.serialized import foreign

from .identity import fingerprint
from .population import Yardstick

MODELS_KEPT = 4
LARGE = 1 << 20
"""Bytes from which an array travels by itself, so that arms which share it need not send it again."""
_MODELS: OrderedDict[str, tuple[keras.Model, Any, Any]] = OrderedDict()


def check(recipe: Recipe) -> None:
    """See whether a recipe can travel.

    Raises:
        NotSupported: something in it is the user's own code, which does not.
    """
    model = recipe.architecture.source
    for thing in (model, *keras.tree.flatten((recipe.loss, recipe.metrics))):
        if adapter.is_model(thing) and adapter.is_custom(thing):
            own = [type(thing).__name__]
        elif thing is None or isinstance(thing, str):
            continue
        else:
            own = [found.name for found in foreign(_config(thing)) if found.why != "reads files"]
        if own:
            raise NotSupported(f"{own[0]} is code of the script's own, which stays in this process")
    if recipe.rules.of(LearningRateScheduler):
        raise NotSupported("the function of LearningRateScheduler stays in this process")
    if not type(recipe.optimizer.schedule or "").__module__.startswith(("keras.", "builtins")):
        raise NotSupported("the schedule's class is the script's own and stays in this process")
    if not recipe.optimizer.cls.__module__.startswith("keras."):
        raise NotSupported(
            f"{recipe.optimizer.kind} is code of the script's own, which stays in this process")


def parcel(recipe: Recipe, yardstick: Yardstick) -> list[NDArray[np.uint8]]:
    """A recipe and its yardstick as bytes, for `opened` in a process of ours: first what tells them,
    then each of their large arrays.

    Raises:
        NotSupported: as `check`, or it holds something that no bytes can be made of.
    """
    check(recipe)
    model = recipe.architecture.source
    config = _config(model)
    plain = replace(
        recipe, architecture=replace(recipe.architecture, source=None, _unchanged={}), sites={},
        loss=_sent(recipe.loss), metrics=_sent(recipe.metrics),
        weighted_metrics=_sent(recipe.weighted_metrics),
    )
    text = json.dumps(config, sort_keys=True)
    weights = [np.asarray(weight.value) for weight in model.weights]
    watched = repr((plain.metrics, plain.weighted_metrics))
    key = digest(text.encode(), watched.encode(), *(weight.tobytes() for weight in weights))
    large: list[NDArray[np.uint8]] = []

    def stays(buffer: pickle.PickleBuffer) -> bool:
        raw = buffer.raw()
        if raw.nbytes >= LARGE:
            large.append(np.frombuffer(raw, np.uint8))
        return raw.nbytes < LARGE

    try:
        data = pickle.dumps((key, text, weights, plain, yardstick, fingerprint(recipe)),
                            protocol=pickle.HIGHEST_PROTOCOL, buffer_callback=stays)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise NotSupported(f"it does not travel ({error})") from error
    return [np.frombuffer(data, np.uint8), *large]


def opened(sent: Sequence[NDArray[np.uint8]]) -> tuple[Recipe, Yardstick]:
    """What `parcel` made, in another process.

    Raises:
        NotSupported: it did not arrive as it was sent.
    """
    # From a process of ours, over its own pipe or the cluster's channel; never from a file.
    first, *large = sent
    key, text, weights, plain, yardstick, before = pickle.loads(first.tobytes(), buffers=large)
    with adapter.BUILDING:  # a Dask worker may train several chunks in threads
        if key not in _MODELS:
            model = keras.saving.deserialize_keras_object(json.loads(text), safe_mode=True)
            for variable, value in zip(model.weights, weights, strict=True):
                variable.assign(value)
            _MODELS[key] = model, _arrived(plain.metrics), _arrived(plain.weighted_metrics)
            if len(_MODELS) > MODELS_KEPT:
                _MODELS.popitem(last=False)
        # The same objects for every arm of a model, by which engines know what they have compiled.
        model, metrics, weighted = _MODELS[key]
        recipe = replace(
            plain, architecture=replace(plain.architecture, source=model),
            loss=_arrived(plain.loss), metrics=metrics, weighted_metrics=weighted)
    if fingerprint(recipe) != before:
        raise NotSupported("the network does not come out of its configuration as it went in")
    return recipe, yardstick


def _config(thing: Any) -> Any:
    """A Keras object's configuration; of a model without what it was compiled with.

    A function of Keras's own, such as a loss, is told by its name, as users write it.
    """
    if isinstance(thing, types.FunctionType) and thing.__module__.startswith("keras."):
        return thing.__name__
    config = keras.saving.serialize_keras_object(thing)
    if isinstance(config, dict):
        config.pop("compile_config", None)
    return config


class _Keras(dict[str, Any]):
    """The configuration of a Keras object in the place where it stood."""


def _sent(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {key: _sent(value) for key, value in tree.items()}
    if isinstance(tree, list | tuple):
        return [_sent(value) for value in tree]
    if tree is None or isinstance(tree, str | int | float):
        return tree
    config = _config(tree)
    return _Keras(config) if isinstance(config, dict) else config


def _arrived(tree: Any) -> Any:
    if isinstance(tree, _Keras):
        return keras.saving.deserialize_keras_object(dict(tree), safe_mode=True)
    if isinstance(tree, dict):
        return {key: _arrived(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [_arrived(value) for value in tree]
    return tree

