"""Products of matrices and convolutions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from unstuck.base.errors import NotSupported

from .graph import Equation
from .lowering import Lowering, lowers
from .reductions import MOST_TAPS
from .views import Shape, View, merged, product

SLACK = 64
"""Numbers behind a padded copy that may be read."""
NARROW = 4
"""Columns of a result below which its rows are the better ones to lie side by side."""


@lowers("dot_general")
def _dot(low: Lowering, equation: Equation) -> None:
    output = equation.outputs[0]
    if any(value.kind != "f" for value in equation.inputs) or output.kind != "f":
        raise NotSupported("The program engine multiplies matrices of float32 only")
    (left_sum, right_sum), (left_batch, right_batch) = equation.params["dimension_numbers"]
    a, b = (low.view(value) for value in equation.inputs)
    pairs = sorted(zip(left_sum, right_sum, strict=True), key=lambda pair: -abs(a.strides[pair[0]]))
    a, a_free = _prepared(low, a, left_batch, [i for i, _ in pairs])
    b, b_free = _prepared(low, b, right_batch, [j for _, j in pairs])
    if not _mergeable(b, [j for _, j in pairs]) or not _mergeable(a, [i for i, _ in pairs]):
        raise AssertionError("a copy lies in a row")
    batch = tuple(a.shape[i] for i in left_batch)
    m, a_m = _one(a, a_free)
    n, b_n = _one(b, b_free)
    k, a_k = _one(a, [i for i, _ in pairs])
    _, b_k = _one(b, [j for _, j in pairs])
    free = (tuple(a.shape[i] for i in a_free), tuple(b.shape[i] for i in b_free))
    if (b_n != 1 or n < NARROW) and a_m == 1 and m > n:
        # The transposed product, whose rows are the ones that lie side by side.
        a, b, m, n, a_m, a_k, b_k, b_n = b, a, n, m, b_n, b_k, a_k, a_m
        left_batch, right_batch, turned = right_batch, left_batch, True
    else:
        turned = False
    rows = low.new((*batch, m, n))
    sizes, strides = merged(batch, [a.strides[i] for i in left_batch],
                            [b.strides[i] for i in right_batch], rows.strides[: len(batch)])
    words: list[Any] = [a.store, a.offset, b.store, b.offset, rows.store, m, n, k, a_m, a_k, b_k, b_n,
                        len(sizes)]
    for i, size in enumerate(sizes):
        words += [size, *(s[i] for s in strides)]
    low.emit("product", words, [a.store, b.store], [rows.store])
    if turned:
        axes = (*range(len(batch)), len(batch) + 1, len(batch))
        rows = rows.transposed(axes)
    low.views[output] = _unfolded(rows, batch, free)


def _unfolded(rows: View, batch: Shape, free: tuple[Shape, Shape]) -> View:
    """The axes of rows and columns as they were."""
    strides = list(rows.strides[: len(batch)])
    for part, step in zip(free, rows.strides[len(batch) :], strict=True):
        inner = []
        for size in reversed(part):
            inner.append(step)
            step *= size
        strides += reversed(inner)
    return View(rows.store, (*batch, *free[0], *free[1]), tuple(strides))


def _prepared(
    low: Lowering, view: View, batch: Sequence[int], summed: Sequence[int]
) -> tuple[View, list[int]]:
    """A view whose free axes are one in memory, and whose summed axes are; and its free axes."""
    free = [i for i in range(len(view.shape)) if i not in batch and i not in summed]
    if not _mergeable(view, free) or not _mergeable(view, summed):
        view = low.copied(view, [*batch, *free, *summed])
    return view, free


def _mergeable(view: View, axes: Sequence[int]) -> bool:
    return len(merged([view.shape[i] for i in axes], [view.strides[i] for i in axes])[0]) == 1


def _one(view: View, axes: Sequence[int]) -> tuple[int, int]:
    """Those axes as one: its size and stride."""
    (size,), ((stride,),) = merged([view.shape[i] for i in axes], [view.strides[i] for i in axes])
    return size, stride


@lowers("conv_general_dilated")
def _convolve(low: Lowering, equation: Equation) -> None:
    params, output = equation.params, equation.outputs[0]
    if any(value.kind != "f" for value in equation.inputs):
        raise NotSupported("The program engine convolves float32 only")
    numbers = params["dimension_numbers"]
    x, w = (low.view(value) for value in equation.inputs)
    x_spec, w_spec, y_spec = numbers.lhs_spec, numbers.rhs_spec, numbers.out_spec
    places = len(x_spec) - 2
    if not 1 <= places <= 3:
        raise NotSupported(f"The program engine does not convolve over {places} axes")
    axes = [(1, 1, 1, 1, 0, 1, 1)] * (3 - places)
    for i in range(places):
        axes.append((x.shape[x_spec[2 + i]], output.shape[y_spec[2 + i]], w.shape[w_spec[2 + i]],
                     params["window_strides"][i], params["padding"][i][0],
                     params["lhs_dilation"][i], params["rhs_dilation"][i]))
    window, result = product([axis[2] for axis in axes]), product([axis[1] for axis in axes])
    groups, batches = params["feature_group_count"], params["batch_group_count"]
    by_rows = groups == 1 and (batches > 1 or window > result) and axes[0][2] * axes[1][2] <= MOST_TAPS
    if not by_rows and (batches > 1 or window > MOST_TAPS):
        raise NotSupported("The program engine does not take convolutions in windows so large")
    make = _by_rows if by_rows else _by_channels
    specs = x_spec, w_spec, y_spec
    low.views[output] = make(low, x, w, specs, output.shape, axes, max(groups, batches))


def _by_channels(
    low: Lowering, x: View, w: View, specs: Any, shape: Shape, axes: list[Any], groups: int
) -> View:
    """All places of a row side by side: forward, and by the input."""
    x_spec, w_spec, y_spec = specs
    x = low.whole(x, [*x_spec[2:-1], x_spec[1], x_spec[-1], x_spec[0]])
    w = low.whole(w, [*w_spec[2:], w_spec[1], w_spec[0]])
    y = low.new(shape, [*y_spec[2:-1], y_spec[1], y_spec[-1], y_spec[0]])
    batch, channels = x.shape[x_spec[0]], x.shape[x_spec[1]]
    scratch = low.new((_padded(axes, channels, batch, axes[2][3]),)).store
    low.emit("convolve", [x.store, x.offset, w.store, y.store, scratch, batch, groups,
                          channels // groups, shape[y_spec[1]] // groups,
                          *(n for axis in axes for n in axis)],
             [x.store, w.store], [y.store, scratch])
    return y


def _by_rows(
    low: Lowering, x: View, w: View, specs: Any, shape: Shape, axes: list[Any], groups: int
) -> View:
    """Sums over whole rows: by the kernel, whose window is the image and whose result is small."""
    x_spec, w_spec, y_spec = specs
    order = [*x_spec[2:-1], x_spec[0], x_spec[-1], x_spec[1]]
    x = low.whole(x, order)
    if x.store.place == "moving":  # zeros are written behind it, where the next one lies
        x = low.copied(x, order)
    w = low.whole(w, [*w_spec[2:-1], w_spec[0], w_spec[-1], w_spec[1]])
    y = low.new(shape, [*y_spec[2:], y_spec[0], y_spec[1]])
    batch, channels, outs = x.shape[x_spec[1]], x.shape[x_spec[0]], w.shape[w_spec[0]]
    length = axes[2][2] * batch
    rows = axes[0][2] * axes[1][2] * outs * (length + SLACK)
    scratch = low.new((rows + _padded(axes, channels, batch, axes[2][6]),)).store
    low.emit("correlate", [x.store, x.offset, w.store, w.offset, y.store, scratch, batch, groups,
                           channels // groups, outs // groups, *(n for axis in axes for n in axis)],
             [x.store, w.store], [y.store, scratch])
    return y


def _padded(axes: list[Any], channels: int, batch: int, phases: int) -> int:
    """Numbers of the padded copy, and of what may be read behind it."""
    sizes = [(axis[1] - 1) * axis[3] + (axis[2] - 1) * axis[6] + 1 for axis in axes]
    row = phases * -(-sizes[2] // phases) * batch
    return int(sizes[0] * sizes[1] * channels * row) + SLACK
