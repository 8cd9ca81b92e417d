"""What a step of the user's own adds up to what it minimises: its terms, noted and weighed.

Sums in the blocks of tapes tell `counted` of each of their terms (`capture/tensorflow/blocks`).
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp

from unstuck.script import Span


@dataclass(frozen=True, kw_only=True)
class Term:
    """A term of a sum: its code, and where in its file that stands.

    `log` is the name under which a step logs its value, "" where it does not.
    """

    code: str
    span: Span
    log: str = ""


Weights = tuple[tuple[Term, float], ...]
"""What terms are multiplied by; each term without its `log`."""


class _Sums(threading.local):
    def __init__(self) -> None:
        self.weights: Mapping[Term, float] = {}
        self.seen: list[dict[Term, Any]] = []


_SUMS = _Sums()


@contextlib.contextmanager
def weighed(weights: Weights) -> Iterator[None]:
    """While open, these terms of this thread's sums are multiplied by their weights."""
    before, _SUMS.weights = _SUMS.weights, dict(weights)
    try:
        yield
    finally:
        _SUMS.weights = before


@contextlib.contextmanager
def noted_terms() -> Iterator[dict[Term, Any]]:
    """Gives the mean of each term that is added meanwhile, a scalar."""
    _SUMS.seen.append({})
    try:
        yield _SUMS.seen[-1]
    finally:
        _SUMS.seen.pop()


def counted(value: Any, term: Term, *, noted: bool) -> Any:
    """A term on its way into a sum, times its weight.

    Numbers, one for all rows or one for each, are terms of a loss; what else is added is none.

    Args:
        value: anything.
        noted: whether `noted_terms` may tell of it.
    """
    if not (isinstance(value, jax.Array) and value.ndim < 2
            and jnp.issubdtype(value.dtype, jnp.floating)):
        return value
    if noted:
        for seen in _SUMS.seen:
            seen[term] = jnp.mean(value)
    weight = _SUMS.weights.get(term)
    return value if weight is None else value * jnp.asarray(weight, value.dtype)
