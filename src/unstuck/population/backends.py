"""Where chunks can be given: processes of this machine, Dask and Ray, all behind futures.

joblib's registered backends for the latter two would do for one arm at a time. Futures of single
chunks let several arms be trained at once and one of them be given up while the others go on, and
Ray's workers stay between arms.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import socket
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import BrokenExecutor, Future, ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unstuck.base.digests import digest
from unstuck.base.errors import UnstuckError

from . import child

CONNECTING = 10
"""Seconds to wait for a cluster to answer."""
KEPT = 8
"""Large arrays that a cluster keeps: those of the script, and of arms that change its data."""
_PACKAGES = {"dask": "distributed", "ray": "ray"}
"""By scheme of the address: what has to be installed."""


class Backend(ABC):
    """Takes tasks. `count`: how many it works on at a time; `name`: what users call it."""

    name: str
    count: int

    def sent(self, parts: Sequence[NDArray[np.uint8]], *, anew: bool = False) -> list[Any]:
        """What to give to tasks in the place of a parcel; `anew` where a worker has died since."""
        return list(parts)

    @abstractmethod
    def submit(self, work: Callable[..., Any], *given: Any) -> Future[Any]:
        """`work(*given)` as a task; a worker that dies is the future's exception."""

    @abstractmethod
    def stop(self, futures: Iterable[Future[Any]]) -> None:
        """Give up these tasks; those that run already are ended where that can be done."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the workers."""


class Processes(Backend):
    """So many processes of this machine, each an executor of its own: if one dies, only it dies."""

    def __init__(self, count: int) -> None:
        self.name, self.count = f"{count} processes", count
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="unstuck workers")
        self._own = threading.local()
        self._beginning = threading.Lock()
        self._all: list[Any] = []
        self._at_work: dict[Future[Any], Any] = {}

    def submit(self, work: Callable[..., Any], *given: Any) -> Future[Any]:
        """To the first process that is free."""
        told: Future[Future[Any]] = Future()
        future = self._threads.submit(self._run, told, work, *given)
        told.set_result(future)
        return future

    def _run(self, told: Future[Future[Any]], work: Callable[..., Any], *given: Any) -> Any:
        """In a thread of ours, to which a process belongs: wait for what it answers."""
        future = told.result()
        process = getattr(self._own, "process", None)
        if process is None:
            process = self._own.process = self._begun()
        self._at_work[future] = process
        try:
            return process.submit(work, *given).result()
        except (BrokenExecutor, RuntimeError):  # loky's ShutdownExecutorError is the latter
            self._own.process = None
            self._all.remove(process)
            raise
        finally:
            self._at_work.pop(future, None)

    def _begun(self) -> Any:
        """A process at work; one begins at a time, since what loky imports for that imports itself in
        circles, in which two threads lose each other."""
        with self._beginning:
            from joblib.externals.loky import ProcessPoolExecutor

            process = ProcessPoolExecutor(max_workers=1, initializer=child.settle)
            self._all.append(process)
            process.submit(int)
        return process

    def stop(self, futures: Iterable[Future[Any]]) -> None:
        """Tasks that run already end with their process; the next one gets another."""
        for future in futures:
            if not future.cancel():
                _end(self._at_work.get(future))

    def close(self) -> None:
        """The processes end, whatever they are doing."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        for process in list(self._all):
            _end(process)


def _end(process: Any) -> None:
    if process is not None:
        with contextlib.suppress(Exception):
            process.shutdown(wait=True, kill_workers=True)


class Cluster(Backend):
    """Keeps large arrays where its workers find them, so that they travel once for all arms."""

    def __init__(self) -> None:
        self._kept: dict[str, Any] = {}
        self._keeping = threading.Lock()

    @abstractmethod
    def put(self, data: NDArray[np.uint8]) -> Any:
        """Keep an array; what to give to tasks in its place."""

    def sent(self, parts: Sequence[NDArray[np.uint8]], *, anew: bool = False) -> list[Any]:
        """The first part itself, which is small; for the others, where they are kept."""
        first, *large = parts
        keyed = [(digest(array.data), array) for array in large]
        with self._keeping:
            for key, _ in keyed if anew else ():  # who died may have been the only one to have it
                self._kept.pop(key, None)
            for key, array in keyed:
                if key not in self._kept:
                    self._kept[key] = self.put(array)
            there = [self._kept[key] for key, _ in keyed]
            while len(self._kept) > KEPT:
                del self._kept[next(iter(self._kept))]
        return [first, *there]


class Dask(Cluster):
    """The workers of a Dask cluster, one task for each of their threads."""

    def __init__(self, address: str) -> None:
        super().__init__()
        try:
            distributed: Any = importlib.import_module("distributed")
        except ImportError as error:
            raise UnstuckError("--cluster dask://… needs dask: pip install distributed") from error
        try:
            self._client = distributed.Client(f"tcp://{address}", timeout=CONNECTING)
        except OSError as error:
            raise UnstuckError(f"No Dask scheduler answers at {address}: {error}") from error
        workers = self._client.scheduler_info(n_workers=-1)["workers"].values()
        self.name, self.count = f"dask://{address}", sum(worker["nthreads"] for worker in workers)
        if not self.count:
            self.close()
            raise UnstuckError(f"The Dask cluster at {address} has no workers.")
        self._tasks = self._client.get_executor(pure=False)

    def put(self, data: NDArray[np.uint8]) -> Any:
        """On all workers, so that none of them is the only one to have it."""
        return self._client.scatter(data, broadcast=True, hash=False)

    def submit(self, work: Callable[..., Any], *given: Any) -> Future[Any]:
        """Dask itself gives a task that killed its worker to three others before it gives up."""
        future: Future[Any] = self._tasks.submit(work, *given)
        return future

    def stop(self, futures: Iterable[Future[Any]]) -> None:
        """Tasks that run already go on to their end: Dask cannot stop them."""
        for future in futures:
            future.cancel()

    def close(self) -> None:
        """The connection; the cluster stays."""
        self._client.close()


class Ray(Cluster):
    """The processors of a Ray cluster, one for each task."""

    def __init__(self, address: str) -> None:
        super().__init__()
        try:
            self._ray: Any = importlib.import_module("ray")
        except ImportError as error:
            raise UnstuckError("--cluster ray://… needs ray: pip install ray") from error
        try:
            self._ray.init(address=address if address == "auto" else f"ray://{address}",
                           log_to_driver=False)
        except Exception as error:
            raise UnstuckError(f"No Ray cluster answers at {address}: {error}") from error
        self.name, self.count = f"ray://{address}", int(self._ray.cluster_resources().get("CPU", 1))
        self._at_work: dict[Future[Any], Any] = {}

    def put(self, data: NDArray[np.uint8]) -> Any:
        """In the object store."""
        return self._ray.put(data)

    def submit(self, work: Callable[..., Any], *given: Any) -> Future[Any]:
        """A task of one processor; Ray keeps the process that it ran in for the next."""
        task = self._ray.remote(num_cpus=1, max_retries=0)(work).remote(*given)
        future: Future[Any] = task.future()
        self._at_work[future] = task
        future.add_done_callback(lambda done: self._at_work.pop(done, None))
        return future

    def stop(self, futures: Iterable[Future[Any]]) -> None:
        """Tasks that run already end with their process."""
        for future in futures:
            task = self._at_work.get(future)
            if task is not None:
                with contextlib.suppress(Exception):
                    self._ray.cancel(task, force=True)

    def close(self) -> None:
        """The connection; the cluster stays."""
        self._ray.shutdown()


def connected(cluster: str) -> Backend:
    """The cluster at "dask://HOST:PORT", "ray://HOST:PORT" or "ray://auto".

    Raises:
        UnstuckError: it cannot be reached, or what it needs is not installed.
    """
    scheme, address = _parted(cluster)
    return Dask(address) if scheme == "dask" else Ray(address)


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
