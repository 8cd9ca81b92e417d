"""Other processes that train chunks: on this machine, or on a cluster that is there already.

A chunk is a task that knows nothing of the others, so it may run anywhere, and chunks of several
arms at a time. A worker that dies takes its chunk with it, which is given out once more; if that
fails too, the arm is given up.
"""

from __future__ import annotations

import pickle
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from typing import Any

from unstuck.base.errors import NotSupported, UnstuckError, in_a_line
from unstuck.network.recipe import Recipe

from . import child
from .backends import Processes, connected
from .memory import OutOfMemory
from .packing import unpacked
from .population import Engine, Population, Yardstick
from .shipping import check, parcel

LOOK = 0.2
"""Seconds between two looks at the clock and for Ctrl-C while others work."""
RETRIES = 1


class WorkerLost(UnstuckError):
    """A worker died, or could not be reached, in two attempts at one chunk."""


class Workers:
    """Processes that train in place of this one. Closed by `close`, also after an error.

    Args:
        jobs: processes on this machine.
        cluster: "dask://HOST:PORT", "ray://HOST:PORT" or "ray://auto" instead.

    Raises:
        UnstuckError: the cluster cannot be reached, or what it needs is not installed.
    """

    def __init__(self, *, jobs: int = 1, cluster: str | None = None) -> None:
        self.notes: list[str] = []
        self.chunks: dict[str, int] = {}
        self._local = cluster is None
        self._lock = threading.Lock()
        self._backend = Processes(jobs) if cluster is None else connected(cluster)

    @property
    def name(self) -> str:
        """What users call them."""
        return self._backend.name

    @property
    def count(self) -> int:
        """Chunks that they work on at a time."""
        return self._backend.count

    @property
    def where(self) -> str:
        """Where the chunks went, in a phrase."""
        if not self.chunks:
            return f"{self.name} (nothing was given out)"
        spread = ", ".join(f"{place}: {n}" for place, n in sorted(self.chunks.items()))
        return f"{self.name} (chunks by process: {spread})"

    def take(self, engine: Engine, recipe: Recipe) -> bool:
        """True where trainings of this recipe by this engine gain by being given out, and can be.

        The native engine fills a machine by itself, so that only a cluster helps it.
        """
        if self._local and (self.count < 2 or engine.name != "keras"):
            return False
        try:
            check(recipe)
        except NotSupported as error:
            self._note(f"not given out to {self.name}: {error}")
            return False
        return True

    def train(
        self, engine: Engine, recipe: Recipe, pieces: Sequence[Sequence[int]], yardstick: Yardstick,
        *, probes: bool, meanwhile: Callable[[], object],
    ) -> Iterator[Population]:
        """The populations of these pieces of seeds, as they come in; from several threads at once.

        Args:
            meanwhile: called every now and then; what it raises ends the work.

        Raises:
            WorkerLost: two workers died on one and the same chunk, or none can be reached.
            UnstuckError: what kept a worker from training it.
        """
        parts = parcel(recipe, yardstick)
        sent = self._backend.sent(parts)
        given: dict[Future[Any], tuple[int, ...]] = {}
        losses: Counter[tuple[int, ...]] = Counter()

        def give(piece: tuple[int, ...]) -> None:
            given[self._backend.submit(
                child.work, (engine.name, engine.timed), piece, probes, *sent)] = piece

        try:
            for piece in pieces:
                give(tuple(piece))
            while given:
                meanwhile()
                done, _ = wait(given, timeout=LOOK, return_when=FIRST_COMPLETED)
                for future in done:
                    piece, loss = given.pop(future), _loss(future)
                    if loss is None:
                        yield self._arrived(*future.result())
                        continue
                    losses[piece] += 1
                    why = in_a_line(loss)[:200]
                    if losses[piece] > RETRIES:
                        raise WorkerLost(
                            f"error: two workers were lost while they trained it ({why})") from loss
                    self._note(f"a worker was lost ({why}); its chunk was given out once more")
                    sent = self._backend.sent(parts, anew=True)
                    give(piece)
        finally:
            self._backend.stop(given)

    def close(self) -> None:
        """Let go of the processes; those of this machine end."""
        self._backend.close()

    def _arrived(self, error: str | None, data: bytes, place: str) -> Population:
        """What a worker answered. Raises UnstuckError: that it could not train it."""
        if error is not None:
            raise _as_here(error)
        document, arrays = pickle.loads(data)
        with self._lock:
            self.chunks[place] = self.chunks.get(place, 0) + 1
        return unpacked(document, arrays)

    def _note(self, note: str) -> None:
        with self._lock:
            if note not in self.notes:
                self.notes.append(note)


def _loss(future: Future[Any]) -> BaseException | None:
    """What became of the worker, where it has not answered."""
    try:
        return future.exception()
    except CancelledError as error:
        return error


def _as_here(said: str) -> UnstuckError:
    """A worker's error, as this process would have raised it."""
    kind, _, words = said.partition(": ")
    kinds = {known.__name__: known for known in (NotSupported, OutOfMemory)}
    return kinds[kind](words) if kind in kinds else UnstuckError(said)
