"""Arrays in memory as they are seen: a store, a place in it, and a stride for each axis.

Transposition, broadcasting, slicing and reversing only change how a store is seen. Places and strides
count numbers, not bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Shape = tuple[int, ...]


@dataclass(eq=False)
class Store:
    """Numbers in a row that lie somewhere: in the arena, or as a constant, an input, an output.

    `number` counts constants, inputs and outputs; the plan sets it to the offset for the arena.
    """

    size: int
    place: Literal["arena", "constant", "input", "output", "moving"] = "arena"
    number: int = 0


@dataclass(frozen=True)
class View:
    """A store as an array of that shape."""

    store: Store
    shape: Shape
    strides: Shape
    offset: int = 0

    @property
    def size(self) -> int:
        """How many numbers."""
        return product(self.shape)

    @property
    def order(self) -> Shape | None:
        """The axes from the outermost to the innermost in memory where nothing is left out, nor seen
        twice, from the beginning of the store to its end; else `None`."""
        if self.size != self.store.size or self.offset:
            return None
        axes = sorted(range(len(self.shape)), key=lambda i: (-self.strides[i], self.shape[i] == 1, i))
        step = 1
        for axis in reversed(axes):
            if self.shape[axis] != 1:
                if self.strides[axis] != step:
                    return None
                step *= self.shape[axis]
        return tuple(axes)

    @property
    def in_row(self) -> bool:
        """True where it lies as numpy would lay it, somewhere in the store."""
        return all(n == 1 or s == t for n, s, t in
                   zip(self.shape, self.strides, row_strides(self.shape), strict=True))

    @property
    def is_one(self) -> bool:
        """True where every number is the same place."""
        return all(n == 1 or s == 0 for n, s in zip(self.shape, self.strides, strict=True))

    def transposed(self, axes: Sequence[int]) -> View:
        """With its axes in that order."""
        return View(self.store, tuple(self.shape[i] for i in axes),
                    tuple(self.strides[i] for i in axes), self.offset)

    def broadcast(self, shape: Shape) -> View:
        """Seen in that shape: axes of size one are repeated."""
        strides = tuple(0 if n == 1 and m != 1 else s
                        for n, m, s in zip(self.shape, shape, self.strides, strict=True))
        return View(self.store, shape, strides, self.offset)

    def reshaped(self, shape: Shape) -> View | None:
        """In another shape, numbers in the same order; `None` where that needs a copy."""
        if self.size == 0:
            return View(self.store, shape, row_strides(shape), self.offset)
        old = [(n, s) for n, s in zip(self.shape, self.strides, strict=True) if n != 1]
        new = [n for n in shape if n != 1]
        strides: list[int] = []
        i = j = 0
        while i < len(old) and j < len(new):
            end_i, end_j, of_old, of_new = i + 1, j + 1, old[i][0], new[j]
            while of_old != of_new:
                if of_old < of_new:
                    of_old *= old[end_i][0]
                    end_i += 1
                else:
                    of_new *= new[end_j]
                    end_j += 1
            for k in range(i, end_i - 1):
                if old[k][1] != old[k + 1][0] * old[k + 1][1]:
                    return None
            step = old[end_i - 1][1]
            part: list[int] = []
            for n in reversed(new[j:end_j]):
                part.append(step)
                step *= n
            strides += reversed(part)
            i, j = end_i, end_j
        rest = iter(strides)
        return View(self.store, shape, tuple(0 if n == 1 else next(rest) for n in shape), self.offset)


def product(sizes: Sequence[int]) -> int:
    """Of whole numbers."""
    result = 1
    for n in sizes:
        result *= n
    return result


def row_strides(shape: Shape) -> Shape:
    """Strides of an array that lies as numpy lays it."""
    strides, step = [], 1
    for n in reversed(shape):
        strides.append(step)
        step *= n
    return tuple(reversed(strides))


def laid(store: Store, shape: Shape, order: Sequence[int]) -> View:
    """A whole store as an array whose axes lie in that order in memory."""
    strides, step = [0] * len(shape), 1
    for axis in reversed(order):
        strides[axis] = step
        step *= shape[axis]
    return View(store, shape, tuple(strides))


def merged(sizes: Sequence[int], *strides: Sequence[int]) -> tuple[list[int], list[list[int]]]:
    """Axes of size one left out and axes that lie behind one another made one, in all strides alike.

    Returns at least one axis.
    """
    out_sizes: list[int] = []
    out: list[list[int]] = [[] for _ in strides]
    for axis, n in enumerate(sizes):
        if n == 1:
            continue
        here = [s[axis] for s in strides]
        if out_sizes and all(o[-1] == n * h for o, h in zip(out, here, strict=True)):
            out_sizes[-1] *= n
            for o, h in zip(out, here, strict=True):
                o[-1] = h
        else:
            out_sizes.append(n)
            for o, h in zip(out, here, strict=True):
                o.append(h)
    if not out_sizes:
        return [1], [[0] for _ in strides]
    return out_sizes, out
