"""A result as JSON values, and back from them.

The types of the dataclasses' fields say what may stand where: a value of another type is refused, and
so is a document that lacks a field without a default; a key that names no field is passed over.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import math
import types
import typing
from typing import Any, Literal

from .results import Result


def to_document(value: Any) -> Any:
    """A result as JSON values; numbers that JSON has no token for become strings."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_document(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(key): to_document(entry) for key, entry in value.items()}
    if isinstance(value, tuple | list):
        return [to_document(entry) for entry in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def as_text(document: Any) -> str:
    """JSON values as they are written: keys sorted, indented, ASCII, with a newline at the end."""
    return json.dumps(document, sort_keys=True, indent=2, allow_nan=False) + "\n"


def from_document(document: Any) -> Result:
    """The result that `to_document` wrote. Raises TypeError, KeyError or ValueError if it is none."""
    loaded: Result = _read(Result, document)
    return loaded


_hints = functools.cache(typing.get_type_hints)


def _read(kind: Any, value: Any) -> Any:
    origin = typing.get_origin(kind)
    arguments = typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        if value is None:
            return None
        return _read(next(a for a in arguments if a is not types.NoneType), value)
    if origin is Literal:
        if value not in arguments:
            raise ValueError(f"{value!r} is none of {arguments}")
        return value
    if origin is tuple:
        if arguments[-1] is Ellipsis:
            return tuple(_read(arguments[0], entry) for entry in value)
        return tuple(_read(a, entry) for a, entry in zip(arguments, value, strict=True))
    if origin is dict:
        return {str(key): _read(arguments[1], entry) for key, entry in value.items()}
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        hints = _hints(kind)
        return kind(**{f.name: _read(hints[f.name], value[f.name])
                       for f in dataclasses.fields(kind) if f.name in value})
    if kind is Any:
        return value
    if kind is float:
        return float(value)
    if not isinstance(value, kind):
        raise TypeError(f"expected {kind.__name__}, found {type(value).__name__}")
    return value
