"""What the steps of a `tf.data` pipeline do to the elements that come: order, groups, and turns."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from .structure import Element, as_numpy, given, mapped, stacked, taken

Elements = Iterator[Element]


def applied(function: Callable[..., Any]) -> Callable[[Element], Element]:
    """A function of the user's: it gets the parts of a pair as arguments, and tensors for arrays."""
    def called(element: Element) -> Element:
        handed = mapped(given, element)
        return taken(function(*handed) if type(handed) is tuple else function(handed))

    return called


def groups(elements: Elements, size: int, whole: bool) -> Iterator[list[Element]]:
    """So many at a time; a shorter last one only where it need not be `whole`."""
    while part := list(itertools.islice(elements, size)):
        if len(part) == size or not whole:
            yield part


def padded(part: list[Element], shapes: Any, values: Any) -> list[Element]:
    """Elements of unequal shapes with values behind, up to the longest or to what was asked for."""
    longest = mapped(lambda *a: np.max([as_numpy(x).shape for x in a], axis=0), *part)
    if shapes is not None:
        longest = mapped(lambda _, n, asked: [a if b in (None, -1) else b for a, b in zip(
            n, asked, strict=False)], part[0], longest, shapes)
    values = mapped(lambda _: 0, part[0]) if values is None else values
    return [mapped(_filled_up, element, longest, values) for element in part]


def _filled_up(leaf: Any, length: Any, value: Any) -> Any:
    array = as_numpy(leaf)
    return np.pad(array, [(0, int(n) - m) for n, m in zip(length, array.shape, strict=True)],
                  constant_values=value)


def shuffled(elements: Elements, size: int, rng: np.random.Generator) -> Elements:
    """In another order, drawn from so many at a time."""
    held = list(itertools.islice(elements, size))
    for element in elements:
        at = int(rng.integers(len(held)))
        yield held[at]
        held[at] = element
    yield from (held[at] for at in rng.permutation(len(held)))


def repeated(begin: Callable[[], Elements], times: int | None) -> Elements:
    """One pass after the other: so many, or without end."""
    for _ in itertools.count() if times is None else range(times):
        some = False
        for element in begin():
            some = True
            yield element
        if not some:
            return


def windows(elements: Elements, size: int, shift: int, stride: int, whole: bool) -> Iterator[
        list[Element]]:
    """Neighbours, `stride` apart from each other; each window begins `shift` after the one before."""
    held: list[Element] = []
    reach = (size - 1) * stride + 1
    while True:
        held += itertools.islice(elements, max(0, reach - len(held)))
        part = held[:reach:stride]
        if not part or (whole and len(part) < size):
            return
        yield part
        ahead, held = shift - len(held), held[shift:]
        for _ in range(ahead):
            next(elements, None)


def in_turns(sources: Iterator[Elements], at_once: int, block: int) -> Elements:
    """Blocks of several sources in turn; one that ends makes room for the next."""
    turns = list(itertools.islice(sources, at_once))
    while turns:
        going: list[Elements] = []
        for turn in turns:
            part = list(itertools.islice(turn, block))
            yield from part
            going += [turn] if len(part) == block else list(itertools.islice(sources, 1))
        turns = going


def sampled(turns: Sequence[Elements], shares: Any, rng: np.random.Generator, stop: bool) -> Elements:
    """Elements of one source or another, as drawn; until all end, or (`stop`) one does."""
    while shares.sum() > 0:
        at = int(rng.choice(len(turns), p=shares / shares.sum()))
        try:
            yield next(turns[at])
        except StopIteration:
            if stop:
                return
            shares[at] = 0


def batched(elements: Elements, size: int, whole: bool) -> Elements:
    """So many elements as one."""
    return map(stacked, groups(elements, size, whole))
