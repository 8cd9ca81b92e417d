"""Rows, targets and outputs of a graph: what enters the network, and what the loss compares.

What a module with parameters is given are rows, and so is what meets parameters alone. What meets
outputs outside of such a module are targets. Where an operation's numbers are no longer those of
rows (a mean, a flattened table), it belongs to the loss.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from unstuck.base.errors import NotSupported

from .ops import Graph, Leaf, Op, Ref
from .terms import Terms, terms_of

Where = tuple[int, int]
"""The number of an operation among those of the graph, and of a tensor among its inputs."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Parts:
    """Where in a graph its data are, and which operations are the network's.

    `rows` and `targets` are places of data, those of one array only once; `network` and `loss` the
    operations of each; `output` what the loss compares; `terms` what else it adds of the network.
    """

    rows: Sequence[Where]
    targets: Sequence[Where]
    network: Sequence[Op]
    loss: Sequence[Op]
    output: Ref
    terms: Terms | None = None

    @property
    def translated(self) -> list[Op]:
        """The operations that become layers: the network's, and those of the terms that it adds."""
        return [*self.network, *(() if self.terms is None else self.terms.ops)]

    def rows_of(self, graph: Graph) -> list[NDArray[Any]]:
        """The rows of a graph that computed the same."""
        return [value_at(graph, where) for where in self.rows]

    def targets_of(self, graph: Graph) -> list[NDArray[Any]]:
        """Its targets."""
        return [value_at(graph, where) for where in self.targets]


def value_at(graph: Graph, where: Where) -> NDArray[Any]:
    """The numbers of the data at a place."""
    leaf = graph.ops[where[0]].inputs[where[1]]
    assert isinstance(leaf, Leaf) and leaf.values is not None
    return leaf.values


def parts_of(graph: Graph) -> Parts:
    """The parts of a graph.

    Raises:
        NotSupported: they cannot be told apart.
    """
    after: set[int] = set()
    read: set[int] = set()
    alone: list[Op] = []
    rows: list[Where] = []
    targets: list[Where] = []
    count = _rows_in(graph)
    for i, op in enumerate(graph.ops):
        inside = any(_has_parameters(module) for module in op.modules)
        computed = any(not ref.op.fixed for ref in op.operands)
        late = any(id(ref.op) in after for ref in op.operands)
        for j, one in enumerate(op.inputs):
            if isinstance(one, Ref) or one.parameter or one.kept or not _is_batch(one, count):
                continue
            if not inside and (computed or late):
                targets.append((i, j))
                late = True
            else:
                rows.append((i, j))
        rows_read = late or any(id(one.op) in read for one in op.operands) or any(
            where[0] == i for where in rows)
        if rows_read:
            read.add(id(op))
        elif not inside and not op.fixed:  # of parameters alone
            alone.append(op)
        if late or (rows_read and not inside and op.shape[:1] != (count,)):
            after.add(id(op))
    for op in reversed(alone):  # the loss's, where nothing of the network reads it
        readers = [one for one in graph.ops if any(ref.op is op for ref in one.operands)]
        if all(id(one) in after for one in readers):
            after.add(id(op))
    network = [op for op in graph.ops if id(op) not in after]
    loss = [op for op in graph.ops if id(op) in after]
    ends: dict[int, Ref] = {}
    for op in loss:
        for ref in op.operands:
            if id(ref.op) not in after and not ref.op.fixed:
                ends[id(ref.op)] = ref
    if not rows or not network:
        raise NotSupported("no rows are known that go into its network.")
    if not ends:
        raise NotSupported(
            "its model computes the loss itself. Let it return its outputs, and compute the loss"
            " outside of it.")
    output, terms = next(iter(ends.values())), None
    if len(ends) > 1:
        met = {i for i, _ in targets}
        apart = terms_of(graph, network, (op for i, op in enumerate(graph.ops) if i in met))
        if apart is None:
            raise _several(ends.values())
        output, terms = apart
        aside = {id(op) for op in terms.ops}
        network, loss = ([op for op in ops if id(op) not in aside] for ops in (network, loss))
    return Parts(rows=_apart(graph, rows), targets=_apart(graph, targets), network=network, loss=loss,
                 output=output, terms=terms)


def _several(ends: Collection[Ref]) -> NotSupported:
    """That a loss reads several outputs, and is no sum of one comparison and terms without targets."""
    lines = sorted({ref.op.span.line for ref in ends if ref.op.span is not None})
    at = f" (line {', '.join(map(str, lines))})" if lines else ""
    return NotSupported(
        f"its loss reads {len(ends)} outputs of its network{at}, and is no sum of one term that"
        " compares an output with targets and of terms without targets. Diagnose one output alone:"
        " leave the others out of the loss.")


def _rows_in(graph: Graph) -> int:
    """How many rows the batch has: the first axis of the first data that the network is given."""
    for op in graph.ops:
        for one in op.inputs:
            if isinstance(one, Leaf) and not one.kept and one.values is not None and one.values.ndim:
                return len(one.values)
    raise NotSupported("no rows are known that go into its network.")


def _is_batch(leaf: Leaf, count: int) -> bool:
    return leaf.values is not None and leaf.values.ndim > 0 and len(leaf.values) == count


def _has_parameters(module: Any) -> bool:
    return next(iter(module.parameters()), None) is not None


def _apart(graph: Graph, places: list[Where]) -> list[Where]:
    """Places whose numbers are not those of an earlier one."""
    found: list[Where] = []
    for where in places:
        if not any(value_at(graph, where) is value_at(graph, known) for known in found):
            found.append(where)
    return found
