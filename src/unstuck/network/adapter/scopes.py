"""Keras's stateless scopes: what variables hold in them, and held before they were written."""

from __future__ import annotations

import contextlib
import functools
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import jax
import keras

from .private import JaxVariable, get_stateless_scope
from .tracing import BUILDING


class Journal(Protocol):
    """Told what a variable held before it is given another value in a scope."""

    scope: Any

    def written(self, variable: Any, value: Any) -> None:
        """A variable is about to be written; it holds `value`."""


class Minimised(list[Any]):
    """What is minimised, each summed to a number; `targets` are the very arrays."""

    def __init__(self) -> None:
        super().__init__()
        self.targets: list[list[Any]] = []


class _Journals(threading.local):
    """The journals of a thread that are told."""

    def __init__(self) -> None:
        self._open: weakref.WeakSet[Any] = weakref.WeakSet()
        self._readers: list[dict[int, Any]] = []
        self._minimised: list[Minimised] = []
        self._marks: list[list[Any]] = []
        self._derived: list[list[Any]] = []

    def add(self, journal: Journal) -> None:
        self._open.add(journal)

    def discard(self, journal: Journal) -> None:
        self._open.discard(journal)

    def tell(self, variable: Any, scope: Any, value: Any) -> None:
        if value is not None:
            for journal in list(self._open):
                if journal.scope is scope:
                    journal.written(variable, value)

    def minimise(self, targets: Sequence[Any]) -> None:
        for seen in self._minimised:
            seen.append(sum(keras.ops.sum(one) for one in targets))
            seen.targets.append(list(targets))

    @contextlib.contextmanager
    def minimised(self) -> Iterator[Minimised]:
        """Gives that of which gradients are taken meanwhile, one after the other."""
        self._minimised.append(Minimised())
        try:
            yield self._minimised[-1]
        finally:
            self._minimised.pop()

    def mark(self, leaves: Sequence[Any]) -> None:
        for seen in self._marks:
            seen.extend(leaf for leaf in leaves if leaf is not None)

    @contextlib.contextmanager
    def marks(self) -> Iterator[list[Any]]:
        """Gives the arrays that are given names in blocks of tapes meanwhile."""
        self._marks.append([])
        try:
            yield self._marks[-1]
        finally:
            self._marks.pop()

    def derive(self, arrays: Sequence[Any]) -> None:
        for seen in self._derived:
            seen.extend(arrays)

    @contextlib.contextmanager
    def derived(self) -> Iterator[list[Any]]:
        """Gives the arrays, no variables, by which derivatives are taken meanwhile."""
        self._derived.append([])
        try:
            yield self._derived[-1]
        finally:
            self._derived.pop()

    def read(self, variable: Any) -> None:
        for seen in self._readers:
            seen.setdefault(id(variable), variable)

    @contextlib.contextmanager
    def reading(self) -> Iterator[dict[int, Any]]:
        """Gives the variables that are read or written meanwhile in scopes of ours, by `id`."""
        self._readers.append({})
        try:
            yield self._readers[-1]
        finally:
            self._readers.pop()


JOURNALS = _Journals()
_patched = 0


@contextlib.contextmanager
def journalled() -> Iterator[None]:
    """While open, `JOURNALS` are told of every variable that is written."""
    global _patched
    with BUILDING:
        _patched += 1
        if _patched == 1:
            _ORIGINALS["assign"], _ORIGINALS["update"] = (
                JaxVariable._direct_assign, keras.StatelessScope.add_update)
            JaxVariable._direct_assign = _assigning(JaxVariable._direct_assign)
            keras.StatelessScope.add_update = _updating(keras.StatelessScope.add_update)
    try:
        yield
    finally:
        with BUILDING:
            _patched -= 1
            if not _patched:
                JaxVariable._direct_assign = _ORIGINALS["assign"]
                keras.StatelessScope.add_update = _ORIGINALS["update"]


_ORIGINALS: dict[str, Any] = {}


def _assigning(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def assign(variable: Any, value: Any) -> Any:
        JOURNALS.tell(variable, None, getattr(variable, "_value", None))
        return original(variable, value)

    return assign


def _updating(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def add_update(scope: Any, update: Any) -> Any:
        held = scope.state_mapping.get(id(update[0]))
        JOURNALS.tell(update[0], scope, update[0]._value if held is None else held)
        return original(scope, update)

    return add_update


def current_scope() -> Any:
    """The stateless scope that is open; `None` for none."""
    return get_stateless_scope()


def values_of(scope: Any) -> dict[int, Any]:
    """What variables hold in a scope where it is not what they hold outside, by `id`."""
    return {} if scope is None else dict(scope.state_mapping)


@contextlib.contextmanager
def scope_with(values: Mapping[int, Any]) -> Iterator[Any]:
    """A stateless scope in which variables hold these values, by `id`; losses are collected in it."""
    scope = _Scope(values)
    with scope:
        yield scope


class _Scope(keras.StatelessScope):  # type: ignore[misc]
    """A scope in which a variable that it knows nothing of holds what it holds outside."""

    def __init__(self, values: Mapping[int, Any]) -> None:
        super().__init__(collect_losses=True, initialize_variables=False)
        self.state_mapping.update(values)

    def get_current_value(self, variable: Any) -> Any:
        JOURNALS.read(variable)
        # Keras asks for it without a second thought where it sums what regularisers say.
        found = super().get_current_value(variable)
        return variable._value if found is None else found

    def add_update(self, update: Any) -> None:
        JOURNALS.read(update[0])
        super().add_update(update)


def variables_read(compute: Callable[[], Any]) -> list[Any]:
    """The variables that a computation reads or writes, in the order of their first use.

    It is only traced; nothing is computed or changed.
    """
    def traced() -> int:
        with scope_with({}):
            compute()
        return 0

    with JOURNALS.reading() as seen:
        jax.eval_shape(traced)
    return list(seen.values())
