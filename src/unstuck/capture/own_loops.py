"""Trainings without `fit`: loops of the user's own over `train_on_batch`.

The script runs to its end and trains; every batch is taped on the way. Afterwards the tape shows what
the loop was: the same batches again and again, the same rows in other orders, or other rows each time.
A loop that does more than train one model on batches (that trains several in turn, sets weights or
the learning rate on the way) is refused by name: replicas could not do the same.
"""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import keras
import numpy as np

from unstuck.base.errors import NotSupported
from unstuck.network import adapter
from unstuck.network.recipe import Recipe

from .build import recipe_of
from .networks import Made
from .tape import (
    MOST_BYTES,
    Batch,
    Kind,
    arrays_of,
    batch_of,
    bytes_of,
    bytes_of_rows,
    divided,
    joined,
    rows_in,
)
from .weights import Drawn, digest

IN_TURN = ("as in a GAN, where what one is to learn depends on the other. Diagnose each alone: keep"
           " some of its batches and pass them to unstuck.diagnose(model, x, y).")
"""What is said of a loop that trains two models in turn."""
MOST_PARTS = 100
"""Into at most so many epochs a loop without passes of its own is divided, for its curve."""


class Taken:
    """The batches of a loop, the first `MOST_BYTES` of them; `updates` counts the others, too.

    Args:
        batches: those that there are already.
    """

    def __init__(self, batches: Iterable[Batch] = ()) -> None:
        self.batches: list[Batch] = list(batches)
        self.updates, self._bytes = len(self.batches), 0

    def keep(self, batch: Batch) -> None:
        """Take the next batch, if there is room for all before it and for this one."""
        if self.is_whole:
            size = bytes_of(batch)
            if self._bytes + size <= MOST_BYTES or not self.batches:
                self._bytes += size
                self.batches.append(batch)
        self.updates += 1

    @property
    def is_whole(self) -> bool:
        """True where every batch was kept."""
        return len(self.batches) == self.updates


class OwnLoop:
    """What a script's calls of `train_on_batch` were.

    `line` is that of the first call; `recipe` and `notes` are known once `close` was called.
    """

    def __init__(self, drawn: Drawn, made: Made) -> None:
        self._drawn, self._made = drawn, made
        self._model: keras.Model | None = None
        self._taken = Taken()
        self._after = b""
        self._class_weight: Any = None
        self._refused = ""
        self._begun: tuple[Recipe, tuple[str, ...]] | None = None
        self.error: Exception | None = None
        self.line: int | None = None

    @property
    def began(self) -> bool:
        """True once there was a call."""
        return self._model is not None

    def train_on_batch(
        self, original: Callable[..., Any], model: keras.Model, args: tuple[Any, ...],
        kwargs: dict[str, Any], line: int,
    ) -> Any:
        """Carry out one call, and note it."""
        given = _bound(original, model, args, kwargs)
        if given is None:  # Keras says what is wrong with it
            return original(model, *args, **kwargs)
        if self._model is None:
            self._begin(model, given, line)
        elif not self._refused and self.error is None:
            self._refused = self._other(model, line)
        if not self._refused and self.error is None:
            self._keep(given)
        found = original(model, *args, **kwargs)
        if model is self._model and not self._refused and self.error is None:
            self._after = _state(model)
        return found

    def _begin(self, model: keras.Model, given: Mapping[str, Any], line: int) -> None:
        """Take the model as it is before the first update."""
        self._model, self.line = model, line
        self._class_weight = given.get("class_weight")
        asked = inspect.signature(model.fit).bind(
            given["x"], given.get("y"), sample_weight=given.get("sample_weight"),
            class_weight=self._class_weight, shuffle=False)
        asked.apply_defaults()
        try:
            with adapter.random_state_kept():
                self._begun = recipe_of(
                    model, asked.arguments, copied=True, drawn=self._drawn, made=self._made)
        except Exception as error:  # told at the end, unless a fit comes
            self.error = error

    def _other(self, model: keras.Model, line: int) -> str:
        """Why this call is no further step of the same training."""
        if model is not self._model:
            return (f"it trains two models in turn with train_on_batch (lines {self.line} and {line}),"
                    f" {IN_TURN}")
        if self._after and _state(model) != self._after:
            return (f"its weights or its learning rate are changed between two calls of train_on_batch"
                    f" (line {line}). Call model.fit with callbacks that do that, or pass the model and"
                    " the data to unstuck.diagnose.")
        return ""

    def _keep(self, given: Mapping[str, Any]) -> None:
        if given.get("class_weight") != self._class_weight:
            self._refused = "its class_weight changes on the way; give every call the same."
            return
        self._taken.keep(batch_of(*(given.get(name) for name in ("x", "y", "sample_weight"))))

    def close(self) -> tuple[Recipe, tuple[str, ...]] | None:
        """The training that the loop was, and notes; `None` where there was none.

        Raises:
            NotSupported: replicas cannot do the same, and why.
            UnstuckError: the model or its first batch cannot be trained on.
        """
        if self._model is None:
            return None
        refuse(self.error, self._refused)
        assert self._begun is not None
        recipe, notes = self._begun
        recipe, told = of_batches(recipe, self._taken)
        return recipe, (*notes, told)


def refuse(error: Exception | None, why: str) -> None:
    """Tell now what kept a loop from being taken; nothing is told while the script runs.

    Raises:
        Exception: `error`, where there is one.
        NotSupported: for the reason `why`, where there is one.
    """
    if error is not None:
        raise error
    if why:
        raise NotSupported(f"The script has a training loop of its own, and {why}")


def of_batches(
    recipe: Recipe, taken: Taken, counted: tuple[int, int] | None = None, *, each: int | None = None,
) -> tuple[Recipe, str]:
    """A recipe that trains on the batches of a loop, and a note on what they were.

    Args:
        recipe: what is trained.
        taken: those that were taped.
        counted: how many passes over the rows the loop has, and how many of them were run; `None`: it
            was run to its end.
        each: how many batches an epoch has, where the loop tells.

    Raises:
        NotSupported: replicas cannot be trained on such batches.
    """
    batches = taken.batches
    kind, run, each = passes(batches, each, cut=not taken.is_whole)
    epochs = counted[0] if counted is not None else (
        run if taken.is_whole else max(run, round(taken.updates / each)))
    x, y, weight = joined(batches[: run * each] if kind == "stream" else batches[:each])
    recipe = replace(
        recipe, x=x, y=y, sample_weight=weight, batch_size=rows_in(batches[0]), epochs=epochs,
        taped=True, shuffle=kind == "rows", batches="stream" if kind == "stream" else "drawn",
        epochs_in_rows=run if kind == "stream" else 1)
    if counted is not None:
        return recipe, _note(kind, epochs, each, epochs * each,
                             f"{counted[1]} of its {epochs} passes over the rows were run, and its")
    short = "" if taken.is_whole else (
        f" There is room for {MOST_BYTES >> 20} MB, which are its first {run * each} updates of"
        f" {taken.updates}:" + (" trainings go through these again and again." if kind == "stream" else
                                " the others are taken to go on like them."))
    return recipe, _note(kind, epochs, each, run * each, "it ran to its end, and its") + short


def passes(
    batches: list[Batch], told: int | None = None, *, cut: bool = False
) -> tuple[Kind, int, int]:
    """What kind of loop gave these batches, how many epochs it had, and of how many batches.

    Args:
        batches: in their order.
        told: how many batches an epoch has, if that is known already.
        cut: they may end within an epoch, which is left out then.

    Raises:
        NotSupported: the batches are of unequal sizes other than a shorter one at the end of each
            epoch.
    """
    count = len(batches)
    marks = [digest(b"".join(np.ascontiguousarray(a).tobytes() for a in arrays_of(one)))
             for one in batches]
    sizes = list(map(rows_in, batches))
    rows = [0, *itertools.accumulate(map(_mark_of_rows, batches))]
    found: tuple[Kind, int, int] | None = None

    def is_epoch(each: int) -> bool:
        """True where the batches can be epochs of so many."""
        left = count % each
        return (cut or not left) and all(divided(sizes[: count - left], each))

    known = [told] if told is not None and 1 < told < count and is_epoch(told) else []
    for each in known or range(1, count // 2 + 1):
        if not is_epoch(each):
            continue
        if marks[each:] == marks[:-each]:
            return "fixed", count // each, each
        begins = range(0, count - count % each, each)
        if found is None and len({rows[i + each] - rows[i] for i in begins}) == 1:
            found = "rows", count // each, each
    if found is not None:
        return found
    if count == 1:
        return "fixed", 1, 1
    if known and count // known[0] <= MOST_PARTS:
        return "stream", count // known[0], known[0]
    parts = next((count // d for d in range(1, count + 1)
                  if count // d <= MOST_PARTS and is_epoch(d)), None)
    if parts is None:
        raise NotSupported(
            "The script has a training loop of its own, whose batches are of unequal sizes"
            f" ({', '.join(map(str, sizes[:6]))}, …), which cannot be trained on. Make all but"
            " the last of an epoch equal.")
    return "stream", parts, count // parts


def _mark_of_rows(batch: Batch) -> int:
    """The same for the same rows in any order; sums of it tell epochs apart."""
    return sum(int.from_bytes(digest(row)) for row in bytes_of_rows([batch]))


def _state(model: keras.Model) -> bytes:
    """A mark of what a step begins with, the optimizer's own memory left out."""
    values = [variable.value for variable in model.variables]
    if adapter.schedule_of(model.optimizer) is None:
        values.append(model.optimizer.learning_rate)
    return digest(b"".join(np.asarray(value).tobytes() for value in values))


def _bound(
    original: Callable[..., Any], model: keras.Model, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> dict[str, Any] | None:
    try:
        return dict(inspect.signature(original).bind(model, *args, **kwargs).arguments)
    except TypeError:
        return None


def _note(kind: Kind, epochs: int, each: int, count: int, run: str) -> str:
    batches = f"{count} batch{'es' * (count > 1)}"
    how = {
        "fixed": f"{'the same one' if each == 1 else f'the same {each} again'} in each of {epochs}"
                 " epochs: every training gets them in this order",
        "rows": f"{epochs} epochs of {each} with the same rows in other orders: they were pooled, and"
                " are shuffled anew for every training",
    }.get(kind, f"with rows of their own, here in {epochs} parts: each training gets those of your run,"
                " as they came")
    return f"The script has a training loop of its own; {run} {batches} were taped, {how}."
