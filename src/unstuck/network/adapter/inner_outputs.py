"""What a functional model puts out and goes on computing with, on its way through the graph."""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Callable, Iterator
from typing import Any

import keras

from .installed import owner
from .private import Functional
from .tracing import BUILDING

_GRAPH = "_run_through_graph"


@contextlib.contextmanager
def through_inner_outputs(mark: Callable[[Any], Any]) -> Iterator[None]:
    """While open, in this thread, such values go on as what `mark` gives back for them.

    A derivative by one of them can then be taken: one call computes it and what hangs on it.
    """
    with BUILDING:
        of = owner(Functional, _GRAPH)
        original, mine_alone = vars(of)[_GRAPH], threading.get_ident()

        @functools.wraps(original)
        def run(model: Any, inputs: Any, operation_fn: Any, call_fn: Any = None) -> Any:
            inner = _inner(model) if threading.get_ident() == mine_alone else frozenset()
            if not inner or call_fn is not None:
                return original(model, inputs, operation_fn, call_fn)

            def marked(operation: Any) -> Any:
                call = operation_fn(operation)
                if id(operation) not in inner:
                    return call
                return lambda *args, **kwargs: mark(call(*args, **kwargs))

            return original(model, inputs, marked)

        setattr(of, _GRAPH, run)
        try:
            yield
        finally:
            setattr(of, _GRAPH, original)


def _inner(model: Any) -> frozenset[int]:
    """The operations, by `id`, whose outputs are the model's and are read by others of its graph."""
    if not isinstance(model, keras.Model) or len(model.outputs) < 2:
        return frozenset()
    ends = {id(tensor): tensor for tensor in model.outputs}
    return frozenset(
        id(tensor._keras_history.operation) for depth in model._nodes_by_depth.values()
        for node in depth for tensor in node.input_tensors
        if id(tensor) in ends and not isinstance(
            tensor._keras_history.operation, keras.layers.InputLayer))
