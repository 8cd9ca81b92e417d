"""Work on several blocks or arms at once, where the work itself lets go of Python's lock.

Compiled steps do, so that a machine's cores are filled by blocks even where one block of small
operations cannot fill them. The caller's thread only waits: progress is told and Ctrl-C answered
there, and what either raises ends the other threads at their next sign of life.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from typing import TypeVar

T = TypeVar("T")
GLANCE = 0.05
"""Seconds between two looks of the waiting thread."""


class _Stopped(BaseException):
    """Another part failed, or the caller has had enough; no handler of errors keeps it up."""


def side_by_side(
    work: Callable[[int, Callable[[int], None]], T],
    parts: Sequence[int],
    *,
    threads: int,
    first_alone: bool,
    progress: Callable[[int], None] | None = None,
) -> list[T]:
    """The results of `work(part, tell)`, in the order of the parts.

    Args:
        work: does one part; it calls `tell` now and then with how much of it is done.
        parts: what is handed to `work`, one after another.
        threads: most parts that are worked on at a time.
        first_alone: begin with one part, because the others share what it compiles.
        progress: called in this thread with how much is done of all parts; what it raises ends
            the work and is raised here, as KeyboardInterrupt is.

    Raises:
        Exception: what a part raised.
    """
    done = dict.fromkeys(parts, 0)
    stop = threading.Event()

    def alone(part: int) -> T:
        def tell(amount: int) -> None:
            done[part] = amount
            if progress is not None:
                progress(sum(done.values()))

        return work(part, tell)

    def together(part: int) -> T:
        def tell(amount: int) -> None:
            done[part] = amount
            if stop.is_set():
                raise _Stopped

        if stop.is_set():
            raise _Stopped
        return work(part, tell)

    begun = [alone(part) for part in parts[:1 if first_alone else 0]]
    if threads == 1 or len(parts) - len(begun) < 2:
        return [*begun, *(alone(part) for part in parts[len(begun):])]
    with ThreadPoolExecutor(threads, thread_name_prefix="unstuck") as pool:
        futures = [pool.submit(together, part) for part in parts[len(begun):]]
        try:
            _watch(futures, lambda: progress and progress(sum(done.values())))
        finally:
            stop.set()
    return [*begun, *(future.result() for future in futures)]


def _watch(futures: Sequence[Future[T]], look: Callable[[], object]) -> None:
    """Wait until all are done or one has failed, which is raised."""
    open_ones: set[Future[T]] = set(futures)
    while open_ones:
        ended, open_ones = wait(open_ones, timeout=GLANCE, return_when=FIRST_EXCEPTION)
        for future in ended:
            future.result()
        look()
