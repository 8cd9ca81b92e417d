"""A few of the judged rows, as numbers or as small images."""

from __future__ import annotations

import base64
import math
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from unstuck.goal import Goal
from unstuck.network.recipe import Recipe
from unstuck.result.pictures import Image, Sample

Array = NDArray[Any]

ALL_UP_TO = 16
"""Judged rows that are all shown."""
IMAGES, ROWS = 10, 48
"""How many are shown of more rows: images, and rows of numbers."""
LOOKED_AT = 256
"""Most rows that are sent through a replica to see which of its units are dead."""
LONGEST = 16
"""Most numbers of an input or a target that are kept."""
WIDEST = 32
"""Most pixels of an image on a side."""
SMOOTH = 0.75
"""Neighbouring pixels of pictures differ by less than this share of what distant ones do."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Shown:
    """The samples; `looked_at` are the rows to send through a network, `places` the samples in it.

    `rows` are the samples' places among the judged rows. `shape` is that of output images
    (height, width, channels), with `low` and `high` as black and white; `None` where there are none.
    """

    samples: tuple[Sample, ...]
    rows: Array
    places: tuple[int, ...]
    looked_at: Any
    shape: tuple[int, int, int] | None = None
    low: float = 0.0
    high: float = 1.0

    def as_images(self, outputs: Array) -> tuple[Image, ...]:
        """Outputs [sample, number] as images; none where they are no images."""
        if self.shape is None or outputs.shape[1] != math.prod(self.shape):
            return ()
        return tuple(_image(row.reshape(self.shape), self.low, self.high) for row in outputs)


def shown_rows(recipe: Recipe, goal: Goal) -> Shown:
    """Pick the samples: all of a few rows, otherwise some evenly spread."""
    count = goal.judged_rows
    parts = [np.asarray(part) for part in keras.tree.flatten(goal.inputs)]
    targets = np.asarray(goal.task.targets)
    shape = image_shape(parts[0]) if len(parts) == 1 else None
    target_shape = image_shape(targets.reshape(parts[0].shape)) if shape is not None and (
        targets.size == parts[0].size) else None
    wanted = count if count <= ALL_UP_TO else IMAGES if shape is not None else ROWS
    rows = np.unique(np.linspace(0, count - 1, min(count, wanted)).round().astype(int))
    looked = np.union1d(rows, np.linspace(0, count - 1, min(count, LOOKED_AT)).astype(int))
    low, high = _range(parts[0]) if shape is not None else (0.0, 1.0)
    flat = goal.flat_inputs
    flat_targets = targets.reshape(count, -1)
    held = (goal.weights[1] == 0) & (goal.weights[2] > 0)
    samples = []
    for row in rows:
        image = None if shape is None else _image(parts[0][row].reshape(shape), low, high)
        clean = target_shape is not None and not goal.is_autoencoder
        samples.append(Sample(
            input=_short(flat[row]) if image is None else (), image=image,
            target=() if target_shape is not None else _short(flat_targets[row]),
            target_image=_image(flat_targets[row].reshape(shape), low, high)
            if clean and shape is not None else None,
            held=bool(held[row]),
        ))
    return Shown(
        samples=tuple(samples), rows=rows, places=tuple(np.searchsorted(looked, rows).tolist()),
        looked_at=keras.tree.map_structure(lambda a: np.asarray(a)[looked], goal.inputs),
        shape=target_shape, low=low, high=high,
    )


def image_shape(rows: Array) -> tuple[int, int, int] | None:
    """(height, width, channels) where rows are pictures, `None` where they are anything else.

    Four axes with one or three channels are taken as pictures. Three axes, and flat rows of a
    square number of pixels, only where neighbours differ less than distant pixels do, along both
    axes: a table of 64 columns is no picture.
    """
    if rows.ndim == 4 and rows.shape[3] in (1, 3) and min(rows.shape[1:3]) >= 5:
        return int(rows.shape[1]), int(rows.shape[2]), int(rows.shape[3])
    if rows.ndim == 3 and min(rows.shape[1:]) >= 7:
        height, width = rows.shape[1:]
    elif rows.ndim == 2 and rows.shape[1] >= 49 and math.isqrt(rows.shape[1]) ** 2 == rows.shape[1]:
        height = width = math.isqrt(rows.shape[1])
    else:
        return None
    pictures = rows.reshape(len(rows), height, width)[:256].astype(float)
    usual = _differences(pictures, height // 2, width // 2)
    near = max(_differences(pictures, 1, 0), _differences(pictures, 0, 1))
    return (height, width, 1) if np.isfinite(usual) and 0 < near < SMOOTH * usual else None


def _differences(pictures: Array, down: int, right: int) -> float:
    """Mean difference of pixels that far apart."""
    height, width = pictures.shape[1:]
    moved = pictures[:, down:, right:]
    return float(np.abs(moved - pictures[:, : height - down, : width - right]).mean())


def _range(values: Array) -> tuple[float, float]:
    finite = values[np.isfinite(values)].astype(float)
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    return low, high if high > low else low + 1.0


def _image(picture: Array, low: float, high: float) -> Image:
    """At most `WIDEST` pixels on a side, each the mean of those it stands for."""
    small = picture.astype(float)
    for axis in (0, 1):
        size = small.shape[axis]
        if size > WIDEST:
            edges = np.linspace(0, size, WIDEST + 1).astype(int)
            total = np.add.reduceat(small, edges[:-1], axis=axis)
            small = total / np.diff(edges).reshape([-1 if a == axis else 1 for a in range(3)])
    scaled = np.nan_to_num(np.clip((small - low) / (high - low), 0, 1))
    pixels = np.round(255 * scaled).astype(np.uint8)
    return Image(width=pixels.shape[1], height=pixels.shape[0], channels=pixels.shape[2],
                 pixels=base64.b64encode(pixels.tobytes()).decode())


def _short(values: Array) -> tuple[float, ...]:
    if len(values) > LONGEST:
        return ()
    return tuple(float(f"{float(value):.6g}") for value in values)
