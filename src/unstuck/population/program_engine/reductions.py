"""Equations that bring numbers together: along axes, in windows, step by step, in order."""

from __future__ import annotations

from typing import Any

from unstuck.base.errors import NotSupported

from .graph import Equation, Kind
from .lowering import Lowering, lowers
from .views import View, laid, merged, product

MOST_TAPS = 1024
"""Places of a window that the machine has room for."""
KINDS = {"f": 0, "i": 1, "u": 2, "b": 1}
"""How the machine compares numbers of a kind."""


def merge_of(kind: Kind, name: str) -> int:
    """The machine's number for bringing together; `name` is sum, max, min, prod, and, or, xor."""
    from . import machine

    if name in ("and", "or", "xor"):
        return int(machine.MERGES[f"b_{name}"])
    letter = "f" if kind == "f" else "u" if kind == "u" and name in ("max", "min") else "i"
    return int(machine.MERGES[f"{letter}_{name}"])


@lowers("reduce_sum", "reduce_max", "reduce_min", "reduce_prod", "reduce_and", "reduce_or",
        "reduce_xor")
def _reduce(low: Lowering, equation: Equation) -> None:
    value, output = equation.inputs[0], equation.outputs[0]
    view, gone = low.view(value), set(equation.params["axes"])
    kept = [i for i in range(len(view.shape)) if i not in gone]
    # Loops go through the memory as it lies; so does the result, in what is left of that order.
    axes = sorted(range(len(view.shape)), key=lambda i: (-abs(view.strides[i]), i))
    place = {axis: i for i, axis in enumerate(kept)}
    result = low.new(output.shape, [place[i] for i in axes if i in place])
    to = [0 if i in gone else result.strides[place[i]] for i in axes]
    sizes, (a, b) = merged([view.shape[i] for i in axes], [view.strides[i] for i in axes], to)
    name = equation.op.removeprefix("reduce_")
    if value.size == 0:
        sizes, a, b = [0], [1], [0]
    low.emit("reduce", [merge_of(value.kind, name), view.store, view.offset, result.store,
                        result.store.size, len(sizes), *sizes, *a, *b], [view.store], [result.store])
    low.views[output] = result


@lowers("argmax", "argmin")
def _choose(low: Lowering, equation: Equation) -> None:
    value, output = equation.inputs[0], equation.outputs[0]
    (axis,) = equation.params["axes"]
    view = low.in_row(low.view(value))
    outer, count, inner = _parted(view.shape, axis)
    result = low.new(output.shape)
    low.emit("choose", [view.store, view.offset, result.store, int(equation.op == "argmax"),
                        KINDS[value.kind], outer, count * inner, inner, 1, count, inner],
             [view.store], [result.store])
    low.views[output] = result


def _parted(shape: tuple[int, ...], axis: int) -> tuple[int, int, int]:
    return product(shape[:axis]), shape[axis], product(shape[axis + 1 :])


@lowers("cumsum", "cumprod", "cummax", "cummin", "cumlogsumexp")
def _cumulate(low: Lowering, equation: Equation) -> None:
    from . import machine

    value, output = equation.inputs[0], equation.outputs[0]
    view = low.whole(low.view(value))
    name = equation.op.removeprefix("cum")
    merge = (machine.MERGES["f_log_sum"] if name == "logsumexp"
             else merge_of("i" if value.kind == "u" else value.kind, name))
    result = low.new(output.shape)
    low.emit("cumulate", [merge, view.store, result.store, int(equation.params["reverse"]),
                          *_parted(view.shape, equation.params["axis"])], [view.store], [result.store])
    low.views[output] = result


@lowers("sort")
def _sort(low: Lowering, equation: Equation) -> None:
    views = [low.whole(low.view(value)) for value in equation.inputs]
    results = sorted_alike(low, views, [KINDS[value.kind] for value in equation.inputs],
                           equation.params["dimension"], equation.params["num_keys"])
    for output, result in zip(equation.outputs, results, strict=True):
        low.views[output] = result


def sorted_alike(
    low: Lowering, views: list[View], kinds: list[int], axis: int, keys: int
) -> list[View]:
    """Arrays sorted along an axis by the first of them."""
    results = [low.new(view.shape) for view in views]
    outer, count, inner = _parted(views[0].shape, axis)
    places = low.new((2 * count,))
    words: list[Any] = [outer, count, inner, keys, len(views)]
    for view, result, kind in zip(views, results, kinds, strict=True):
        words += [view.store, result.store, kind]
    low.emit("sort", [*words, places.store], [view.store for view in views],
             [*(result.store for result in results), places.store])
    return results


@lowers("top_k")
def _top_k(low: Lowering, equation: Equation) -> None:
    value = equation.inputs[0]
    if value.kind != "f":
        raise NotSupported("The program engine computes top_k of floats only")
    view, k = low.view(value), int(equation.params["k"])
    axis = equation.params.get("axis", -1) % len(view.shape)
    line = low.new((view.shape[axis],))
    low.emit("iota", [line.store, 0, 1, view.shape[axis], 1], [], [line.store])
    strides = tuple(int(i == axis) for i in range(len(view.shape)))
    numbers = low.copied(View(line.store, view.shape, strides))
    falling = low.whole(low.pointwise("f_neg", view))
    first, places = sorted_alike(low, [falling, numbers], [0, 1], axis, 1)
    for output, result in zip(equation.outputs, (low.pointwise("f_neg", first), places), strict=True):
        shape = tuple(k if i == axis else n for i, n in enumerate(result.shape))
        low.views[output] = View(result.store, shape, result.strides, result.offset)


def _axes(equation: Equation, shape: tuple[int, ...], result: tuple[int, ...], order: list[int]
          ) -> tuple[list[int], int]:
    """The words of a window's axes in order of memory, and the numbers of a row behind them."""
    params = equation.params
    count = len(shape)
    ones = (1,) * count
    window = params["window_dimensions"]
    if product(window) > MOST_TAPS:
        raise NotSupported("The program engine does not take windows so large")
    strides, padding = params["window_strides"], params["padding"]
    spread = params.get("base_dilation") or ones
    reach = params.get("window_dilation") or ones
    plain = [window[i] == strides[i] == spread[i] == 1 and tuple(padding[i]) == (0, 0)
             for i in range(count)]
    end = count
    while end > 1 and plain[order[end - 1]]:
        end -= 1
    words = []
    for i in order[:end]:
        words += [shape[i], result[i], window[i], strides[i], padding[i][0], spread[i], reach[i]]
    return [end, *words], product([shape[i] for i in order[end:]])


@lowers("reduce_window_sum", "reduce_window_max", "reduce_window_min")
def _window(low: Lowering, equation: Equation) -> None:
    value, output = equation.inputs[0], equation.outputs[0]
    view = low.dense(low.view(value))
    order = list(view.order or ())
    axes, run = _axes(equation, view.shape, output.shape, order)
    result = low.new(output.shape, order)
    merge = merge_of("i" if value.kind in "bu" else value.kind,
                     equation.op.removeprefix("reduce_window_"))
    low.emit("window", [merge, view.store, result.store, run, *axes], [view.store], [result.store])
    low.views[output] = result


@lowers("select_and_scatter_add")
def _select_and_add(low: Lowering, equation: Equation) -> None:
    source_value, value = equation.inputs
    if value.kind != "f":
        raise NotSupported("The program engine computes gradients of pooling in float32 only")
    view = low.dense(low.view(value))
    order = list(view.order or ())
    source = low.whole(low.view(source_value), order)
    axes, run = _axes(equation, view.shape, source.shape, order)
    result = laid(low.new(view.shape).store, view.shape, order)
    largest = "ge" in str(equation.params["select_prim"]) or "gt" in str(equation.params["select_prim"])
    low.emit("select_and_add", [int(largest), view.store, source.store, result.store, view.size, run,
                                *axes], [view.store, source.store], [result.store])
    low.views[equation.outputs[0]] = result


