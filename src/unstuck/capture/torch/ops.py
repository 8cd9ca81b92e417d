"""The operations that lead from rows and parameters to a loss, as torch's functions were called.

A tensor that an operation was given is a `Ref` to the operation that made it, or a `Leaf`: a parameter,
or data. Everything else among the arguments is kept as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unstuck.script import Span


@dataclass(frozen=True, eq=False)
class Leaf:
    """A tensor that no operation of the graph made.

    `values` are its numbers when the operation read it; `parameter`: it is one, trained or frozen;
    `kept`: it is a module's own, as a buffer is; `unheard`: it was computed by what is not known.
    Where a script flattened rows before the operation read them, `values` are the rows, and `shape`
    is the one that was read.
    """

    tensor: Any
    parameter: bool
    values: NDArray[Any] | None = None
    kept: bool = False
    unheard: bool = False
    shape: tuple[int, ...] = ()


@dataclass(eq=False)
class Op:
    """One call of a function of torch's.

    `name` is the function's ("linear", "relu", "view"), `modules` are those being called, the
    outermost first. `shapes` and `dtypes` are those of each tensor that came out. `cut`: something
    with a slope went in, and nothing with a slope came out. `fixed`: what came out hangs on neither
    rows nor parameters, and is `values`. Otherwise `values` are what went in and came out, where it
    draws random numbers; `before` what it wrote over; `number` counts the operations of the script.
    """

    name: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    modules: tuple[Any, ...]
    span: Span | None
    shapes: list[tuple[int, ...]] = field(default_factory=list)
    dtypes: list[str] = field(default_factory=list)
    fixed: bool = False
    values: list[Any] = field(default_factory=list)
    cut: bool = False
    before: dict[str, NDArray[Any]] = field(default_factory=dict)
    number: int = 0

    @property
    def inputs(self) -> list[Ref | Leaf]:
        """The tensors among its arguments, in their order."""
        return list(_tensors((self.args, self.kwargs)))

    @property
    def operands(self) -> list[Ref]:
        """Those that other operations made."""
        return [one for one in self.inputs if isinstance(one, Ref)]

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of what comes out first."""
        return self.shapes[0] if self.shapes else ()

    @property
    def whole(self) -> str:
        """Keras's word for the type of what comes out first."""
        kind = self.dtypes[0] if self.dtypes else "float32"
        return "float32" if "float" in kind else "bool" if kind == "bool" else "int32"


@dataclass(frozen=True, eq=False)
class Ref:
    """What an operation put out, at a place among its outputs."""

    op: Op
    at: int = 0


@dataclass(frozen=True, kw_only=True, eq=False)
class Graph:
    """The operations that a loss came from, in their order, and the loss's value."""

    ops: Sequence[Op]
    loss: Ref
    value: float

    @property
    def marks(self) -> list[tuple[Any, ...]]:
        """Equal for two updates that computed the same."""
        return [(op.name, len(op.inputs), tuple(len(shape) for shape in op.shapes)) for op in self.ops]


def graph_of(loss: Ref, value: float) -> Graph:
    """All that a loss came from."""
    seen: dict[int, Op] = {}
    waiting = [loss.op]
    order: list[Op] = []
    while waiting:
        op = waiting.pop()
        if id(op) in seen:
            continue
        seen[id(op)] = op
        order.append(op)
        waiting += [ref.op for ref in op.operands]
    return Graph(ops=sorted(order, key=lambda op: op.number), loss=loss, value=value)


def _tensors(tree: Any) -> Iterator[Ref | Leaf]:
    if isinstance(tree, Ref | Leaf):
        yield tree
    elif isinstance(tree, dict):
        for one in tree.values():
            yield from _tensors(one)
    elif isinstance(tree, list | tuple):
        for one in tree:
            yield from _tensors(one)


def array(tensor: Any) -> NDArray[Any]:
    """A copy of a tensor's numbers; those of half precision, which numpy lacks, in float32."""
    given = tensor.detach().cpu()
    return np.array((given.float() if "float16" in str(given.dtype) else given).numpy())
