"""Equations that only move numbers: most of them compute nothing, and are seen through a view."""

from __future__ import annotations

from .graph import Equation
from .lowering import Lowering, lowers
from .views import View, product


@lowers("transpose")
def _transpose(low: Lowering, equation: Equation) -> None:
    axes = tuple(equation.params["permutation"])
    view = low.view(equation.inputs[0])
    if equation.params.get("keys"):
        axes = (*axes, len(axes))
    low.views[equation.outputs[0]] = view.transposed(axes)


@lowers("broadcast_in_dim")
def _broadcast(low: Lowering, equation: Equation) -> None:
    view, shape = low.view(equation.inputs[0]), equation.outputs[0].shape
    places = tuple(equation.params["broadcast_dimensions"])
    if equation.params.get("keys"):
        places = (*places, len(shape) - 1)
    sizes, strides = [1] * len(shape), [0] * len(shape)
    for axis, place in enumerate(places):
        sizes[place], strides[place] = view.shape[axis], view.strides[axis]
    lifted = View(view.store, tuple(sizes), tuple(strides), view.offset)
    low.views[equation.outputs[0]] = lifted.broadcast(shape)


@lowers("reshape", "squeeze", "expand_dims")
def _reshape(low: Lowering, equation: Equation) -> None:
    view, shape = low.view(equation.inputs[0]), equation.outputs[0].shape
    if equation.op == "reshape" and equation.params.get("dimensions") is not None:
        view = view.transposed(equation.params["dimensions"])
    seen = view.reshaped(shape)
    if seen is None:
        seen = low.copied(view).reshaped(shape)
        assert seen is not None
    low.views[equation.outputs[0]] = seen


@lowers("slice")
def _slice(low: Lowering, equation: Equation) -> None:
    begin, strides = list(equation.params["start_indices"]), equation.params["strides"]
    steps = list(strides or [1] * len(begin))
    if equation.params.get("keys"):
        begin, steps = [*begin, 0], [*steps, 1]
    low.views[equation.outputs[0]] = _part(
        low.view(equation.inputs[0]), begin, steps, equation.outputs[0].shape)


def _part(view: View, begin: list[int], steps: list[int], shape: tuple[int, ...]) -> View:
    offset = view.offset + sum(b * s for b, s in zip(begin, view.strides, strict=True))
    strides = tuple(s * t for s, t in zip(view.strides, steps, strict=True))
    return View(view.store, shape, strides, offset)


@lowers("split")
def _split(low: Lowering, equation: Equation) -> None:
    axis, at = equation.params["axis"], 0
    view = low.view(equation.inputs[0])
    for output in equation.outputs:
        begin = [0] * len(view.shape)
        begin[axis] = at
        low.views[output] = _part(view, begin, [1] * len(view.shape), output.shape)
        at += output.shape[axis]


@lowers("rev")
def _rev(low: Lowering, equation: Equation) -> None:
    view, strides = low.view(equation.inputs[0]), []
    offset = view.offset
    for axis, (n, s) in enumerate(zip(view.shape, view.strides, strict=True)):
        turned = axis in equation.params["dimensions"]
        offset += (n - 1) * s if turned else 0
        strides.append(-s if turned else s)
    low.views[equation.outputs[0]] = View(view.store, view.shape, tuple(strides), offset)


@lowers("concatenate")
def _concatenate(low: Lowering, equation: Equation) -> None:
    axis, shape = equation.params["dimension"], equation.outputs[0].shape
    views = [low.view(value) for value in equation.inputs]
    orders = [view.order for view in views if view.order is not None and view.size > 1]
    whole = low.new(shape, orders[0] if orders else None)
    at = 0
    for view in views:
        part = View(whole.store, view.shape, whole.strides, whole.offset + at * whole.strides[axis])
        low.move(view, part)
        at += view.shape[axis]
    low.views[equation.outputs[0]] = whole


@lowers("pad")
def _pad(low: Lowering, equation: Equation) -> None:
    view, value = (low.view(v) for v in equation.inputs)
    shape = equation.outputs[0].shape
    whole = low.new(shape, view.order)
    low.move(View(value.store, shape, (0,) * len(shape), value.offset), whole)
    offset, sizes, strides, skipped = whole.offset, [], [], view.offset
    for axis, (low_edge, _, between) in enumerate(equation.params["padding_config"]):
        n, step = view.shape[axis], between + 1
        # Negative padding leaves numbers out.
        first = max(0, -(low_edge // step)) if low_edge < 0 else 0
        count = sum(1 for i in range(first, n) if 0 <= low_edge + i * step < shape[axis])
        offset += (low_edge + first * step) * whole.strides[axis] if count else 0
        skipped += first * view.strides[axis]
        sizes.append(count)
        strides.append(step * whole.strides[axis])
    if product(sizes):
        low.move(View(view.store, tuple(sizes), view.strides, skipped),
                 View(whole.store, tuple(sizes), tuple(strides), offset))
    low.views[equation.outputs[0]] = whole


@lowers("iota")
def _iota(low: Lowering, equation: Equation) -> None:
    output, axis = equation.outputs[0], equation.params["dimension"]
    count = output.shape[axis]
    line = low.new((count,))
    low.emit("iota", [line.store, int(output.kind == "f"), 1, count, 1], [], [line.store])
    strides = tuple(int(i == axis) for i in range(len(output.shape)))
    low.views[output] = View(line.store, output.shape, strides)


@lowers("stack")
def _stack(low: Lowering, equation: Equation) -> None:
    axis, whole = equation.params["axis"], low.new(equation.outputs[0].shape)
    strides = whole.strides[:axis] + whole.strides[axis + 1 :]
    for number, value in enumerate(equation.inputs):
        view = low.view(value)
        low.move(view, View(whole.store, view.shape, strides, number * whole.strides[axis]))
    low.views[equation.outputs[0]] = whole


@lowers("unstack")
def _unstack(low: Lowering, equation: Equation) -> None:
    axis, view = equation.params["axis"], low.view(equation.inputs[0])
    for number, output in enumerate(equation.outputs):
        strides = view.strides[:axis] + view.strides[axis + 1 :]
        low.views[output] = View(view.store, output.shape, strides, view.offset
                                 + number * view.strides[axis])


@lowers("tile")
def _tile(low: Lowering, equation: Equation) -> None:
    view, reps = low.view(equation.inputs[0]), equation.params["reps"]
    sizes = [n for pair in zip(reps, view.shape, strict=True) for n in pair]
    strides = [n for stride in view.strides for n in (0, stride)]
    repeated = View(view.store, tuple(sizes), tuple(strides), view.offset)
    shape = equation.outputs[0].shape
    seen = repeated.reshaped(shape) or low.copied(repeated).reshaped(shape)
    assert seen is not None
    low.views[equation.outputs[0]] = seen
