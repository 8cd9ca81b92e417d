"""The loss of a graph: one of Keras's that gives the same numbers, or its operations as they stand."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from unstuck.base.errors import NotSupported
from unstuck.network.torch_numbers.losses import AllPairs, BCELoss, NLLLoss

from ..loop_losses import REDUCTIONS, all_standard
from .ops import Graph, Leaf, Ref
from .parts import Parts
from .translating import Translation

_TRIES = 3


class LossRun(Translation):
    """The operations of a loss, on numbers.

    Args:
        graph: that it is the end of.
        parts: of that graph.
        y_true, y_pred: what they are run on.
        weights: what parameters are that it reads, by `id`; the others are zeros.
    """

    def __init__(
        self, graph: Graph, parts: Parts, y_true: Any, y_pred: Any,
        weights: Mapping[int, NDArray[Any]] | None = None,
    ) -> None:
        super().__init__(parts, list(graph.ops), parts.rows_of(graph), {}, {}, {},
                         site_of=lambda module: None, lasting=frozenset(), frozen=frozenset(),
                         shadow=True, by_rows={})
        self._targets = parts.targets_of(graph)
        self._y_true, self._weights_read = y_true, weights or {}
        self._made[id(parts.output.op), parts.output.at] = y_pred
        for ref in () if parts.terms is None else parts.terms.addends:  # the network adds them
            self._made[id(ref.op), ref.at] = np.zeros(ref.op.shapes[ref.at], np.float32)

    def _leaf(self, leaf: Leaf) -> Any:
        if leaf.parameter:  # `penalties` has taken its part apart
            known = self._weights_read.get(id(leaf.tensor))
            return np.zeros(tuple(leaf.tensor.shape), np.float32) if known is None else known
        if any(one is leaf.values for one in self._targets):
            return self._y_true
        return leaf.values

    def loss(self, end: Ref) -> Any:
        """The loss."""
        for op in self._parts.loss:
            self._translate(op)
        return self.value(end)


def loss_of(graph: Graph, parts: Parts, y: Any, out: tuple[int, ...]) -> tuple[Any, float]:
    """What is minimised, and the factor that it is minimised with.

    Args:
        graph: of the first batch.
        parts: its parts.
        y: its targets.
        out: the shape of its output.

    Raises:
        NotSupported: an operation has no counterpart, with its line.
    """
    def traced(y_true: Any, y_pred: Any) -> Any:
        """The loss that the script computes."""
        return LossRun(graph, parts, y_true, y_pred).loss(graph.loss)

    draw = np.random.default_rng(0)
    # As large as the targets: where these are huge, errors say little of outputs between 0 and 1.
    whole = np.asarray(y).dtype.kind in "iub"
    size = 1.0 if whole else max(1.0, float(np.abs(y).max()))
    given = [(size * draw.uniform(0.05, 0.95, out)).astype(np.float32) for _ in range(_TRIES)]
    mine = [float(np.sum(traced(y, one))) for one in given]
    for candidate in _candidates(graph):
        factor = _factor(candidate, y, given, mine)
        if factor is not None:
            return candidate, factor
    return traced, 1.0


def penalties(
    graph: Graph, parts: Parts, y: Any, out: tuple[int, ...]
) -> dict[int, tuple[float, float]]:
    """What a loss adds of the network's parameters: by the `id` of each the factors of the sum of its
    sizes and of the sum of its squares.

    Raises:
        NotSupported: it adds something else of them.
    """
    read = {id(one.tensor): one.tensor for op in parts.loss for one in op.inputs
            if isinstance(one, Leaf) and one.parameter}
    draw = np.random.default_rng(0)
    drawn = {key: draw.normal(size=tuple(one.shape)).astype(np.float32) for key, one in read.items()}
    given = draw.uniform(0.05, 0.95, out).astype(np.float32)

    def of(weights: dict[int, NDArray[Any]]) -> float:
        return float(np.sum(LossRun(graph, parts, y, given, weights).loss(graph.loss)))

    found, alone = {}, of({}) if read else 0.0
    for key, values in drawn.items():
        few = np.where(np.arange(values.size).reshape(values.shape) % 3 == 0, 30 * values, 0)
        one, two, other = (of({key: part.astype(np.float32)}) - alone for part in (
            10 * values, 20 * values, few))
        square = (two - 2 * one) / 2 / (100 * float(np.square(values).sum()))
        size = (4 * one - two) / 2 / (10 * float(np.abs(values).sum()))
        wanted = size * float(np.abs(few).sum()) + square * float(np.square(few).sum())
        if min(size, square) < -1e-6 or abs(other - wanted) > 1e-3 * abs(other):
            raise NotSupported(
                "its loss reads parameters of the network otherwise than by the sum of their squares or"
                " of their sizes. Give the optimizer weight_decay instead.")
        found[key] = _short(size), _short(square)
    return found


def _short(number: float) -> float:
    """The factor that was written, of one that was measured."""
    return 0.0 if number < 1e-7 else float(f"{number:.3g}")


def _candidates(graph: Graph) -> Iterator[Any]:
    if any(op.name == "binary_cross_entropy" for op in graph.ops):
        yield from (BCELoss(reduction=reduction) for reduction in REDUCTIONS)
    yield from all_standard()
    for reduction in REDUCTIONS:
        yield NLLLoss(reduction=reduction)
        yield AllPairs(power=2, reduction=reduction)
        yield AllPairs(power=1, reduction=reduction)


def _factor(
    loss: Callable[..., Any], y: Any, given: list[NDArray[Any]], mine: list[float]
) -> float | None:
    """How many times a loss the script's is, if it is that often on all of the outputs."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of shapes that another loss would want
            theirs = [float(loss(y, one)) for one in given]
    except Exception:  # it does not take such targets
        return None
    if not all(np.isfinite([*theirs, *mine])) or min(map(abs, theirs)) == 0:
        return None
    ratios = [a / b for a, b in zip(mine, theirs, strict=True)]
    if max(ratios) - min(ratios) > 1e-4 * abs(ratios[0]) or ratios[0] <= 0:
        return None
    whole = round(ratios[0]) if ratios[0] >= 1 else 1 / round(1 / ratios[0])
    return float(whole) if np.isclose(whole, ratios[0], rtol=1e-4) else float(ratios[0])


def merged(model: keras.Model, loss: Any) -> Any:
    """The loss of a network whose log-softmax and `NLLLoss` are a cross-entropy of logits together.

    The last layer's activation is then taken off; the numbers are the same.
    """
    last = model.output._keras_history.operation
    named = getattr(getattr(last, "activation", None), "__name__", "")
    if not isinstance(loss, NLLLoss) or named != "log_softmax":
        return loss
    last.activation = keras.activations.linear
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction=loss.reduction)
