"""Loops and branches: their bodies are lists of nodes within an instruction.

What a body carries from one time to the next lies in a store for what comes in and another for what
goes out; the machine copies the one to the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from .fusion import fused
from .graph import Equation, Graph, Value
from .lowering import Lowering, Node, lowers, reads_of, writes_of
from .pointwise import converted
from .views import Store, View, laid


class _Body:
    """A body that is lowered: its nodes and where its results lie."""

    def __init__(self, low: Lowering, graph: Graph, given: Sequence[View]) -> None:
        inner = low.inner(low.views)
        inner.views.update(zip(graph.inputs, given, strict=True))
        inner.take(graph)
        own = {store for node in inner.nodes for store in writes_of(node)}
        self.results = []
        for value in graph.outputs:
            view = inner.whole(inner.view(value))
            # A result that is what came in, or lies outside, gets a place of its own.
            self.results.append(view if view.store in own else inner.copied(view))
        self.nodes = fused(inner.nodes, {view.store for view in self.results})

    @property
    def reads(self) -> list[Store]:
        """Stores that any of its nodes reads."""
        return [store for node in self.nodes for store in reads_of(node)]


def _carried(low: Lowering, values: Iterable[Value]) -> list[View]:
    """Stores that begin with those values and change."""
    places = []
    for value in values:
        place = low.new(value.shape)
        low.move(low.view(value), place)
        places.append(place)
    return places


def _words(places: Sequence[View], results: Sequence[View]) -> list[Any]:
    words: list[Any] = [len(places)]
    for place, result in zip(places, results, strict=True):
        words += [place.store, result.store, 4 * place.size]
    return words


@lowers("scan")
def _scan(low: Lowering, equation: Equation) -> None:
    params, (graph,) = equation.params, equation.bodies
    consts, carried = params["num_consts"], params["num_carry"]
    inputs = equation.inputs
    places = _carried(low, inputs[consts : consts + carried])
    sources = [low.whole(low.view(value)) for value in inputs[consts + carried :]]
    taken = [laid(Store(max(1, view.size // max(1, params["length"])), "moving"), view.shape[1:],
                  range(len(view.shape) - 1)) for view in sources]
    given = [*(low.view(value) for value in inputs[:consts]), *places, *taken]
    body = _Body(low, graph, given)
    rows = [low.new(value.shape) for value in equation.outputs[carried:]]
    words: list[Any] = [params["length"], int(params["reverse"]),
                        *_words(places, body.results[:carried]), len(taken)]
    for place, source in zip(taken, sources, strict=True):
        words += [place.store, source.store, 4 * place.size]
    words.append(len(rows))
    for result, row in zip(body.results[carried:], rows, strict=True):
        words += [result.store, row.store, 4 * result.size]
    stores = [view.store for view in (*places, *body.results)]
    low.emit("scan", [*words, body.nodes], [*stores, *body.reads, *(view.store for view in sources)],
             [*(view.store for view in places), *(view.store for view in rows)])
    for output, view in zip(equation.outputs, (*places, *rows), strict=True):
        low.views[output] = view


@lowers("while")
def _while(low: Lowering, equation: Equation) -> None:
    params, (condition_graph, body_graph) = equation.params, equation.bodies
    first, second = params["cond_nconsts"], params["body_nconsts"]
    inputs = equation.inputs
    places = _carried(low, inputs[first + second :])
    condition = _Body(low, condition_graph, [*(low.view(v) for v in inputs[:first]), *places])
    body = _Body(low, body_graph, [*(low.view(v) for v in inputs[first : first + second]), *places])
    stores = [view.store for view in (*places, *body.results, *condition.results)]
    low.emit("loop", [condition.results[0].store, *_words(places, body.results), condition.nodes,
                      body.nodes],
             [*stores, *condition.reads, *body.reads], [view.store for view in places])
    for output, view in zip(equation.outputs, places, strict=True):
        low.views[output] = view


@lowers("cond")
def _cond(low: Lowering, equation: Equation) -> None:
    index, *rest = equation.inputs
    which = low.whole(converted(low, index, Value((), "i")))
    results = [low.new(output.shape) for output in equation.outputs]
    bodies: list[list[Node]] = []
    reads: list[Store] = [which.store]
    for graph in equation.bodies:
        body = _Body(low, graph, [low.view(value) for value in rest])
        ends = low.inner({})
        for view, result in zip(body.results, results, strict=True):
            ends.move(view, result)
        bodies.append([*body.nodes, *ends.nodes])
        reads += [*body.reads, *(view.store for view in body.results)]
    low.emit("branch", [which.store, len(bodies), *bodies], reads, [view.store for view in results])
    for output, view in zip(equation.outputs, results, strict=True):
        low.views[output] = view
