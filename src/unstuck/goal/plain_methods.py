"""Scikit-learn's methods as they are used here: quietly, and with one thread each."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import threadpool_limits


@contextmanager
def one_thread_each() -> Iterator[None]:
    """Within, the methods warn of nothing and have one thread.

    Their threads wait by spinning, which on a busy machine costs far more than they bring. Only
    libraries that are loaded by then are held to it, so the one that makes the threads is loaded first.
    """
    import sklearn.ensemble  # noqa: F401

    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")
        yield
