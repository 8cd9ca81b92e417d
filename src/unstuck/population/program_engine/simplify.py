"""A graph with less to compute: what is constant or equal is computed once, what nobody needs never.

Derivatives are full of selections by constants, of sums with zero and of things computed twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from .graph import DTYPES, Array, Equation, Graph, Value, is_uniform

MOST_FOLDED = 1 << 16
"""Numbers of a constant that is worth keeping."""
UNCOMPARED = {"jvp_jaxpr_fun", "jvp_jaxpr_thunk", "fwd_jaxpr_thunk", "bwd", "update_jaxpr", "narrow"}
"""Parameters that make no difference to a result."""
POINTLESS = {"add": 0.0, "add_any": 0.0, "sub": 0.0, "mul": 1.0, "div": 1.0}
"""Operations that change nothing where their second number is this."""
EITHER = {"add", "add_any", "mul"}
"""Of them those that have no first and second."""
MOVING = {"broadcast_in_dim", "reshape", "squeeze", "expand_dims", "transpose"}
Evaluate = Callable[[Graph], list[Array]]


def simplified(graph: Graph, evaluate: Evaluate) -> Graph:
    """An equivalent graph.

    Args:
        graph: as traced.
        evaluate: computes the outputs of a graph without inputs.
    """
    return _Simplifier(graph, evaluate).result()


class _Simplifier:
    def __init__(self, graph: Graph, evaluate: Evaluate) -> None:
        self._graph, self._evaluate = graph, evaluate
        self._same: dict[Value, Value] = {}
        self._constants: dict[Value, Array] = {}
        self._by_content: dict[Any, Value] = {}
        self._known: dict[Any, tuple[Value, ...]] = {}
        self._equations: list[Equation] = []
        for value, array in graph.constants.items():
            self._constant(value, array)

    def result(self) -> Graph:
        for equation in self._graph.equations:
            self._take(replace(equation, inputs=tuple(self._now(v) for v in equation.inputs)))
        outputs = tuple(self._now(value) for value in self._graph.outputs)
        return _needed(Graph(self._graph.inputs, outputs, self._equations, self._constants), set())

    def _now(self, value: Value) -> Value:
        return self._same.get(value, value)

    def _constant(self, value: Value, array: Array) -> None:
        array = array.astype(DTYPES[value.kind]) if array.dtype != DTYPES[value.kind] else array
        if array.size and not is_uniform(array) and array.size <= MOST_FOLDED:
            first = array.reshape(-1)[0]
            if (array == first).all() and not (array.dtype.kind == "f" and first == 0):
                array = np.broadcast_to(first, array.shape)
        content = (array.reshape(-1)[:1].tobytes() if is_uniform(array)
                   else array.tobytes() if array.size <= MOST_FOLDED else id(array))
        key = value.shape, value.kind, is_uniform(array), content
        known = self._by_content.setdefault(key, value)
        if known is not value:
            self._same[value] = known
        self._constants[known] = array

    def _take(self, equation: Equation) -> None:
        if self._is_pointless(equation) or self._is_folded(equation):
            return
        bodies = tuple(simplified_body(body, self._evaluate) for body in equation.bodies)
        equation = replace(equation, bodies=bodies)
        if not bodies:
            key = (equation.op, tuple(id(v) for v in equation.inputs), _compared(equation.params),
                   tuple((v.shape, v.kind) for v in equation.outputs))
            known = self._known.setdefault(key, equation.outputs)
            if known is not equation.outputs:
                self._same.update(zip(equation.outputs, known, strict=True))
                return
        self._equations.append(equation)

    def _is_pointless(self, equation: Equation) -> bool:
        """True where the result is an operand, which is noted."""
        op, inputs = equation.op, equation.inputs
        if op == "select_n" and inputs[0] in self._constants:
            which = self._constants[inputs[0]]
            if which.size and (which == which.reshape(-1)[0]).all():
                return self._is(equation, inputs[1 + int(which.reshape(-1)[0])])
        if op == "convert_element_type" and inputs[0].kind == equation.outputs[0].kind:
            return not equation.params.get("narrow") and self._is(equation, inputs[0])
        if op in ("copy", "copy_p", "stop_gradient"):
            return self._is(equation, inputs[0])
        if op in POINTLESS and equation.outputs[0].kind == "f":
            for number, other in ((1, 0), (0, 1)) if op in EITHER else ((1, 0),):
                array = self._constants.get(inputs[number])
                if array is not None and is_uniform(array) and array.reshape(-1)[0] == POINTLESS[op]:
                    return self._is(equation, inputs[other])
        return False

    def _is(self, equation: Equation, value: Value) -> bool:
        output = equation.outputs[0]
        if value.shape != output.shape or value.kind != output.kind:
            return False
        self._same[output] = value
        return True

    def _is_folded(self, equation: Equation) -> bool:
        """True where the result is constant, and computed."""
        if equation.bodies or any(value not in self._constants for value in equation.inputs):
            return False
        arrays = [self._constants[value] for value in equation.inputs]
        if equation.op in MOVING and is_uniform(arrays[0]) and not equation.params.get("keys"):
            output = equation.outputs[0]
            self._constant(output, np.broadcast_to(arrays[0].reshape(-1)[:1].reshape(()), output.shape))
            return True
        if any(value.size > MOST_FOLDED for value in equation.outputs):
            return False
        graph = Graph((), equation.outputs, [equation],
                      dict(zip(equation.inputs, arrays, strict=True)))
        for value, array in zip(equation.outputs, self._evaluate(graph), strict=True):
            self._constant(value, array)
        return True


def simplified_body(graph: Graph, evaluate: Evaluate) -> Graph:
    """The body of a loop, simplified."""
    return _Simplifier(graph, evaluate).result()


def _compared(params: Mapping[str, Any]) -> str:
    return repr([(k, params[k]) for k in sorted(params) if k not in UNCOMPARED])


def _needed(graph: Graph, asked: set[Value]) -> Graph:
    """Without equations that nobody asks for."""
    needed = {*graph.outputs, *asked}
    kept = []
    for equation in reversed(graph.equations):
        if needed.isdisjoint(equation.outputs):
            continue
        kept.append(equation)
        needed |= set(equation.inputs)
    constants = {value: array for value, array in graph.constants.items() if value in needed}
    return Graph(graph.inputs, graph.outputs, kept[::-1], constants)
