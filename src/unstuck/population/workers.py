"""Other processes that train chunks: on this machine, or on a cluster that is there already.

A chunk is a task that knows nothing of the others, so it may run anywhere; joblib hands tasks out,
to processes here (loky), to Dask or to Ray. A worker that dies takes its chunk with it, which is
given out once more; if that fails too, the arm is given up.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import os
import pickle
import queue
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from unstuck import child
from unstuck.errors import NotSupported, UnstuckError, in_a_line
from unstuck.population import Engine, Population, Yardstick
from unstuck.population.kept import unpacked
from unstuck.population.memory import OutOfMemory, lighter
from unstuck.population.shipping import check, parcel
from unstuck.recipe import Recipe

LOOK = 0.2
"""Seconds between two looks at the clock and for Ctrl-C while others work."""
RETRIES = 1
CONNECTING = 10
"""Seconds to wait for a cluster to answer."""
_PACKAGES = {"dask": "distributed", "ray": "ray"}
"""By scheme, which is joblib's name of the backend too: what has to be installed."""


def refuse_unreachable(cluster: str) -> None:
    """See, before anything is run, whether a cluster's address can be meant, and answers.

    Nothing is left in this process, in which the user's script is going to run.

    Raises:
        UnstuckError: it is not understood, what it needs is not installed, or nobody answers.
    """
    scheme, address = _parted(cluster)
    package = _PACKAGES[scheme]
    if importlib.util.find_spec(package) is None:
        raise UnstuckError(f"--cluster {scheme}://… needs {scheme}: pip install {package}")
    host, _, port = address.rpartition(":")
    if address == "auto" and scheme == "ray":
        return
    if not host or not port.isdecimal():
        raise UnstuckError(_unclear(cluster))
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=CONNECTING).close()
    except (OSError, OverflowError) as error:
        why = getattr(error, "strerror", None) or error
        raise UnstuckError(f"Nobody answers at --cluster {cluster}: {why}. Start the cluster, or"
                           " leave --cluster out to train here.") from error


def _parted(cluster: str) -> tuple[str, str]:
    """The scheme of an address and the rest. Raises UnstuckError."""
    scheme, _, address = cluster.partition("://")
    if scheme not in _PACKAGES or not address:
        raise UnstuckError(_unclear(cluster))
    return scheme, address


def _unclear(cluster: str) -> str:
    return f"--cluster {cluster!r} is not understood: write dask://HOST:PORT or ray://HOST:PORT."


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
        self._close: list[Callable[[], object]] = []
        self._backend, self.count = "loky", jobs
        self.name = f"{jobs} processes"
        if cluster is not None:
            scheme, address = _parted(cluster)
            connect = self._connect_dask if scheme == "dask" else self._connect_ray
            self._backend, self.name = scheme, cluster
            self.count = connect(address)

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
        if self._backend == "loky" and (self.count < 2 or engine.name != "keras"):
            return False
        try:
            check(recipe)
        except NotSupported as error:
            note = f"not given out to {self.name}: {error}"
            if note not in self.notes:
                self.notes.append(note)
            return False
        return True

    def train(
        self, engine: str, recipe: Recipe, pieces: Sequence[Sequence[int]], yardstick: Yardstick,
        *, probes: bool, meanwhile: Callable[[], object],
    ) -> Iterator[Population]:
        """The populations of these pieces of seeds, as they come in.

        Args:
            meanwhile: called every now and then; what it raises ends the work.

        Raises:
            WorkerLost: two workers died on one and the same arm, or none can be reached.
            UnstuckError: what kept a worker from training it.
        """
        sent = parcel(recipe, yardstick)
        waiting = {tuple(piece) for piece in pieces}
        for attempt in range(RETRIES + 1):
            lost: BaseException | None = None
            for answer in self._answers(engine, sent, sorted(waiting), probes, meanwhile):
                if isinstance(answer, BaseException):
                    lost = answer
                    break
                error, data, place = answer
                if error is not None:
                    raise _as_here(error)
                document, arrays = pickle.loads(data)
                part = unpacked(document, arrays)
                waiting.discard(part.seeds)
                self.chunks[place] = self.chunks.get(place, 0) + 1
                yield part
            if lost is None and not waiting:
                return
            why = in_a_line(lost)[:200]
            if attempt < RETRIES:
                self.notes.append(f"a worker was lost ({why}); its chunk was given out once more")
        raise WorkerLost(f"error: two workers were lost while they trained it ({why})")

    def close(self) -> None:
        """Let go of the processes; those of this machine end."""
        if self._backend == "loky":
            _stop_local()
        while self._close:
            with contextlib.suppress(Exception):
                self._close.pop()()

    def _answers(
        self, engine: str, sent: Any, pieces: Sequence[tuple[int, ...]], probes: bool,
        meanwhile: Callable[[], object],
    ) -> Iterator[Any]:
        """What the workers answer, or the error that ended them all, as it comes.

        joblib waits where no signal and no clock is looked at, so a thread does the waiting.
        """
        import joblib

        answers: queue.Queue[Any] = queue.Queue()
        over = object()

        def wait() -> None:
            try:
                with joblib.parallel_config(backend=self._backend, n_jobs=self.count):
                    tasks = (joblib.delayed(child.work)(engine, sent, piece, probes)
                             for piece in pieces)
                    generator = self._backend != "ray"  # whose backend returns all at once
                    run = joblib.Parallel(
                        return_as="generator_unordered" if generator else "list",
                        batch_size=1, pre_dispatch="all")
                    for answer in run(tasks):
                        answers.put(answer)
            except BaseException as error:
                answers.put(error)
            answers.put(over)

        threading.Thread(target=wait, daemon=True, name="unstuck workers").start()
        finished = False
        try:
            while True:
                try:
                    answer = answers.get(timeout=LOOK)
                except queue.Empty:
                    meanwhile()
                    continue
                if answer is over:
                    finished = True
                    return
                yield answer
        finally:
            if not finished and self._backend == "loky":
                _stop_local()

    def _connect_dask(self, address: str) -> int:
        try:
            distributed: Any = importlib.import_module("distributed")
        except ImportError as error:
            raise UnstuckError("--cluster dask://… needs dask: pip install distributed") from error
        try:
            client = distributed.Client(f"tcp://{address}", timeout=CONNECTING)
        except OSError as error:
            raise UnstuckError(f"No Dask scheduler answers at {address}: {error}") from error
        self._close.append(client.close)
        count = len(client.scheduler_info(n_workers=-1)["workers"])
        if not count:
            raise UnstuckError(f"The Dask cluster at {address} has no workers.")
        return count

    def _connect_ray(self, address: str) -> int:
        try:
            ray: Any = importlib.import_module("ray")
            backend: Any = importlib.import_module("ray.util.joblib")
        except ImportError as error:
            raise UnstuckError("--cluster ray://… needs ray: pip install ray") from error
        try:
            ray.init(address=address if address == "auto" else f"ray://{address}",
                     log_to_driver=False)
        except Exception as error:
            raise UnstuckError(f"No Ray cluster answers at {address}: {error}") from error
        self._close.append(ray.shutdown)
        backend.register_ray()
        return int(ray.cluster_resources().get("CPU", 1))


def _stop_local() -> None:
    """End the worker processes of this machine, whatever they are doing."""
    with contextlib.suppress(Exception):
        from joblib.externals.loky import reusable_executor

        executor = reusable_executor._executor
        if executor is not None:
            executor.shutdown(wait=True, kill_workers=True)


def _as_here(said: str) -> UnstuckError:
    """A worker's error, as this process would have raised it."""
    kind, _, words = said.partition(": ")
    kinds = {known.__name__: known for known in (NotSupported, OutOfMemory)}
    return kinds[kind](words) if kind in kinds else UnstuckError(said)


def cores() -> int:
    """Processors that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def trained(engine: str, sent: Any, seeds: Sequence[int], probes: bool) -> bytes:
    """One chunk, in a worker: its population, packed."""
    from unstuck.population.choice import engines
    from unstuck.population.kept import packed
    from unstuck.population.shipping import opened

    recipe, yardstick = opened(np.asarray(sent))
    chosen = next(e for e in engines(None) if e.name == engine)
    return pickle.dumps(packed(lighter(
        chosen, recipe, lambda: chosen.train(recipe, list(seeds), yardstick, probes=probes))))
