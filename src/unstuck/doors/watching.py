"""What a callback of ours keeps while `fit` runs, on whichever backend of Keras.

Only the logs of each epoch and what `fit` was given are kept: nothing is computed, drawn or changed.
"""

from __future__ import annotations

import inspect
import math
import sys
from collections.abc import Callable, Mapping
from typing import Any, TextIO

import keras

from unstuck.base.errors import UnstuckError

LARGEST = 2_000_000
"""Most numbers in the arrays that are looked at unasked, which takes a second or so."""


class Watching(keras.callbacks.Callback):  # type: ignore[misc]
    """Keeps losses and arguments of a `fit`, and has its say a line at a time.

    Args:
        out: where the lines go; standard error by default.
    """

    def __init__(self, *, out: TextIO | None = None) -> None:
        super().__init__()
        self._out = out
        self._losses: list[float] = []
        self._fit: Mapping[str, Any] | None = None
        self._said: set[str] = set()

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        """Note what `fit` was given; nothing is computed."""
        self._losses, self._said = [], set()
        self._fit = _arguments_of_running_fit()

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Keep the loss; say at once if it is no number any more."""
        loss = float((logs or {}).get("loss", math.nan))
        self._losses.append(loss)
        if not math.isfinite(loss):
            self._say_once(
                "loss", f"the loss is {loss} since epoch {epoch + 1}; nothing is learned from here"
                " on")

    def _arguments(self) -> dict[str, Any]:
        """Those of the `fit` that was watched, without this callback."""
        if self._fit is None:
            raise UnstuckError("Nothing was trained yet: give the callback to model.fit first.")
        given = dict(self._fit)
        others = given.get("callbacks")
        if isinstance(others, list | tuple):
            given["callbacks"] = [other for other in others if other is not self]
        elif others is self:
            given["callbacks"] = None
        return given

    def _say_once(self, what: str, text: str) -> None:
        if what not in self._said:
            self._said.add(what)
            self._say(text)

    def _say(self, text: str) -> None:
        print_line: Callable[[str], Any] = (self._out or sys.stderr).write
        print_line(f"unstuck: {' '.join(text.split())}\n")


def _arguments_of_running_fit() -> dict[str, Any] | None:
    """The arguments, defaults applied, of the `fit` that is calling its callbacks; `None`: no fit.

    Keras hands callbacks neither the data nor the arguments, so they are read off the stack, where
    `fit` itself has cut the validation rows off by then: its caller's are as the user gave them.
    """
    plain = inspect.unwrap(keras.Model.fit)
    frame = inspect.currentframe()
    while frame is not None and frame.f_code is not plain.__code__:
        frame = frame.f_back
    outer = None if frame is None else frame.f_back
    if outer is None or not {"args", "kwargs"} <= outer.f_locals.keys():
        return None
    bound = inspect.signature(plain).bind(*outer.f_locals["args"], **outer.f_locals["kwargs"])
    bound.apply_defaults()
    return {name: value for name, value in bound.arguments.items() if name != "self"}
