"""The compiled machine: runs programs of arrays of four-byte numbers."""

from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

OPERATIONS: Mapping[str, int]
STEPS: Mapping[str, int]
MERGES: Mapping[str, int]
CHUNK: int
REGISTERS: int
AXES: int
MARGIN: int

def kernels() -> list[str]:
    """The instruction sets that this machine runs, the widest first."""

class Buffer:
    """An array that stays: four-byte numbers in a row, for all threads to read."""

    def __init__(self, data: NDArray[Any]) -> None: ...

class Program:
    """Words, slots [(place, number or offset)], bytes of the arena, constants, sizes in bytes."""

    def __init__(
        self, words: NDArray[Any], slots: NDArray[Any], arena: int, constants: Sequence[NDArray[Any]],
        inputs: Sequence[int], outputs: Sequence[int],
    ) -> None: ...
    @property
    def arena(self) -> int: ...
    def run(
        self, inputs: Sequence[NDArray[Any]], shared: Sequence[Buffer], outputs: Sequence[NDArray[Any]],
        kernel: str = "",
    ) -> None:
        """Once; the shared arrays are the last inputs, outputs are written."""

def updates(
    full: Program | None, rest: Program | None, state: Sequence[NDArray[Any]], data: Sequence[Buffer],
    order: NDArray[Any], batch: int, outputs: Sequence[NDArray[Any]], kernel: str = "",
) -> None:
    """Batch after batch in that order of rows; the state changes, outputs are those of the last batch.

    Programs take the state, the data and the numbers of a batch's rows, and write the state in place.
    """
