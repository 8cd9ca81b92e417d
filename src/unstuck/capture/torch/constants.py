"""Numbers that a forward pass makes of nothing, and that are as many as its rows.

`torch.zeros(x.size(0), hidden)` has a row for each row of the batch. Where all of them are equal, it
is one row that is stretched over however many rows there are.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import ops
from numpy.typing import NDArray


def by_row(array: NDArray[Any], count: int, entry: Any) -> Any:
    """An array, as a tensor with as many rows as an input where it has `count` equal rows.

    Args:
        array: the numbers.
        count: how many rows the batch has that they were made in.
        entry: an input of rows.
    """
    for axis in range(min(2, array.ndim)):
        first = np.take(array, [0], axis=axis)
        if count > 1 and array.shape[axis] == count and (array == first).all():
            size = int(np.prod(entry.shape[1:]))
            flat = ops.reshape(entry, (-1, size))[:, :1] if size else entry
            around = [1] * array.ndim
            around[axis] = -1
            zeros = ops.reshape(ops.zeros_like(flat), around)
            return ops.cast(zeros, str(first.dtype)) + first if first.dtype != bool else (
                ops.logical_or(ops.cast(zeros, "bool"), first))
    return array


def is_count(array: NDArray[Any] | None, count: int) -> bool:
    """True for 0, 1, 2 … as many as there are rows."""
    return array is not None and np.array_equal(array, np.arange(count))
