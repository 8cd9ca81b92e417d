"""A function that was traced once, as a program that the machine runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np

from . import (  # noqa: F401 - the families register what they lower
    contractions,
    lookups,
    loops,
    machine,
    pointwise,
    randomness,
    reductions,
    shaping,
)
from .fusion import fused
from .graph import DTYPES, Array, Graph
from .lowering import Constants, Lowering, Node
from .planning import Lives, carried_in_place, planned
from .simplify import simplified
from .tracing import is_key, traced
from .views import Store, View, laid
from .writing import Writer

Tree = Any


def as_words(array: Any) -> Array:
    """An array as the machine takes it: four-byte numbers in a row."""
    array = np.asarray(array)
    if array.dtype.itemsize < 4:
        array = array.astype(np.int32)
    return np.ascontiguousarray(array).reshape(-1).view(np.uint32)


def typed(words: Array, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Words as an array of that shape and type."""
    array = words.view(dtype) if dtype.itemsize == 4 else words.view(np.int32).astype(dtype)
    return array.reshape(shape)


class Traced:
    """A function of trees of arrays for the machine.

    Raises:
        NotSupported: a part of the computation is not known to the machine; it is named.
    """

    def __init__(self, function: Callable[..., Any], *examples: Tree, carried: int = 0) -> None:
        """Trace.

        Args:
            function: takes and returns trees.
            examples: its arguments, or their shapes.
            carried: so many leaves of the result, from the first on, are what as many leaves of the
                arguments are the next time: they are written to the same places.
        """
        graph, self.shapes = traced(function, *examples)
        self.equations = len(graph.equations)
        graph = simplified(graph, evaluated)
        self.left = len(graph.equations)
        self._outputs = graph.outputs[carried:]
        self.native, self.nodes = _compiled(graph, carried)

    def results(self) -> list[Array]:
        """Room for what is returned and not carried, as words."""
        return [np.zeros(value.size, np.uint32) for value in self._outputs]

    def tree(self, words: Sequence[Array]) -> Tree:
        """The result as the function returns it, of types of four bytes; nothing may be carried."""
        leaves, structure = jax.tree.flatten(self.shapes)
        arrays = [_array(raw, value.shape, leaf.dtype)
                  for raw, value, leaf in zip(words, self._outputs, leaves, strict=True)]
        return jax.tree.unflatten(structure, arrays)

    def __call__(self, *arguments: Tree, kernel: str = "") -> Tree:
        """The function's result for those arguments."""
        leaves = [as_words(leaf) for leaf in jax.tree.leaves(arguments)]
        results = self.results()
        self.native.run(leaves, [], results, kernel)
        return self.tree(results)


def _array(words: Array, shape: tuple[int, ...], dtype: Any) -> Array:
    """Words as an array of that shape and type."""
    return words.reshape(shape) if is_key(dtype) else typed(words, shape, np.dtype(dtype))


def evaluated(graph: Graph) -> list[Array]:
    """The outputs of a graph without inputs."""
    native, _ = _compiled(graph, 0)
    results = [np.zeros(value.size, np.uint32) for value in graph.outputs]
    native.run([], [], results)
    return [_array(raw, value.shape, DTYPES[value.kind])
            for raw, value in zip(results, graph.outputs, strict=True)]


def _compiled(graph: Graph, carried: int) -> tuple[machine.Program, list[Node]]:
    constants = Constants()
    low = Lowering(constants)
    inputs = [Store(max(1, value.size), "input", i) for i, value in enumerate(graph.inputs)]
    for value, store in zip(graph.inputs, inputs, strict=True):
        low.views[value] = laid(store, value.shape, range(len(value.shape)))
    low.take(graph)
    views = [low.view(value) for value in graph.outputs]
    begin = low.inner({})
    for i, view in enumerate(views):
        # What is handed on unchanged from another place is copied before anything is overwritten.
        stays = i < carried and view.store is inputs[i] and _is_all(view)
        if view.store.place == "input" and not stays:
            views[i] = begin.copied(view)
    rows = [low.whole(view) for view in views]
    nodes = [*begin.nodes, *fused(low.nodes, {view.store for view in rows})]
    pairs = [(rows[i].store, inputs[i]) for i in range(carried)]
    done = carried_in_place(nodes, Lives.of(nodes), pairs)
    ends = low.inner({})
    for i in range(carried):
        if i not in done and rows[i].store is not inputs[i]:
            ends.move(rows[i], laid(inputs[i], rows[i].shape, range(len(rows[i].shape))))
    for number, view in enumerate(rows[carried:]):
        _handed_out(ends, view, number)
    nodes += ends.nodes
    arena = planned(nodes)
    writer = Writer()
    words = writer.words(nodes)
    native = machine.Program(
        np.asarray(words, np.int64), np.asarray(writer.slots, np.int64).reshape(-1, 2), max(arena, 64),
        constants.arrays, [4 * value.size for value in graph.inputs],
        [4 * value.size for value in graph.outputs[carried:]])
    return native, nodes


def _is_all(view: View) -> bool:
    return view.offset == 0 and view.size == view.store.size and view.in_row


def _handed_out(ends: Lowering, view: View, number: int) -> None:
    """Have an output where it is asked for."""
    output = Store(view.store.size, "output", number)
    ends.move(view, laid(output, view.shape, range(len(view.shape))))
