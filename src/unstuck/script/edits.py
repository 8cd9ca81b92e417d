"""A change to a text, as data; and the one function that carries changes out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


class EditConflict(ValueError):
    """The edits cannot be carried out together, or what they make is not a Python script."""


@dataclass(frozen=True, order=True, kw_only=True)
class Edit:
    """Bytes `start` to `end` (exclusive) of the UTF-8 form of a source become `replacement`.

    An edit with `start == end` is a pure insertion.
    """

    start: int
    end: int
    replacement: str

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.end:
            raise ValueError(f"an edit from byte {self.start} to byte {self.end} is impossible")


def splice(data: bytes, edits: Iterable[Edit]) -> bytes:
    """`data` (UTF-8) with the edits carried out, every other byte as it was.

    Identical edits count once. Insertions at one point keep the order in which they are given,
    and come before whatever replaces the bytes that start there.

    Raises:
        EditConflict: two different edits want the same bytes, or an edit lies outside the data.
    """
    pieces: list[bytes] = []
    done = 0
    for edit in sorted(dict.fromkeys(edits), key=lambda edit: (edit.start, edit.end)):
        if edit.end > len(data):
            raise EditConflict(f"{edit} lies beyond the end of the source, byte {len(data)}")
        if edit.start < done:
            contested = data[edit.start : done].decode(errors="replace")
            raise EditConflict(
                f"two edits want the same text, {contested!r}; "
                "apply one, then look for the other's place in the script that comes out"
            )
        pieces += (data[done : edit.start], edit.replacement.encode())
        done = edit.end
    return b"".join((*pieces, data[done:]))
