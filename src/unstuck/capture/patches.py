"""What is patched while a script runs, and the one place where it is put back."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

Attribute = tuple[Any, str]


@contextlib.contextmanager
def patched(wrappers: dict[Attribute, Callable[[Any], Any]]) -> Iterator[None]:
    """Put wrappers around attributes of classes and modules; afterwards each is the same object.

    Args:
        wrappers: for each (owner, name) a function that is given the original and returns what is
            to stand in its place. `owner` must define the attribute itself, not inherit it.
    """
    originals = {(owner, name): vars(owner)[name] for owner, name in wrappers}
    try:
        for (owner, name), wrap in wrappers.items():
            setattr(owner, name, wrap(originals[owner, name]))
        yield
    finally:
        for (owner, name), original in originals.items():
            setattr(owner, name, original)
