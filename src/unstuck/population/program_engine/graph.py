"""A traced computation in words of ours: arrays, equations between them, bodies of loops.

It is what `tracing` makes of JAX's own language and all that the rest of this package knows of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Kind = Literal["f", "i", "u", "b"]
"""float32, int32, uint32, bool. Each takes four bytes in the machine."""
DTYPES: Mapping[Kind, Any] = {"f": np.float32, "i": np.int32, "u": np.uint32, "b": np.bool_}


@dataclass(frozen=True, eq=False)
class Value:
    """An array that an equation takes or gives; every one is given once."""

    shape: tuple[int, ...]
    kind: Kind

    @property
    def size(self) -> int:
        """How many numbers."""
        return int(np.prod(self.shape, dtype=np.int64))


@dataclass(frozen=True, eq=False)
class Equation:
    """`outputs = op(inputs)`; `bodies` are those of loops and branches."""

    op: str
    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]
    params: Mapping[str, Any] = field(default_factory=dict)
    bodies: tuple[Graph, ...] = ()


@dataclass(frozen=True, eq=False)
class Graph:
    """Equations in order. `constants` may be views of one number; bodies may use values of outside."""

    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]
    equations: Sequence[Equation]
    constants: Mapping[Value, Array]


def is_uniform(array: Array) -> bool:
    """True where one number is seen everywhere, by the strides."""
    return bool(array.size) and all(
        n == 1 or s == 0 for n, s in zip(array.shape, array.strides, strict=True))
