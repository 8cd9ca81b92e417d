"""From planned nodes to the words that the machine reads."""

from __future__ import annotations

from collections.abc import Sequence

from . import machine
from .fusion import Chain, is_flat
from .lowering import Node
from .views import Store, View, product

PLACES = ("arena", "constant", "input", "output", "moving")


class Writer:
    """Collects words, and a slot for each store that they name."""

    def __init__(self) -> None:
        self.slots: list[tuple[int, int]] = []
        self._numbers: dict[int, int] = {}
        self._kept: list[Store] = []

    def slot(self, store: Store) -> int:
        """The number of a store's slot."""
        if id(store) not in self._numbers:
            self._numbers[id(store)] = len(self.slots)
            self._kept.append(store)
            number = 0 if store.place == "moving" else store.number
            self.slots.append((PLACES.index(store.place), number))
        return self._numbers[id(store)]

    def words(self, nodes: Sequence[Node]) -> list[int]:
        """All nodes, one after the other."""
        out: list[int] = []
        for node in nodes:
            name = "fused" if isinstance(node, Chain) else node.operation
            inner = self._chain(node) if isinstance(node, Chain) else self._instruction(node)
            out += [machine.OPERATIONS[name], len(inner), *inner]
        return out

    def _instruction(self, node: Node) -> list[int]:
        out: list[int] = []
        for word in node.words:
            if isinstance(word, Store):
                out.append(self.slot(word))
            elif isinstance(word, list):
                body = self.words(word)
                out += [len(body), *body]
            else:
                out.append(int(word))
        return out

    def _chain(self, chain: Chain) -> list[int]:
        registers = _Registers(chain)
        out = [chain.total, len(chain.loads)]
        for number, view in enumerate(chain.loads):
            place = registers.of_load[number], self.slot(view.store), view.offset
            out += [*place, *_load(view, chain.total)]
        out.append(len(chain.steps))
        for number, (step, operands) in enumerate(chain.steps):
            places = [registers.of_load[i] if loaded else registers.of_step[i]
                      for loaded, i in operands]
            filled = [*places, *[places[0]] * (3 - len(places))]
            out += [machine.STEPS[step], registers.of_step[number], *filled]
        out.append(len(chain.stores))
        for number, store in chain.stores.items():
            out += [registers.of_step[number], self.slot(store)]
        return out


def _load(view: View, total: int) -> list[int]:
    """Kind, axes, sizes and strides."""
    if is_flat(view, total):
        return [0, 0]
    if view.is_one:
        return [1, 0]
    kind = 3 if total > machine.CHUNK and machine.CHUNK % _period(view) == 0 else 2
    return [kind, len(view.shape), *view.shape, *view.strides]


def _period(view: View) -> int:
    """After so many numbers a view begins again."""
    axis = next(i for i, stride in enumerate(view.strides) if stride)
    return product(view.shape[axis:])


class _Registers:
    """Which register holds what: loads and what is stored have their own, the others share."""

    def __init__(self, chain: Chain) -> None:
        self.of_load = list(range(len(chain.loads)))
        self.of_step: list[int] = []
        last: dict[int, int] = {}
        for i, (_, operands) in enumerate(chain.steps):
            for loaded, number in operands:
                if not loaded:
                    last[number] = i
        free: list[int] = []
        following = len(chain.loads)
        for i, (_, operands) in enumerate(chain.steps):
            # A step may write where it reads: each vector is read before it is written.
            for loaded, number in set(operands):
                if not loaded and last[number] == i and number not in chain.stores:
                    free.append(self.of_step[number])
            if i in chain.stores or not free:
                self.of_step.append(following)
                following += 1
            else:
                self.of_step.append(free.pop())
            if i not in last and i not in chain.stores:
                free.append(self.of_step[i])
        assert following <= machine.REGISTERS
