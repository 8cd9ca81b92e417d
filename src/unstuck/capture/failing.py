"""Why `fit`, or what comes before it, fails: computed from shapes, values and calls, told as a cause.

Keras's messages are not read. What is wrong between targets, loss and outputs is seen by comparing
them; what a call of Keras's was given stands in the frames of the traceback that it left.
"""

from __future__ import annotations

import difflib
import types
from collections.abc import Iterator, Sequence
from typing import Any

import keras
import numpy as np

from unstuck.base.errors import BadData
from unstuck.network import outputs
from unstuck.network.loss_names import config_of
from unstuck.network.recipe import Recipe

_NAMED = {
    "keras.src.activations": "activation", "keras.src.losses": "loss",
    "keras.src.optimizers": "optimizer", "keras.src.initializers": "initializer",
    "keras.src.regularizers": "regularizer", "keras.src.metrics": "metric",
}
"""Modules whose `get` looks a name up, and what the name is one of."""
_SITES = {"loss": "loss", "optimizer": "optimizer", "metric": "compile"}


def misfit(recipe: Recipe) -> BadData | None:
    """Why these targets cannot be compared with these outputs by this loss; `None` where they can.

    Shapes are of all rows: targets [row, …], outputs [row, …]. Keras drops or adds a last axis of
    length 1 on either side.
    """
    shapes = [tuple(shape)[1:] for shape in recipe.architecture.output_shapes]
    targets = [np.asarray(part) for part in keras.tree.flatten(recipe.y) if part is not None]
    if not shapes or recipe.by_loss:
        return None
    if len(shapes) != len(targets):
        names = ", ".join(recipe.architecture.output_names)
        return BadData(
            f"The model has {_count(len(shapes), 'output')} ({names}), and y holds"
            f" {_count(len(targets), 'array')}: each output is compared with targets of its own.",
            change=f"fit(x, [{', '.join(f'y_{i}' for i in range(1, len(shapes) + 1))}]), in the order"
            " of the outputs" if len(shapes) > 1 else "fit(x, y) with one array of targets")
    try:
        losses = outputs.in_order(recipe, recipe.loss)
    except (TypeError, ValueError, KeyError):
        return None
    if len(losses) == 1:
        losses = losses * len(shapes)
    found = (_one_output(*each) for each in zip(targets, shapes, losses, strict=False))
    return next((one for one in found if one is not None), None)


def _one_output(y: Any, output: tuple[int | None, ...], loss: Any) -> BadData | None:
    try:
        # While a script runs, Keras's functions of losses are wrapped, and known by their names.
        name = keras.losses.get(loss).__name__ if isinstance(loss, str) else config_of(loss)[0]
    except ValueError:  # no loss of Keras's has that name
        return None
    if name in ("none", "custom") or not output:
        return None
    row, columns = y.shape[1:], output[-1]
    if name.startswith("sparse_"):
        if _alike(row, output[:-1]) or _alike(row, (*output[:-1], 1)):
            return None
        if row == output and ((y == 0) | (y == 1)).all() and (y.sum(-1) == 1).all():
            return BadData(
                f"y is one-hot, {y.shape} with a single 1 in each row, and {name} takes one number of"
                f" a class, from 0 to {(columns or 1) - 1}, for each row.", site="loss",
                change=f"loss={name.removeprefix('sparse_')!r}, or y.argmax(-1)")
        return BadData(
            f"{name} takes one number of a class for each row of outputs: rows of {output[:-1]}, and"
            f" those of y are {row}.", change=f"y of the shape {_all_rows(output[:-1])}")
    if _alike(row, output):
        return None
    whole = np.issubdtype(y.dtype, np.integer) or (y == np.round(y)).all()
    if name == "categorical_crossentropy" and whole and _alike(row, output[:-1]):
        return BadData(
            f"y holds numbers of classes, {y.shape}, and {name} takes a column for each class: the"
            f" output has {columns}.", site="loss", change="loss='sparse_categorical_crossentropy'")
    told = (f"{name} compares y with the output number by number: rows of y are {row}, and those of"
            f" the output {output}.")
    if len(row) == len(output) and row[:-1] == output[:-1]:
        return BadData(told, site="output", change=f"{row[-1]} units in the last layer")
    return BadData(told, change=f"y of the shape {_all_rows(output)}")


def _alike(row: Sequence[int], wanted: Sequence[int | None]) -> bool:
    """True where rows fit, but for axes of unknown length and a last axis of length 1 on one side."""
    row, wanted = tuple(row), tuple(wanted)
    if len(row) == len(wanted) + 1 and row[-1] == 1:
        row = row[:-1]
    elif len(row) + 1 == len(wanted) and wanted[-1] == 1:
        wanted = wanted[:-1]
    return len(row) == len(wanted) and all(
        a == b or b is None for a, b in zip(row, wanted, strict=True))


def _all_rows(row: Sequence[int | None]) -> str:
    return "(" + ", ".join(["rows", *("any" if n is None else str(n) for n in row)]) + (
        ")" if row else ",)")


def cause_of(error: BaseException) -> BadData | None:
    """What a call of Keras's that raised was given: a name that there is none of, or a wrong shape."""
    frames = list(_frames(error.__traceback__))
    for frame in frames:
        what = _NAMED.get(frame.f_globals.get("__name__", ""))
        name = frame.f_locals.get("identifier")
        if what is not None and frame.f_code.co_name == "get" and isinstance(name, str):
            return _misspelled(what, name, frame.f_globals)
    calls = [(layer, frame) for frame in frames if (layer := _layer_of(frame)) is not None]
    inner = next((layer for layer, _ in reversed(calls) if not isinstance(layer, keras.Model)), None)
    return None if inner is None else _wrong_shape(
        inner, [frame for layer, frame in calls if layer is inner])


def _layer_of(frame: types.FrameType) -> keras.Layer | None:
    """The layer whose method a frame runs; Keras leaves one that only passes arguments on."""
    given = frame.f_locals.get("args")
    found = frame.f_locals.get("self", given[0] if isinstance(given, tuple) and given else None)
    return found if isinstance(found, keras.Layer) else None


def _frames(trace: types.TracebackType | None) -> Iterator[types.FrameType]:
    while trace is not None:
        yield trace.tb_frame
        trace = trace.tb_next


def _misspelled(what: str, name: str, known: dict[str, Any]) -> BadData:
    names = sorted(one for one, value in {**known, **known.get("ALL_OBJECTS_DICT", {})}.items()
                   if callable(value) and not one.startswith("_"))
    near = (difflib.get_close_matches(name, names, 1, 0.6)
            or difflib.get_close_matches(name.replace("_", ""), names, 1, 0.6))
    return BadData(f"Keras knows no {what} {name!r}.", site=_SITES.get(what, "fit"),
                   change=repr(near[0]) if near else "")


def _wrong_shape(layer: keras.Layer, calls: Sequence[types.FrameType]) -> BadData | None:
    shapes = next((found for frame in calls if (found := _given(frame))), [])
    if not shapes:
        return None
    told = f"{layer.name} ({type(layer).__name__}) is given {' and '.join(map(_shown, shapes))}"
    specs = [spec for spec in keras.tree.flatten(layer.input_spec) if spec is not None]
    axes = len(shapes[0])
    if len(specs) == 1 and len(shapes) == 1:
        least = specs[0].min_ndim or specs[0].ndim
        if least is not None and axes != least and (specs[0].ndim or axes < least):
            change = ("a last axis for channels: x[..., None]" if axes + 1 == least
                      else f"a Reshape or Flatten before it, to {least} axes")
            return BadData(f"{told}: {axes} axes, that of the rows included, and it takes {least}.",
                           site=f"layer:{layer.name}", change=change)
        wanted = {axis: n for axis, n in (specs[0].axes or {}).items() if n is not None}
        wrong = [(axis, n) for axis, n in wanted.items() if shapes[0][axis] not in (n, None)]
        if wrong:
            return BadData(f"{told}, and takes {wrong[0][1]} in axis {wrong[0][0]}, as it was built.",
                           site=f"layer:{layer.name}")
    if len(shapes) > 1 and len({shape[-1] for shape in shapes}) > 1:
        return BadData(
            f"{told}, which do not go together.", site=f"layer:{layer.name}",
            change=f"layers before it of one width, such as Dense({shapes[0][-1]}) and"
            f" Dense({shapes[0][-1]})")
    return BadData(f"{told}, which it cannot take.", site=f"layer:{layer.name}")


def _given(frame: types.FrameType) -> list[tuple[int | None, ...]]:
    """The shapes of what a layer's method was called with, that of the rows included."""
    for name in ("args", "inputs", "input_shape", "x"):
        parts = keras.tree.flatten(frame.f_locals.get(name))
        shapes = [tuple(part.shape) for part in parts if hasattr(part, "shape")]
        if shapes:
            return shapes
    return []


def _shown(shape: Sequence[int | None]) -> str:
    return "(" + ", ".join("rows" if i == 0 else "any" if n is None else str(n)
                           for i, n in enumerate(shape)) + ")"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"
