"""A saved diagnosis: one file, which is read without ever executing anything in it.

The file is in the safetensors format: a header in JSON, then plain arrays. The header's metadata
holds the JSON document of the contract under "diagnosis". Nothing here imports Keras.
"""

from __future__ import annotations

import functools
import itertools
import json
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, validators
from jsonschema.exceptions import best_match
from numpy.typing import NDArray

from unstuck.base.atomic import write_bytes
from unstuck.base.errors import BadSavedFile, in_a_line
from unstuck.base.reading import size_of
from unstuck.result.documents import from_document
from unstuck.result.results import SCHEMA, Result

Arrays = dict[str, NDArray[Any]]

KEY = "diagnosis"
LARGEST_HEADER = 8 * 2**20
"""Most bytes of the document and the names of arrays: reading and showing so many takes a minute at
most. The schema has the most entries of its lists."""
MOST_PARTS, MOST_VALUES = 50_000, 500_000
"""Most lists and objects of a document, and most values: each of them is checked."""
_FORMAT = 100_000_000
"""Most bytes of a header, by the format."""
LARGEST = 2**30
"""Most bytes of a saved diagnosis."""
_MISFITS = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
_NONE = "{} is no saved diagnosis. `unstuck run SCRIPT --save FILE` writes one."
_LENGTH = struct.Struct("<Q")


def write(
    path: Path, result: Result, arrays: Mapping[str, NDArray[Any]], *, force: bool = False
) -> None:
    """Write a diagnosis; the file is whole or absent, and replaces none that is not ours.

    Raises:
        OSError: it cannot be written.
        UnstuckError: something else is there, and `force` is not given.
        TypeError: an array holds something else than numbers or truth values.
    """
    from safetensors.numpy import save

    from unstuck.reports.formats.json import document

    for name, array in arrays.items():
        if array.dtype.kind not in "biuf":
            raise TypeError(f"{name!r} holds {array.dtype}, which a diagnosis cannot keep")
    text = json.dumps(document(result), sort_keys=True, allow_nan=False)
    if len(text) > LARGEST_HEADER // 2:  # quotes within quotes are longer
        text = json.dumps(document(replace(result, pictures=None)), sort_keys=True, allow_nan=False)
    plain = {name: _plain(array) for name, array in arrays.items()}
    write_bytes(Path(path), save(plain, metadata={KEY: text}), force=force)


def is_saved(path: Path) -> bool:
    """True for a file that begins as a saved diagnosis does; no text does. Raises OSError."""
    with Path(path).open("rb") as stream:
        start = stream.read(_LENGTH.size + 1)
    if len(start) <= _LENGTH.size or start[-1:] != b"{":
        return False
    return bool(_LENGTH.unpack_from(start)[0] <= _FORMAT)


def read(path: Path) -> tuple[Result, Arrays]:
    """Read a diagnosis with its arrays.

    Raises:
        BadSavedFile: it cannot be read, is damaged, of another version, or no diagnosis at all.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        _refuse_by_length(Path(path))
        data = Path(path).read_bytes()
    except OSError as error:
        raise BadSavedFile(f"{path} cannot be read: {error.strerror or error}") from error
    result = _result(_metadata(data, path), path)
    try:
        return result, load(data)
    except (SafetensorError, ValueError, TypeError, KeyError) as error:
        raise BadSavedFile(f"{path} is damaged: its arrays cannot be read ({error}).") from error


@contextmanager
def doubted(path: Path) -> Iterator[None]:
    """Within, what a file says is shown. That cannot be done where its parts do not fit together.

    Raises:
        BadSavedFile: they do not: an error that only the file can be the reason for.
    """
    try:
        yield
    except _MISFITS as error:
        raise BadSavedFile(
            f"{path} is damaged: its parts do not fit together ({type(error).__name__}:"
            f" {in_a_line(error)[:200]}). If unstuck wrote it so, please report that.") from error


def _refuse_by_length(path: Path) -> None:
    """Refuse what is no saved diagnosis by its kind, its first bytes or its length, unread."""
    if path.is_dir():
        return
    size = size_of(path)
    if size is None or not is_saved(path):
        raise BadSavedFile(_NONE.format(path))
    if size > LARGEST:
        raise BadSavedFile(f"{path} is damaged, or no diagnosis: it has {size:,} bytes, and unstuck"
                           f" reads at most {LARGEST:,}.")


def _plain(array: NDArray[Any]) -> NDArray[Any]:
    """Row by row in native byte order, which is what the format's writer takes for granted."""
    return array.astype(array.dtype.newbyteorder("="), order="C", copy=False)


def _metadata(data: bytes, path: Path) -> dict[str, Any]:
    """The header's metadata, after its size was checked."""
    none = _NONE.format(path)
    if len(data) < _LENGTH.size:
        raise BadSavedFile(none)
    (length,) = _LENGTH.unpack_from(data)
    if LARGEST_HEADER < length <= _FORMAT:
        raise BadSavedFile(f"{path} is damaged, or no diagnosis: its document has {length:,} bytes, and"
                           f" unstuck reads at most {LARGEST_HEADER:,}.")
    header = data[_LENGTH.size : _LENGTH.size + length] if length <= _FORMAT else b""
    if not header.startswith(b"{"):
        raise BadSavedFile(none)
    if len(header) < length:
        raise BadSavedFile(f"{path} is damaged: its end is missing.")
    try:
        metadata = json.loads(header)["__metadata__"]
    except KeyError:
        raise BadSavedFile(none) from None
    except (ValueError, RecursionError) as error:
        raise BadSavedFile(f"{path} is damaged: its header is not JSON ({error}).") from error
    if not isinstance(metadata, dict) or KEY not in metadata:
        raise BadSavedFile(none)
    return metadata


def _result(metadata: dict[str, Any], path: Path) -> Result:
    try:
        document = json.loads(metadata[KEY])
    except (ValueError, TypeError, RecursionError) as error:
        raise BadSavedFile(f"{path} is damaged: its document is not JSON ({error}).") from error
    schema = document.get("schema") if isinstance(document, dict) else None
    if schema != SCHEMA:
        raise BadSavedFile(
            f"{path} was written in the form {schema!r}, and this version of unstuck reads"
            f" {SCHEMA!r}. Diagnose the script again, or use the version that wrote the file."
        )
    _refuse_by_count(document, path)
    try:
        # Of a million errors the first few say what is wrong, too.
        fault = best_match(itertools.islice(_validator().iter_errors(document), 100))
        if fault is None:
            return from_document(document)
        why = f"at {fault.json_path}: " + (
            f"{len(fault.instance):,} of at most {fault.validator_value:,}"
            if fault.validator in ("maxItems", "maxLength") else fault.message[:200])
    except (TypeError, KeyError, ValueError, ArithmeticError, RecursionError) as error:
        why = str(error)
    raise BadSavedFile(f"{path} is damaged: its document breaks the contract ({why}).")


def _refuse_by_count(document: Any, path: Path) -> None:
    """Refuse what has so many parts that to check them takes more than some seconds."""
    parts = values = 0
    left = [document]
    while left:
        part = left.pop()
        entries = part.values() if isinstance(part, dict) else part
        parts, values = parts + 1, values + len(entries)
        if parts > MOST_PARTS or values > MOST_VALUES:
            raise BadSavedFile(f"{path} is damaged, or no diagnosis: its document has more than"
                               f" {MOST_PARTS:,} lists and objects, or {MOST_VALUES:,} values.")
        left += [entry for entry in entries if isinstance(entry, dict | list)]


@functools.cache
def _validator() -> Any:
    """The schema's, which passes over lists of finite numbers at once."""
    original = Draft202012Validator.VALIDATORS["items"]

    def items(validator: Any, asked: Any, found: Any, within: Any) -> Iterator[Any]:
        if asked == {"$ref": "#/$defs/number"} and isinstance(found, list) and all(
                type(value) in (float, int) for value in found):
            return
        yield from original(validator, asked, found, within)

    return validators.extend(Draft202012Validator, {"items": items})(schema())


def schema() -> dict[str, Any]:
    """The JSON Schema of the document."""
    text = resources.files("unstuck.result").joinpath("schema.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded
