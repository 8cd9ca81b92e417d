"""A journal's file as bytes: a first line, then records, each of which tells whether it is whole.

A record is its length, a digest of its bytes, and the bytes: a safetensors block whose metadata holds a
JSON document under "record". Reading ends at the first record that is not whole, so a file torn
anywhere gives back everything before the tear. Nothing in it is executable, and nothing in it is
believed before it was checked.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

Arrays = Mapping[str, NDArray[Any]]
Document = dict[str, Any]

MAGIC = b"unstuck journal 1\n"
LARGEST_RECORD = 1 << 28  # bytes
_HEAD = struct.Struct("<I16s")


@dataclass(frozen=True, kw_only=True)
class Record:
    """One record: its document, and where its bytes stand, so that arrays are read when needed."""

    document: Document
    start: int
    length: int


def encoded(document: Mapping[str, Any], arrays: Arrays | None = None) -> bytes:
    """A record's bytes. Raises ValueError for what is too large, or for a number JSON lacks."""
    from safetensors.numpy import save

    text = json.dumps(document, sort_keys=True, allow_nan=False)
    data: bytes = save({name: _plain(a) for name, a in (arrays or {}).items()},
                       metadata={"record": text})
    if len(data) > LARGEST_RECORD:
        raise ValueError(f"a record of {len(data) >> 20} MiB is too large for a journal")
    return _HEAD.pack(len(data), _check(data)) + data


def appended(path: Path, document: Mapping[str, Any]) -> None:
    """Put a record behind the last whole one of a file, which nobody else has open.

    Raises:
        OSError: it cannot be written.
        ValueError: it is no file of records.
    """
    with os.fdopen(os.open(path, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0)), "r+b") as stream:
        whole = list(records(stream.read()))
        if not whole:
            raise ValueError(f"{path} holds no records")
        stream.truncate(whole[-1].start + whole[-1].length)
        stream.seek(0, os.SEEK_END)
        stream.write(encoded(document))


def records(data: bytes | memoryview) -> Iterator[Record]:
    """Every whole record of a file's bytes, up to the first that is not; none of another file."""
    view = memoryview(data)
    if view[: len(MAGIC)] != MAGIC:
        return
    at = len(MAGIC)
    while at + _HEAD.size <= len(view):
        length, check = _HEAD.unpack_from(view, at)
        body = view[at + _HEAD.size : at + _HEAD.size + length]
        if len(body) < length or length > LARGEST_RECORD or _check(body) != check:
            return
        document = _document(bytes(body))
        if document is None:
            return
        yield Record(document=document, start=at + _HEAD.size, length=length)
        at += _HEAD.size + length


def arrays_in(data: bytes) -> dict[str, NDArray[Any]]:
    """The arrays of a record's bytes. Raises ValueError if they are none."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        found: dict[str, NDArray[Any]] = load(data)
    except (SafetensorError, KeyError, TypeError) as error:
        raise ValueError(str(error)) from error
    return found


def _check(data: bytes | memoryview) -> bytes:
    return hashlib.blake2b(data, digest_size=16).digest()


def _document(data: bytes) -> Document | None:
    """The document in a record's safetensors header; `None` where there is none."""
    try:
        (length,) = struct.unpack_from("<Q", data)
        found = json.loads(json.loads(data[8 : 8 + length])["__metadata__"]["record"])
    except (struct.error, ValueError, KeyError, TypeError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _plain(array: NDArray[Any]) -> NDArray[Any]:
    return array.astype(array.dtype.newbyteorder("="), order="C", copy=False)
