"""What a worker process runs. Nothing is imported before its environment is set.

A worker takes one core's worth of threads and grabs no memory of a GPU in advance.
"""

from __future__ import annotations

import os
import socket
from typing import Any


def prepare() -> None:
    """The environment that JAX and Keras read when they are imported."""
    os.environ["KERAS_BACKEND"] = "jax"
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    flags = os.environ.get("XLA_FLAGS", "")
    if "xla_cpu_multi_thread_eigen" not in flags:
        os.environ["XLA_FLAGS"] = f"{flags} --xla_cpu_multi_thread_eigen=false".strip()


def work(
    engine: str, seeds: tuple[int, ...], probes: bool, *sent: Any
) -> tuple[str | None, bytes, str]:
    """Train one chunk: (what went wrong, the packed population, which process did it)."""
    prepare()
    place = f"{socket.gethostname()}/{os.getpid()}"
    from unstuck.population.workers import trained

    try:
        return None, trained(engine, seeds, probes, sent), place
    except Exception as error:  # a worker outlives what one arm does to it
        return f"{type(error).__name__}: {error}", b"", place
