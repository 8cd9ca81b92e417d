"""Where each array lies: an arena in which places are used again as soon as nobody reads them any more.

A result may take the place of an operand that is read for the last time, and the new state that of the
old one, where the chain that computes it reads it number by number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from .fusion import Chain
from .lowering import Node, reads_of, writes_of
from .views import Store

LINE, BEHIND = 64, 64
"""Bytes that an array begins at a multiple of, and those behind it that may be read."""


@dataclass(eq=False)
class Lives:
    """The first and the last position at which each store is used; loops are written out once."""

    begin: dict[Store, int] = field(default_factory=dict)
    end: dict[Store, int] = field(default_factory=dict)
    order: list[tuple[int, Node]] = field(default_factory=list)
    position: int = 0

    @classmethod
    def of(cls, nodes: Sequence[Node]) -> Lives:
        """Those of a program."""
        lives = cls()
        lives._through(nodes)
        return lives

    def _through(self, nodes: Sequence[Node]) -> None:
        for node in nodes:
            bodies = [] if isinstance(node, Chain) else [w for w in node.words if isinstance(w, list)]
            first = self.position
            for body in bodies:
                self._through(body)
            self.position += 1
            self.order.append((self.position, node))
            for store in (*reads_of(node), *writes_of(node)):
                self.begin.setdefault(store, first if bodies and store in writes_of(node)
                                      else self.position)
                self.end[store] = self.position


def carried_in_place(
    nodes: Sequence[Node], lives: Lives, pairs: Sequence[tuple[Store, Store]]
) -> set[int]:
    """Let new states take the place of old ones where that can be; returns which of the pairs do.

    Args:
        nodes: of the program, in order.
        lives: theirs.
        pairs: (the new state's store, the old one's, which is an input).
    """
    makers = {id(store): node for node in nodes if isinstance(node, Chain)
              for store in node.stores.values()}
    position = {id(node): at for at, node in lives.order}
    done, taken = set(), set()
    for number, (new, old) in enumerate(pairs):
        chain = makers.get(id(new))
        if chain is None or new.place != "arena" or id(new) in taken or new.size != old.size:
            continue
        if lives.end.get(old, 0) > position[id(chain)]:
            continue
        last = chain.last_read(old)
        step = next(i for i, store in chain.stores.items() if store is new)
        if last is None or last > step:
            continue
        new.place, new.number = old.place, old.number
        taken.add(id(new))
        done.add(number)
    return done


def planned(nodes: Sequence[Node]) -> int:
    """Give every store of the arena its offset; returns the bytes of the arena."""
    lives = Lives.of(nodes)
    free: list[tuple[int, int]] = []  # (offset, bytes), in order
    top = 0
    ends: dict[int, list[Store]] = {}
    begins: dict[int, list[Store]] = {}
    for store, at in lives.begin.items():
        if store.place == "arena":
            begins.setdefault(at, []).append(store)
            ends.setdefault(lives.end[store], []).append(store)
    chains = {at: node for at, node in lives.order if isinstance(node, Chain)}
    moved: set[int] = set()  # stores whose place has gone to a result
    for at in range(lives.position + 1):
        dying = ends.get(at, [])
        for store in sorted(begins.get(at, []), key=lambda s: -s.size):
            old = _replaced(chains.get(at), store, [s for s in dying if id(s) not in moved])
            if old is not None:
                store.number = old.number
                moved.add(id(old))
                continue
            store.number, top = _taken(free, _bytes(store), top)
        for store in dying:
            if id(store) not in moved:
                _given_back(free, store.number, _bytes(store))
    return top


def _replaced(chain: Chain | None, store: Store, dying: Sequence[Store]) -> Store | None:
    """A store that is read for the last time where this one is written, and can give it its place."""
    if chain is None:
        return None
    step = next((i for i, s in chain.stores.items() if s is store), None)
    if step is None:
        return None
    for old in dying:
        if old is store or old.size != store.size or old not in chain.reads:
            continue
        last = chain.last_read(old)
        if last is not None and last <= step:
            return old
    return None


def _bytes(store: Store) -> int:
    return -(-4 * store.size // LINE) * LINE + BEHIND


def _taken(free: list[tuple[int, int]], size: int, top: int) -> tuple[int, int]:
    """An offset for so many bytes in the tightest gap, or at the top; and the new top."""
    fits = [i for i, (_, length) in enumerate(free) if length >= size]
    if not fits:
        if free and sum(free[-1]) == top:
            offset = free.pop()[0]
            return offset, offset + size
        return top, top + size
    i = min(fits, key=lambda i: free[i][1])
    offset, length = free[i]
    if length == size:
        del free[i]
    else:
        free[i] = (offset + size, length - size)
    return offset, top


def _given_back(free: list[tuple[int, int]], offset: int, size: int) -> None:
    free.append((offset, size))
    free.sort()
    joined: list[tuple[int, int]] = []
    for start, length in free:
        if joined and sum(joined[-1]) == start:
            joined[-1] = (joined[-1][0], joined[-1][1] + length)
        else:
            joined.append((start, length))
    free[:] = joined
