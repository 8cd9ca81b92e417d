"""What a worker process runs. Nothing is imported before its environment is set.

A worker takes one core's worth of threads and grabs no memory of a GPU in advance.
"""

from __future__ import annotations

import importlib
import os
import pickle
import socket
import sys
from collections.abc import Sequence
from typing import Any


def prepare() -> None:
    """The environment that JAX and Keras read when they are imported."""
    os.environ["KERAS_BACKEND"] = "jax"
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    flags = os.environ.get("XLA_FLAGS", "")
    if "xla_cpu_multi_thread_eigen" not in flags:
        os.environ["XLA_FLAGS"] = f"{flags} --xla_cpu_multi_thread_eigen=false".strip()


def settle() -> None:
    """In a new process of loky's, which ends processes that grow by 300 MB: programs are no leak."""
    loky = importlib.import_module("joblib.externals.loky.process_executor")
    vars(loky)["_MAX_MEMORY_LEAK_SIZE"] = sys.maxsize


def work(
    engine: tuple[str, bool], seeds: tuple[int, ...], probes: bool, *sent: Any
) -> tuple[str | None, bytes, str]:
    """Train one chunk by an engine, given by its name and whether it is `timed`.

    Returns:
        What went wrong, the packed population, which process did it.
    """
    prepare()
    place = f"{socket.gethostname()}/{os.getpid()}"
    try:
        return None, _trained(engine, seeds, probes, sent), place
    except Exception as error:  # a worker outlives what one arm does to it
        return f"{type(error).__name__}: {error}", b"", place


def _trained(
    engine: tuple[str, bool], seeds: Sequence[int], probes: bool, sent: Sequence[Any]
) -> bytes:
    """The population of these seeds, by one thread, packed."""
    import numpy as np

    from .choice import engines
    from .memory import lighter
    from .packing import packed
    from .shipping import opened

    recipe, yardstick = opened([np.asarray(part) for part in sent])
    name, timed = engine
    chosen = next(e for e in engines(1, timed=timed) if e.name == name)
    return pickle.dumps(packed(lighter(
        chosen, recipe, lambda: chosen.train(recipe, list(seeds), yardstick, probes=probes))))
