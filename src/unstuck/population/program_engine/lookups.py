"""Equations whose places are known only when the program runs."""

from __future__ import annotations

from typing import Any

import numpy as np

from unstuck.base.errors import NotSupported

from .graph import DTYPES, Equation, Kind
from .lowering import Lowering, lowers
from .reductions import merge_of
from .views import merged

SCATTERS = {"scatter": "set", "scatter-add": "sum", "scatter_add": "sum", "scatter-mul": "prod",
            "scatter_mul": "prod", "scatter-min": "min", "scatter_min": "min", "scatter-max": "max",
            "scatter_max": "max"}


def _mode(equation: Equation) -> int:
    """0: places beyond an end are moved to it; 1: they are left out. What is promised never to happen
    goes as in XLA: lookups are moved, updates left out."""
    mode = str(equation.params["mode"]).upper()
    return int("FILL" in mode if equation.op == "gather" else "CLIP" not in mode)


def _bits(number: Any, kind: Kind) -> int:
    wide = np.int32 if kind == "b" else DTYPES[kind]
    return int(np.asarray(number, wide).reshape(1).view(np.int32)[0])


def _missing(kind: Kind, given: Any) -> int:
    """What stands for a number that is not there, as JAX has it, in bits."""
    if given is not None:
        return _bits(given, kind)
    least = {"f": np.nan, "i": np.iinfo(np.int32).min, "u": np.iinfo(np.uint32).max, "b": True}
    return _bits(least[kind], kind)


@lowers("gather")
def _gather(low: Lowering, equation: Equation) -> None:
    value, output = equation.inputs[0], equation.outputs[0]
    view, indices = low.view(value), low.whole(low.view(equation.inputs[1]))
    numbers, sizes = equation.params["dimension_numbers"], equation.params["slice_sizes"]
    words: list[Any] = [len(numbers.start_index_map)]
    for axis in numbers.start_index_map:
        words += [view.shape[axis], sizes[axis], view.strides[axis]]
    result = low.new(output.shape)
    shared = dict(zip(numbers.start_indices_batching_dims, numbers.operand_batching_dims, strict=True))
    places = [i for i in range(len(output.shape)) if i not in numbers.offset_dims]
    words.append(len(places))
    for i, place in enumerate(places):
        step = view.strides[shared[i]] if i in shared else 0
        words += [output.shape[place], step, result.strides[place]]
    gone = {*numbers.collapsed_slice_dims, *numbers.operand_batching_dims}
    inside = [i for i in range(len(view.shape)) if i not in gone]
    words += _triples([sizes[i] for i in inside], [view.strides[i] for i in inside],
                      [result.strides[i] for i in numbers.offset_dims])
    low.emit("gather", [view.store, view.offset, indices.store, result.store, _mode(equation),
                        _missing(value.kind, equation.params.get("fill_value")), *words],
             [view.store, indices.store], [result.store])
    low.views[output] = result


def _triples(sizes: list[int], a: list[int], b: list[int]) -> list[int]:
    """Axes as the machine takes them, as few as there can be."""
    fewer, (one, two) = merged(sizes, a, b)
    return [len(fewer), *(n for triple in zip(fewer, one, two, strict=True) for n in triple)]


@lowers(*SCATTERS)
def _scatter(low: Lowering, equation: Equation) -> None:
    from . import machine

    value, output = equation.inputs[0], equation.outputs[0]
    indices, updates = low.whole(low.view(equation.inputs[1])), low.view(equation.inputs[2])
    name = SCATTERS[equation.op]
    if name == "set":
        merge = machine.MERGES["set"]
    elif value.kind == "f" or (value.kind in "iu" and name != "max" and name != "min"):
        merge = merge_of(value.kind, name)
    else:
        raise NotSupported(f"The program engine does not take {equation.op} of such numbers")
    result = low.new(output.shape)
    low.move(low.view(value), result)
    numbers = equation.params["dimension_numbers"]
    gone = {*numbers.inserted_window_dims, *numbers.operand_batching_dims}
    inside = [i for i in range(len(output.shape)) if i not in gone]
    size = {axis: updates.shape[place]
            for axis, place in zip(inside, numbers.update_window_dims, strict=True)}
    words: list[Any] = [len(numbers.scatter_dims_to_operand_dims)]
    for axis in numbers.scatter_dims_to_operand_dims:
        words += [output.shape[axis], size.get(axis, 1), result.strides[axis]]
    shared = dict(zip(numbers.scatter_indices_batching_dims, numbers.operand_batching_dims,
                      strict=True))
    places = [i for i in range(len(updates.shape)) if i not in numbers.update_window_dims]
    words.append(len(places))
    for i, place in enumerate(places):
        step = result.strides[shared[i]] if i in shared else 0
        words += [updates.shape[place], step, updates.strides[place]]
    words += _triples([size[i] for i in inside], [result.strides[i] for i in inside],
                      [updates.strides[i] for i in numbers.update_window_dims])
    low.emit("scatter", [merge, result.store, indices.store, updates.store, updates.offset,
                         _mode(equation), *words],
             [result.store, indices.store, updates.store], [result.store])
    low.views[output] = result


@lowers("dynamic_slice")
def _dynamic_slice(low: Lowering, equation: Equation) -> None:
    view, output = low.view(equation.inputs[0]), equation.outputs[0]
    places = [low.whole(low.view(value)).store for value in equation.inputs[1:]]
    result = low.new(output.shape)
    words: list[Any] = []
    for axis, place in enumerate(places):
        words += [place, view.shape[axis], output.shape[axis], view.strides[axis]]
    low.emit("dynamic_slice", [view.store, view.offset, result.store, len(places), *words],
             [view.store, *places], [result.store])
    low.views[output] = result


@lowers("dynamic_update_slice")
def _dynamic_update(low: Lowering, equation: Equation) -> None:
    output, updates = equation.outputs[0], low.whole(low.view(equation.inputs[1]))
    places = [low.whole(low.view(value)).store for value in equation.inputs[2:]]
    result = low.new(output.shape)
    low.move(low.view(equation.inputs[0]), result)
    words: list[Any] = []
    for axis, place in enumerate(places):
        words += [place, output.shape[axis], updates.shape[axis], result.strides[axis],
                  updates.strides[axis]]
    low.emit("dynamic_update", [result.store, updates.store, len(places), *words],
             [result.store, updates.store, *places], [result.store])
    low.views[output] = result
