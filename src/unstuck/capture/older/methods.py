"""Methods of models as they once were, for as long as a script runs."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from unstuck.capture.patches import Attribute
from unstuck.capture.tensorflow import Dataset
from unstuck.network import adapter
from unstuck.network.own_steps import minimized
from unstuck.script.spellings import LOSS_WORDS, METHODS

from .arguments import translated
from .classics import AddedLoss

_RENAMED = {"accuracy": "acc", "val_accuracy": "val_acc"}


def wrappers(year: str) -> dict[Attribute, Callable[[Any], Any]]:
    """What stands in the place of `Model`'s methods, and what is put beside them.

    Args:
        year: the package in whose spelling the script is.
    """
    model = keras.Model
    made: dict[Attribute, Callable[[Any], Any]] = {
        (adapter.owner(model, name), name): functools.partial(_translating, name, year == "tf.keras")
        for name in ("fit", "evaluate", "predict")
    }
    made[adapter.owner(model, "compile"), "compile"] = _compiling
    for old, new in METHODS.items():
        made[model, old] = functools.partial(_generating, old, new)
    functional = adapter.FUNCTIONAL
    made[adapter.owner(functional, "add_loss"), "add_loss"] = _adding_loss
    made[adapter.optimizer_base(), "lr"] = lambda _: property(
        lambda optimizer: optimizer.learning_rate,
        lambda optimizer, value: setattr(optimizer, "learning_rate", value))
    for adapted in (keras.layers.Normalization, keras.layers.Discretization):
        made[adapter.owner(adapted, "adapt"), "adapt"] = _adapting
    made[keras.utils.PyDataset, "num_batches"] = _settable
    made[adapter.owner(keras.Layer, "add_metric"), "add_metric"] = lambda _: lambda *_, **__: None
    made[adapter.optimizer_base(), "minimize"] = lambda _: minimized
    made[keras.metrics.Metric, "reset_states"] = lambda _: lambda metric: metric.reset_state()
    made[model, "reset_states"] = lambda _: _forgetting
    made[model, "predict_classes"] = lambda _: predict_classes
    made[model, "predict_proba"] = lambda _: predict_proba
    return made


def _forgetting(model: Any) -> None:
    """What `Model.reset_states` did: stateful recurrent layers begin anew."""
    for layer in adapter.flat_layers(model):
        if getattr(layer, "stateful", False) and hasattr(layer, "reset_state"):
            layer.reset_state()


def _translating(name: str, takes_lists: bool, original: Any) -> Any:
    @functools.wraps(original)
    def called(model: Any, *args: Any, **kwargs: Any) -> Any:
        given = translated(name, kwargs)
        if takes_lists:
            args = (*map(_array_of_numbers, args[:2]), *args[2:])
            given |= {k: _array_of_numbers(v) for k, v in given.items() if k in ("x", "y")}
        found = original(model, *args, **given)
        if name == "fit" and isinstance(found, keras.callbacks.History):
            for today, old in _RENAMED.items():
                if today in found.history:
                    found.history.setdefault(old, found.history[today])
        return found

    return called


def _settable(original: Any) -> Any:
    """A property that classes of other years set as an attribute."""
    name = "_unstuck_num_batches"
    return property(
        lambda source: vars(source)[name] if name in vars(source) else original.fget(source),
        lambda source, value: vars(source).__setitem__(name, value))


def _adapting(original: Any) -> Any:
    @functools.wraps(original)
    def adapt(layer: Any, data: Any, *args: Any, **kwargs: Any) -> None:
        """Keras itself takes a data set of TensorFlow's alone; ours are taken as one array."""
        original(layer, data.as_array() if isinstance(data, Dataset) else data, *args, **kwargs)

    return adapt


def _array_of_numbers(given: Any) -> Any:
    """What tf.keras took a list of numbers, or of lists of numbers, for."""
    innermost = given
    while isinstance(innermost, list | tuple) and innermost:
        innermost = innermost[0]
    if innermost is given or not isinstance(innermost, int | float):
        return given
    try:
        made = np.asarray(given)
    except ValueError:  # rows of different lengths
        return given
    return made.astype("float32") if made.dtype == np.float64 else made


def _generating(old: str, new: str, _: Any) -> Any:
    def called(model: Any, *args: Any, **kwargs: Any) -> Any:
        positions = ("x", "steps_per_epoch", "epochs") if new == "fit" else ("x", "steps")
        named = dict(zip(positions, args, strict=False))
        return getattr(model, new)(**named, **translated(old, kwargs))

    called.__name__ = old
    return called


def _compiling(original: Any) -> Any:
    @functools.wraps(original)
    def compile(model: Any, *args: Any, **kwargs: Any) -> Any:
        given = translated("compile", kwargs)
        for name in ("loss", "metrics"):
            if name in given:
                given[name] = _words(given[name])
        args = tuple(_words(arg) if place == 1 else arg for place, arg in enumerate(args))
        return original(model, *args, **given)

    return compile


def _adding_loss(original: Any) -> Any:
    @functools.wraps(original)
    def add_loss(model: Any, loss: Any, *args: Any, **kwargs: Any) -> Any:
        """A loss made of the model's tensors, which Keras 3 has only inside of layers."""
        if not isinstance(loss, keras.KerasTensor):
            return original(model, loss)
        outputs = AddedLoss()([*keras.tree.flatten(model.output), loss])
        adapter.put_outputs(model, keras.tree.pack_sequence_as(
            model.output, keras.tree.flatten(outputs)))
        return None

    return add_loss


def _words(given: Any) -> Any:
    """Losses spelled as strings, alone or in lists and dicts, as Keras 3 spells them."""
    if isinstance(given, str):
        return LOSS_WORDS.get(given, given)
    if isinstance(given, list | tuple):
        return [_words(part) for part in given]
    if isinstance(given, dict):
        return {name: _words(part) for name, part in given.items()}
    return given


def predict_proba(model: Any, x: Any, batch_size: int | None = None, verbose: int = 0) -> Any:
    """What the model says of each row."""
    return model.predict(x, batch_size=batch_size, verbose=verbose)


def predict_classes(model: Any, x: Any, batch_size: int | None = None, verbose: int = 0) -> Any:
    """The class of each row: the largest output, or whether the only one is above one half."""
    scores = predict_proba(model, x, batch_size, verbose)
    return scores.argmax(axis=-1) if scores.shape[-1] > 1 else (scores > 0.5).astype("int32")
