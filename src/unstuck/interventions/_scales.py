"""The layers that bring data to a common scale, made from rows and written as code.

Numbers have six significant digits, so that the layer tested and the layer written are the same; a mean
that is large against the spread around it, and what `adapt` would find, have as many as float32 holds.
The statistics are those of the numbers as float32 has them, which is what the layer sees.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unstuck.base.errors import NotSupported
from unstuck.base.remembered import once
from unstuck.network.layers import Insertion
from unstuck.network.recipe import Units
from unstuck.script import Call, Script

from . import _source as source

MOST_FEATURES = 64
"""Up to so many features, a mean and a variance each can be written out in a script."""

NEAR = 0.1
"""Columns whose mean is so near to 0 and whose spread is so near to 1, as a share, stay as they are."""

_ENOUGH_FOR_COMMON = 16
_GREY = 255
"""The largest grey level; where none of the pixels has it, some come near."""


def input_scaling(x: NDArray[Any], anchor: str) -> Insertion:
    """A layer behind `anchor` that brings rows like `x` (rows, ..., features) to unit scale.

    Features with scales of their own get a Normalization; pixels and the like, which share one, a
    Rescaling that divides by the largest value, or takes the mean away where none is near 0.

    Raises:
        NotSupported: there are no finite numbers in the rows, or they are at unit scale already.
    """
    # Asked for with each set of changes; of many rows it takes a second.
    found = once(x, f"scaling {anchor}", lambda: _scaling_or_why(x, anchor))
    if isinstance(found, str):
        raise NotSupported(found)
    return found


def _scaling_or_why(x: NDArray[Any], anchor: str) -> Insertion | str:
    try:
        return _scaling(x, anchor)
    except NotSupported as error:
        return str(error)


def _scaling(x: NDArray[Any], anchor: str) -> Insertion:
    if x.dtype == bool:
        raise NotSupported("The inputs are 0 and 1 already.")
    values = _singles(x)
    features = values.reshape(-1, values.shape[-1]) if values.ndim > 1 else values[:, None]
    image = values.ndim > 3 or features.shape[1] > MOST_FEATURES
    if image or _share_a_scale(features) or (values.ndim > 2 and _are_alike(features)):
        scale = _one_scale(features)
        if scale == {"scale": 1.0, "offset": 0.0}:
            raise NotSupported("The inputs go up to 1 already.")
        return Insertion(anchor=anchor, where="after", kind="Rescaling", config=scale)
    statistics = column_statistics(x if x.ndim > 1 else x[:, None])
    if np.max(np.abs(statistics["mean"])) <= NEAR and np.max(
            np.abs(np.log(statistics["variance"]))) <= 2 * NEAR:
        raise NotSupported("The inputs are at unit scale already.")
    return Insertion(anchor=anchor, where="after", kind="Normalization", config=statistics)


def as_rescaling(scaling: Insertion) -> Insertion:
    """The same layer as a Rescaling.

    A Normalization that is built while a step is traced, as in a subclassed model, keeps what is
    only valid there; a Rescaling keeps numbers.
    """
    if scaling.kind == "Rescaling":
        return scaling
    mean, variance = (np.asarray(scaling.config[key]) for key in ("mean", "variance"))
    config = {"scale": _tidy(variance**-0.5),
              "offset": _tidy(-mean * variance**-0.5, against=np.ones_like(mean))}
    return replace(scaling, kind="Rescaling", config=config)


def column_statistics(rows: NDArray[Any]) -> dict[str, Any]:
    """The arguments of a Normalization that brings the columns (the last axis) to unit scale.

    They are those of `adapt`, as float32 holds them; but a column that is constant keeps its unit.
    """
    values = _numbers(rows)
    axes = tuple(range(values.ndim - 1))
    mean, variance = np.nanmean(values, axis=axes), np.nanvar(values, axis=axes)
    return {"mean": _shortest(mean), "variance": _shortest(np.where(variance == 0, 1.0, variance))}


def _shortest(values: NDArray[np.float64]) -> list[float]:
    """The shortest decimals that are these numbers in float32."""
    return [float(str(value)) for value in values.astype(np.float32)]


def target_scaling(y: NDArray[Any], anchor: str, *, by_column: bool) -> Insertion:
    """A Rescaling behind `anchor` from standard units to the units of `y` (rows, ...).

    `by_column`: a column of a two-dimensional `y` has a scale of its own where there are not too
    many.

    Raises:
        NotSupported: there are no finite numbers in the rows.
    """
    values = _numbers(y)
    by_column = by_column and values.ndim == 2 and 1 < values.shape[1] <= MOST_FEATURES
    axis = 0 if by_column else None
    spread = np.nanstd(values, axis=axis)
    scale, offset = np.where(spread > 0, spread, 1.0), np.nanmean(values, axis=axis)
    if not np.ptp(scale):  # one number says it
        scale = np.max(scale)
    config = {"scale": _tidy(scale), "offset": _tidy(np.asarray(offset), against=scale)}
    return Insertion(anchor=anchor, where="after", kind="Rescaling", config=config)


def target_units(y: NDArray[Any]) -> Units:
    """The mean and the spread of targets (rows, ...), of each column where there are several.

    Raises:
        NotSupported: there are values that are no finite numbers, or a column is constant.
    """
    values = _numbers(y)
    axis = 0 if values.ndim == 2 and values.shape[1] > 1 else None
    mean, spread = np.mean(values, axis=axis), np.std(values, axis=axis)
    if not (np.isfinite(mean).all() and np.all(spread > 0)):
        raise NotSupported("Targets with missing values, or that are all the same, have no scale.")
    if axis is None:
        return Units(mean=float(mean), spread=float(spread))
    return Units(mean=tuple(map(float, np.ravel(mean))), spread=tuple(map(float, np.ravel(spread))))


def layer_code(
    script: Script, call: Call, new: Insertion, *, name: str | None = None
) -> tuple[str, source.Edits]:
    """The source of a scaling layer as written at a call, called `name`, and the import it needs."""
    kind, imports = source.keras_name(script, call, f"layers.{new.kind}")
    called = {} if name is None else {"name": source.quoted(script, name)}
    arguments = {**_arguments(new.config), **called}
    return source.make(kind, arguments, indent=source.indentation(script, call)), imports


def shown(value: float) -> str:
    """A size as a comment tells it: 5,023 or 0.0123."""
    return f"{value:,.0f}" if 100 <= abs(value) < 1e10 else f"{value:.3g}"


def _arguments(config: Mapping[str, Any]) -> dict[str, str]:
    return {
        key: _code(value)
        for key, value in config.items()
        if not (key == "offset" and value == 0.0)
    }


def _code(value: Sequence[float] | float) -> str:
    """The numbers; one that is 1 by a whole number, such as a scale of pixels, as this fraction."""
    if isinstance(value, Sequence):
        return f"[{', '.join(map(repr, value))}]"
    whole = round(1 / value) if 0 < abs(value) < 1 else 0
    if whole and value == 1 / whole:
        return f"1 / {whole}"
    return repr(value)


def _numbers(array: NDArray[Any]) -> NDArray[np.float64]:
    return _singles(array).astype(np.float64)


def _singles(array: NDArray[Any]) -> NDArray[np.float32]:
    """The numbers as float32 holds them; the array itself where it is that, since rows may be many."""
    if not np.issubdtype(array.dtype, np.number) and array.dtype != bool:
        raise NotSupported(f"Values of type {array.dtype} have no scale.")
    with np.errstate(over="ignore"):
        values = np.asarray(array, dtype=np.float32)
    ends = (values.min(), values.max()) if values.size else (np.nan, np.nan)
    if np.isinf(ends).any() or (np.isnan(ends).any() and (
            np.isinf(values).any() or np.isnan(values).all(axis=0).any())):
        raise NotSupported("The values are not all finite; their scale is not known.")
    return values


def _share_a_scale(features: NDArray[np.float32]) -> bool:
    """Many non-negative columns of whole numbers, most of which reach half of the largest value."""
    if features.shape[1] < _ENOUGH_FOR_COMMON or np.nanmin(features) < 0:
        return False
    tops = np.nanmax(features, axis=0)
    finite = features[np.isfinite(features)]
    return bool(np.median(tops) >= tops.max() / 2) and np.array_equal(finite, np.floor(finite))


def _are_alike(features: NDArray[np.float32]) -> bool:
    """Non-negative columns that go up about as far and spread about as much, as those of a picture."""
    spreads, tops = np.nanstd(features, axis=0, dtype=np.float64), np.nanmax(features, axis=0)
    return bool(features.shape[1] > 1 and np.nanmin(features) >= 0
                and tops.min() >= tops.max() / 2 and spreads.min() >= spreads.max() / 2)


def _one_scale(features: NDArray[np.float32]) -> dict[str, float]:
    """One scale for all: by the largest value where values go from near 0 up, as pixels do.

    Else by mean and spread: divided by the largest, values around an offset would all be about 1.
    """
    low, top = float(np.nanmin(features)), float(np.nanmax(features))
    if top > 0 and (0 <= low <= top / 2 or low == top):
        by = round_top(top)
        scale = 1 / by if by == round(by) else source.two_digits(1 / top, math.floor)
        return {"scale": scale, "offset": 0.0}
    mean = float(np.nanmean(features, dtype=np.float64))
    spread = float(np.nanstd(features, dtype=np.float64)) or 1.0
    scale = source.two_digits(1 / spread)
    return {"scale": scale, "offset": _rounded(-mean * scale, against=1.0)}


def round_top(top: float) -> float:
    """What rows that go up to `top` are divided by: a round number that is no smaller.

    What says by itself what the values are stays: up to 100, grey levels, powers of two less 1.
    """
    if _GREY - 15 <= top <= _GREY:
        return float(_GREY)
    known = top == round(top) and (top <= 100 or (int(top) + 1).bit_count() == 1)
    return top if known else float(source.two_digits(top, math.ceil))


def _tidy(values: NDArray[np.float64], against: Any = np.inf) -> list[float] | float:
    rounded: list[float] | float = np.vectorize(_rounded)(values, against).tolist()
    return rounded


def _rounded(value: float, against: float = np.inf) -> float:
    """To six digits; to what float32 holds where that would be off by a thousandth of `against`."""
    short = float(f"{value:.6g}")
    return short if abs(value - short) <= 1e-3 * against else float(str(np.float32(value)))
