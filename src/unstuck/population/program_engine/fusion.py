"""Elementwise steps put together: chains that go through memory once.

Steps on equally many numbers join one chain as long as nobody else asks for what it computes. A result
that only the chain itself reads is never stored.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from .lowering import Node, Pointwise, reads_of
from .views import Store, View

MOST = 58
"""Loads and steps of a chain: the machine has a register for each."""
Operand = tuple[bool, int]
"""A load's number, or a step's: (True, load), (False, step)."""


@dataclass(eq=False)
class Chain:
    """Steps on `total` numbers each, in order.

    `loads` are views of other stores, as flat as they get; `stores` says which steps' results are kept.
    """

    total: int
    loads: list[View] = field(default_factory=list)
    steps: list[tuple[str, tuple[Operand, ...]]] = field(default_factory=list)
    results: list[Store] = field(default_factory=list)
    stores: dict[int, Store] = field(default_factory=dict)
    _loaded: dict[View, int] = field(default_factory=dict)

    @property
    def reads(self) -> tuple[Store, ...]:
        """Stores of others that are read."""
        return tuple(view.store for view in self.loads)

    @property
    def writes(self) -> tuple[Store, ...]:
        """Stores that are written."""
        return tuple(self.stores.values())

    def has_room(self, step: Pointwise) -> bool:
        """False where it would be too long."""
        return len(self.loads) + len(self.steps) + len(step.inputs) < MOST

    def add(self, node: Pointwise) -> None:
        """Append a step."""
        places = {id(store): i for i, store in enumerate(self.results)}
        operands: list[Operand] = []
        for view in node.inputs:
            if id(view.store) in places:
                operands.append((False, places[id(view.store)]))
                continue
            if view not in self._loaded:
                self._loaded[view] = len(self.loads)
                self.loads.append(view)
            operands.append((True, self._loaded[view]))
        self.steps.append((node.step, tuple(operands)))
        self.results.append(node.output)

    def last_read(self, store: Store) -> int | None:
        """The last step that reads a store of others in step with the chain; `None` where it is read
        in another order, so that it cannot be written before the chain is through."""
        last = -1
        for number, view in enumerate(self.loads):
            if view.store is not store:
                continue
            if not is_flat(view, self.total) or view.offset or store.size != self.total:
                return None
            last = max([last, *(i for i, (_, operands) in enumerate(self.steps)
                                if (True, number) in operands)])
        return last


def is_flat(view: View, total: int) -> bool:
    """True where a view's numbers lie in a row."""
    return total == 1 or (view.shape == (total,) and view.strides == (1,))


def fused(nodes: Sequence[Node], kept: Collection[Store]) -> list[Node]:
    """The nodes with elementwise steps put together; what is in `kept` is asked for from outside."""
    out: list[Node] = []
    open_chains: dict[int, Chain] = {}
    made_by: dict[int, Chain] = {}

    def close(chain: Chain) -> None:
        if open_chains.get(chain.total) is chain:
            del open_chains[chain.total]
            out.append(chain)
            for store in chain.results:
                del made_by[id(store)]

    for node in nodes:
        if not isinstance(node, Pointwise):
            for store in reads_of(node):
                if id(store) in made_by:
                    close(made_by[id(store)])
            out.append(node)
            continue
        total = node.output.size
        for view in node.inputs:
            chain = made_by.get(id(view.store))
            if chain is not None and (chain.total != total or view.offset or not is_flat(view, total)):
                close(chain)
        if total in open_chains and not open_chains[total].has_room(node):
            close(open_chains[total])
        chain = open_chains.setdefault(total, Chain(total))
        chain.add(node)
        made_by[id(node.output)] = chain
    for chain in list(open_chains.values()):
        close(chain)
    asked = {id(store) for store in kept}
    asked |= {id(store) for node in out for store in reads_of(node)}
    for node in out:
        if isinstance(node, Chain):
            node.stores = {i: store for i, store in enumerate(node.results) if id(store) in asked}
    return [node for node in out if not isinstance(node, Chain) or node.stores]


