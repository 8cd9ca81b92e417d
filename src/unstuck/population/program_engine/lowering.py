"""From equations to instructions of the machine, by a function for each kind of equation.

An equation's result is a `View`; many equations only make another view and compute nothing. Elementwise
equations become `Pointwise`, which `fusion` puts together; all others are `Instruction`s at once.
Arrays may lie in any order of their axes: an elementwise result lies as its operands lie, so that the
order in which convolutions like them carries through a network by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from unstuck.base.errors import NotSupported

from .graph import DTYPES, Array, Equation, Graph, Kind, Value, is_uniform
from .views import Shape, Store, View, laid, merged, row_strides

Node = Any
"""A `Pointwise` or an `Instruction`."""
Word = Any
"""A number, a `Store`, which becomes the number of its slot, or a body, a list of nodes."""


@dataclass(frozen=True, eq=False)
class Pointwise:
    """One elementwise step: views in the order of the output's memory, each as flat as it gets."""

    step: str
    inputs: tuple[View, ...]
    output: Store


@dataclass(frozen=True, eq=False)
class Instruction:
    """An operation of the machine with its words; which stores it reads and writes, bodies included."""

    operation: str
    words: Sequence[Word]
    reads: tuple[Store, ...]
    writes: tuple[Store, ...]


TURNED = 1024
"""Numbers from which an array that lies in another order is better copied than read across."""

Handler = Callable[["Lowering", Equation], None]
HANDLERS: dict[str, Handler] = {}
"""By the name of the equation's operation."""


def lowers(*names: str) -> Callable[[Handler], Handler]:
    """Register a handler for these operations."""
    def register(handler: Handler) -> Handler:
        for name in names:
            HANDLERS[name] = handler
        return handler

    return register


@dataclass(eq=False)
class Constants:
    """Constants of a program, each once."""

    arrays: list[Array] = field(default_factory=list)
    _known: dict[Any, Store] = field(default_factory=dict)

    def store(self, array: Array) -> Store:
        """Where an array lies, as four-byte numbers in a row."""
        wide = array.astype(np.int32) if array.dtype == np.bool_ else array
        raw = np.ascontiguousarray(wide).reshape(-1).view(np.uint32)
        key = raw.tobytes()
        if key not in self._known:
            self._known[key] = Store(raw.size, "constant", len(self.arrays))
            self.arrays.append(raw)
        return self._known[key]


class Lowering:
    """Collects the nodes of one body; a loop's body is lowered by one of its own (`inner`)."""

    def __init__(self, constants: Constants, views: Mapping[Value, View] | None = None) -> None:
        self.constants = constants
        self.views: dict[Value, View] = dict(views or {})
        self.nodes: list[Node] = []
        self._copies: dict[Any, View] = {}

    def inner(self, views: Mapping[Value, View]) -> Lowering:
        """For a body that knows these views."""
        return Lowering(self.constants, views)

    def take(self, graph: Graph) -> None:
        """Lower all equations. Raises NotSupported, naming the operation."""
        for value, array in graph.constants.items():
            self.views[value] = self._constant(array)
        for equation in graph.equations:
            handler = HANDLERS.get(equation.op)
            if handler is None:
                raise NotSupported(f"The program engine does not know the operation {equation.op}")
            handler(self, equation)

    def _constant(self, array: Array) -> View:
        if is_uniform(array):
            one = self.constants.store(array.reshape(-1)[:1])
            return View(one, array.shape, (0,) * array.ndim)
        return View(self.constants.store(array), array.shape, row_strides(array.shape))

    def scalar(self, number: float, kind: Kind = "f", shape: Shape = ()) -> View:
        """One number in that shape."""
        return self._constant(np.broadcast_to(np.asarray(number, DTYPES[kind]), shape))

    def view(self, value: Value) -> View:
        """Where a value lies."""
        return self.views[value]

    def emit(
        self, operation: str, words: Sequence[Word], reads: Sequence[Store], writes: Sequence[Store]
    ) -> None:
        """Append an instruction."""
        self.nodes.append(Instruction(operation, words, tuple(reads), tuple(writes)))

    def new(self, shape: Shape, order: Sequence[int] | None = None) -> View:
        """Room for an array, its axes in that order in memory."""
        size = int(np.prod(shape, dtype=np.int64))
        return laid(Store(max(1, size)), shape, range(len(shape)) if order is None else order)

    def copied(self, view: View, order: Sequence[int] | None = None) -> View:
        """A copy whose axes lie in that order; made once for a view."""
        axes = tuple(range(len(view.shape)) if order is None else order)
        key = (id(view.store), view.offset, view.shape, view.strides, axes)
        if key not in self._copies:
            copy = self.new(view.shape, axes)
            self.move(view, copy)
            self._copies[key] = copy
        return self._copies[key]

    def move(self, view: View, to: View) -> None:
        """Copy numbers from view to view, of the same shape."""
        if view.size == 0:
            return
        axes = sorted(range(len(to.shape)), key=lambda i: -abs(to.strides[i]))
        sizes, (a, b) = merged([to.shape[i] for i in axes], [view.strides[i] for i in axes],
                               [to.strides[i] for i in axes])
        self.emit("move", [view.store, view.offset, to.store, to.offset, len(sizes), *sizes, *a, *b],
                  [view.store], [to.store])

    def in_row(self, view: View) -> View:
        """As numpy would lay it, somewhere in a store."""
        return view if view.in_row else self.copied(view)

    def whole(self, view: View, order: Sequence[int] | None = None) -> View:
        """Alone in its store, its axes in that order."""
        axes = tuple(range(len(view.shape)) if order is None else order)
        here = view.order
        if here is not None and _same_order(view.shape, here, axes):
            return laid(view.store, view.shape, axes)
        return self.copied(view, axes)

    def dense(self, view: View) -> View:
        """Alone in its store, its axes in whichever order."""
        return view if view.order is not None else self.copied(view, _nearest(view))

    def pointwise(self, step: str, *inputs: View, order: Sequence[int] | None = None) -> View:
        """The result of an elementwise step on views of one shape."""
        shape = inputs[0].shape
        axes = tuple(_common_order(inputs) if order is None else order)
        output = self.new(shape, axes)
        flat = tuple(_flat(self._readable(view, axes), axes) for view in inputs)
        self.nodes.append(Pointwise(step, flat, output.store))
        return output

    def _readable(self, view: View, axes: tuple[int, ...]) -> View:
        """A view that is read in that order without jumping about in memory: else a copy, made once."""
        here = view.order
        if here is None or view.size < TURNED or _same_order(view.shape, here, axes):
            return view
        return self.copied(view, axes)


def _same_order(shape: Shape, one: Sequence[int], other: Sequence[int]) -> bool:
    return [i for i in one if shape[i] != 1] == [i for i in other if shape[i] != 1]


def _nearest(view: View) -> tuple[int, ...]:
    """The order that a view's axes are nearest to in memory."""
    return tuple(sorted(range(len(view.shape)), key=lambda i: (-abs(view.strides[i]), i)))


def _common_order(inputs: Sequence[View]) -> tuple[int, ...]:
    """The order in which a result lies best: as most of the operands lie that are whole."""
    axes = tuple(range(len(inputs[0].shape)))
    found: dict[tuple[int, ...], int] = {}
    for view in inputs:
        order = view.order
        if order is not None and view.size > 1 and view.store.place != "constant":
            found[order] = found.get(order, 0) + 1
    if not found:
        return axes
    # Of equals the one that is not as numpy has it: what was not made so on purpose can be copied.
    return max(found, key=lambda order: (found[order], order != axes))


def _flat(view: View, axes: Sequence[int]) -> View:
    """A view with its axes in that order and as few of them as there can be."""
    sizes, (strides,) = merged([view.shape[i] for i in axes], [view.strides[i] for i in axes])
    return View(view.store, tuple(sizes), tuple(strides), view.offset)


def reads_of(node: Node) -> tuple[Store, ...]:
    """The stores that a node reads."""
    if isinstance(node, Pointwise):
        return tuple(view.store for view in node.inputs)
    return tuple(node.reads)


def writes_of(node: Node) -> tuple[Store, ...]:
    """The stores that a node writes."""
    return (node.output,) if isinstance(node, Pointwise) else tuple(node.writes)
