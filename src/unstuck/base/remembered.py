"""What has been found out about a thing that does not change, such as an array, as long as it lives."""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")
_SEEN: dict[tuple[int, str], tuple[weakref.ref[Any], Any]] = {}


def once(thing: Any, what: str, find: Callable[[], T]) -> T:
    """What `find` found at the first time, of this very thing and under this name."""
    key = id(thing), what
    known = _SEEN.get(key)
    if known is None or known[0]() is not thing:
        known = weakref.ref(thing, functools.partial(_forget, key)), find()
        _SEEN[key] = known
    found: T = known[1]
    return found


def _forget(key: tuple[int, str], gone: object) -> None:
    _SEEN.pop(key, None)
