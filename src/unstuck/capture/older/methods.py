"""Methods of models as they once were, for as long as a script runs."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import keras

from unstuck import adapter
from unstuck.spellings import LOSS_WORDS, METHODS

from ..patches import Attribute
from .arguments import translated

_RENAMED = {"accuracy": "acc", "val_accuracy": "val_acc"}


def wrappers() -> dict[Attribute, Callable[[Any], Any]]:
    """What stands in the place of `Model`'s methods, and what is put beside them."""
    model = keras.Model
    made: dict[Attribute, Callable[[Any], Any]] = {
        (adapter.owner(model, name), name): functools.partial(_translating, name)
        for name in ("fit", "evaluate", "predict")
    }
    made[adapter.owner(model, "compile"), "compile"] = _compiling
    for old, new in METHODS.items():
        made[model, old] = functools.partial(_generating, old, new)
    made[model, "predict_classes"] = lambda _: predict_classes
    made[model, "predict_proba"] = lambda _: predict_proba
    return made


def _translating(name: str, original: Any) -> Any:
    @functools.wraps(original)
    def called(model: Any, *args: Any, **kwargs: Any) -> Any:
        found = original(model, *args, **translated(name, kwargs))
        if name == "fit" and isinstance(found, keras.callbacks.History):
            for today, old in _RENAMED.items():
                if today in found.history:
                    found.history.setdefault(old, found.history[today])
        return found

    return called


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
