"""Terms of a loss that read the network alone: a code's divergence from its prior, a penalty on a code.

A loss that is a sum of one comparison with targets and of such terms is taken apart. The comparison
stays the loss; the terms are computed within the network, which adds them to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .ops import Graph, Leaf, Op, Ref

SUMS = frozenset({"add", "__add__", "__radd__", "__iadd__", "sub", "subtract", "__sub__", "__rsub__",
                  "rsub", "__isub__"})
_SCALES = frozenset({"mul", "multiply", "__mul__", "__rmul__", "__imul__", "div", "divide",
                     "true_divide", "__truediv__", "__itruediv__", "__div__", "neg", "__neg__", "mean",
                     "sum"})
"""Operations of which a sum's image is the sum of its terms' images, where they read one tensor."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Terms:
    """What a loss adds of the network alone.

    `ops` compute the `addends`, from the network on; `sums` are the operations that lead from these
    and from the `rest`, what is compared with targets, to the `loss`. All that `ops` read of the
    network is there `after` an operation; `carried`, one of these tensors, hands the terms on.
    """

    ops: Sequence[Op]
    addends: Sequence[Ref]
    rest: Sequence[Ref]
    sums: Sequence[Op]
    loss: Ref
    carried: Ref
    after: Op

    @property
    def meeting(self) -> tuple[Op, int] | None:
        """The sum in which the rest stands by itself, and the place of the rest in it."""
        rest = {(id(one.op), one.at) for one in self.rest}
        for op in self.sums:
            if op.name in SUMS:
                for at, one in enumerate(op.args[:2]):
                    if isinstance(one, Ref) and (id(one.op), one.at) in rest and len(rest) == 1:
                        return op, at
        return None


def terms_of(graph: Graph, network: Sequence[Op], met: Iterable[Op]) -> tuple[Ref, Terms] | None:
    """The output that is compared with targets, and the other terms; `None` where they do not part.

    Args:
        graph: of a loss that reads several outputs.
        network: its operations.
        met: the operations of the loss that read targets.
    """
    inside, meeting = {id(op) for op in network}, {id(op) for op in met}
    sums: list[Op] = []
    addends = _addends(graph.loss, inside, sums)
    above = {(id(one.op), one.at): _above([one.op]) for one in addends}
    targeted = [one for one in addends if any(id(op) in meeting for op in above[id(one.op), one.at])]
    ends = {(id(one.op), one.at): one for ref in targeted for one in _ends([ref], inside)}
    if len(ends) != 1:
        return None
    output = next(iter(ends.values()))
    leading = {id(op) for op in _above([output.op])}
    alone = [one for one in addends if _ends([one], inside) and one not in targeted]
    if any((id(end.op), end.at) in ends for one in alone for end in _ends([one], inside)):
        return None
    ops = [op for op in _above(one.op for one in alone) if id(op) not in leading and not op.fixed]
    read = {(id(ref.op), ref.at): ref for op in ops for ref in op.operands
            if id(ref.op) in leading and not ref.op.fixed}
    last = [ref for ref in read.values()
            if not any(ref.op is op for other in read.values() if other.op is not ref.op
                       for op in _above([other.op]))]
    if not last:
        return None
    summed = {id(ref.op) for op in network if op.name in SUMS for ref in op.operands}
    carried = next((ref for ref in last if id(ref.op) in summed), last[-1])  # a mean has noise added
    return output, Terms(
        ops=sorted(ops, key=lambda op: op.number), addends=alone,
        rest=[one for one in addends if one not in alone],
        sums=sorted(sums, key=lambda op: op.number), loss=graph.loss, carried=carried,
        after=max((ref.op for ref in read.values()), key=lambda op: op.number))


def by_rows(one: Graph, other: Graph, counts: tuple[int, int]) -> dict[tuple[int, int], float]:
    """The numbers among a graph's arguments that are a share of the rows of its batch.

    Args:
        one, other: graphs that computed the same of batches of other sizes.
        counts: how many rows each had.

    Returns:
        What each is times the rows, by the `id` of its operation and its place.
    """
    found = {}
    for op, later in zip(one.ops, other.ops, strict=True):
        for at, (mine, theirs) in enumerate(zip(op.args, later.args, strict=False)):
            numbers = isinstance(mine, int | float) and isinstance(theirs, int | float)
            if numbers and mine != theirs and mine * counts[1] == theirs * counts[0]:
                found[id(op), at] = mine / counts[0]
    return found


def _addends(ref: Ref, inside: set[int], sums: list[Op]) -> list[Ref]:
    """What a loss is a sum of; the operations on the way from there go to `sums`."""
    op = ref.op
    given = [one for one in op.operands if not one.op.fixed]
    linear = op.name in SUMS or (op.name in _SCALES and len(given) == 1)
    parameters = any(isinstance(one, Leaf) for one in op.inputs)
    if id(op) in inside or not linear or parameters:
        return [ref]
    if op not in sums:
        sums.append(op)
    return [one for each in given for one in _addends(each, inside, sums)]


def _ends(refs: Iterable[Ref], inside: set[int]) -> list[Ref]:
    """The tensors of the network that are read on the way to these."""
    found: dict[tuple[int, int], Ref] = {}
    waiting = list(refs)
    while waiting:
        ref = waiting.pop()
        if id(ref.op) in inside:
            found.setdefault((id(ref.op), ref.at), ref)
        elif not ref.op.fixed:
            waiting += ref.op.operands
    return list(found.values())


def _above(ops: Iterable[Op]) -> list[Op]:
    """These operations and all that they come from."""
    found: dict[int, Op] = {}
    waiting = list(ops)
    while waiting:
        op = waiting.pop()
        if id(op) not in found:
            found[id(op)] = op
            waiting += [ref.op for ref in op.operands]
    return list(found.values())
