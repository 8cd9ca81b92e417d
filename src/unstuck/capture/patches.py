"""What is patched while a script runs, and the one place where it is put back."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

Attribute = tuple[Any, str]
_ABSENT: Any = object()


@contextlib.contextmanager
def patched(wrappers: dict[Attribute, Callable[[Any], Any]]) -> Iterator[None]:
    """Put wrappers around attributes of classes and modules; afterwards each is the same object.

    An attribute that was not there is made, and is gone afterwards.

    Args:
        wrappers: for each (owner, name) a function that is given the original and returns what is
            to stand in its place (`None` if there is none). `owner` must define the attribute
            itself, not inherit it.
    """
    originals = {(owner, name): vars(owner).get(name, _ABSENT) for owner, name in wrappers}
    try:
        for (owner, name), wrap in wrappers.items():
            original = originals[owner, name]
            setattr(owner, name, wrap(None if original is _ABSENT else original))
        yield
    finally:
        for (owner, name), original in originals.items():
            if original is not _ABSENT:
                setattr(owner, name, original)
            elif name in vars(owner):
                delattr(owner, name)
