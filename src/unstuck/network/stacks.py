"""Stacks: the same block of layers again and again, recognised by structure and never by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .architecture import Architecture

LEAST_BLOCKS = 4
"""Fewer blocks that are alike are few enough to be looked at one by one."""
LONGEST_BLOCK = 12
"""Most layers of one block."""
_NOT_COMPARED = frozenset({"name", "seed"})


@dataclass(frozen=True, kw_only=True)
class Stack:
    """`blocks` of layers, by name and in order, that are alike but for their weights.

    Each block reads what the one before puts out, and nothing else; shapes stay the same, from the
    first block's output on.
    """

    blocks: tuple[tuple[str, ...], ...]

    @property
    def layers(self) -> tuple[str, ...]:
        """All layers in it."""
        return tuple(name for block in self.blocks for name in block)

    @property
    def told(self) -> str:
        """Which layers these are, in a few words."""
        return told(self.layers)


def told(names: Sequence[str]) -> str:
    """Layers that follow one another, by the first and the last: "dense … dense_33"."""
    return names[0] if len(names) == 1 else f"{names[0]} … {names[-1]}"


def stacks(architecture: Architecture) -> tuple[Stack, ...]:
    """The stacks among the layers of a network; none where its connections are not known."""
    if not architecture.is_graph:
        return ()
    return tuple(_found(_Graph(architecture)))


class _Graph:
    """Layers by number, who reads them, and which of them are outputs."""

    def __init__(self, architecture: Architecture) -> None:
        self.layers = architecture.layers
        self.described = [(layer.kind, _compared(layer.config), layer.output_shape)
                          for layer in self.layers]
        self.number = {layer.name: i for i, layer in enumerate(self.layers)}
        self.readers: dict[str, list[int]] = {layer.name: [] for layer in self.layers}
        for i, layer in enumerate(self.layers):
            for name in layer.inputs:
                self.readers.setdefault(name, []).append(i)
        self.outputs = {name for name, readers in self.readers.items() if not readers} | {
            *architecture.output_names}

    def block(self, start: int, length: int) -> _Block | None:
        """So many layers from there on; `None` where they are no block with one way in and out."""
        inside = range(start, start + length)
        if inside.stop > len(self.layers):
            return None
        layers = [self.layers[i] for i in inside]
        entries: set[str] = set()
        described = []
        for i, layer in zip(inside, layers, strict=True):
            places: list[Any] = []
            for name in layer.inputs:
                place = self.number.get(name, -1)
                places.append(place - start if place in inside else "entry")
                if place not in inside:
                    entries.add(name)
            described.append((*self.described[i], places))
        if len(entries) != 1 or any(layer.name in self.outputs for layer in layers):
            return None
        if any(reader not in inside for layer in layers[:-1] for reader in self.readers[layer.name]):
            return None
        return _Block(names=tuple(layer.name for layer in layers), entry=entries.pop(),
                      described=repr(described))

    def run(self, start: int, length: int) -> list[_Block]:
        """Blocks of that length from there on that are alike, each behind the one before."""
        found: list[_Block] = []
        while (block := self.block(start + length * len(found), length)) is not None:
            if found and (block.described != found[0].described or block.entry != found[-1].names[-1]
                          or not self._reads_alone(block, found[-1].names[-1])):
                break
            found.append(block)
        return found

    def _reads_alone(self, block: _Block, name: str) -> bool:
        return {self.layers[i].name for i in self.readers[name]} <= {*block.names}


@dataclass(frozen=True, kw_only=True)
class _Block:
    names: tuple[str, ...]
    entry: str
    described: str


def _found(graph: _Graph) -> Iterator[Stack]:
    """The longest run from each place on, of the shortest blocks."""
    start = 0
    while start < len(graph.layers):
        runs = [graph.run(start, length) for length in range(1, LONGEST_BLOCK + 1)]
        best = max((run for run in runs if len(run) >= LEAST_BLOCKS), default=None,
                   key=lambda run: (len(run) * len(run[0].names), -len(run[0].names)))
        if best is None:
            start += 1
            continue
        yield Stack(blocks=tuple(block.names for block in best))
        start += len(best) * len(best[0].names)


def _compared(config: Mapping[str, Any]) -> str:
    """A layer's arguments but for what tells it from its likes."""
    return repr(sorted((key, repr(_plain(value))) for key, value in config.items()
                       if key not in _NOT_COMPARED))


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items() if key not in _NOT_COMPARED}
    return value
