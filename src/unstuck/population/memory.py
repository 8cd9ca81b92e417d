"""Memory that ran out, in whatever process: the same replicas again, fewer of them side by side.

Where a system lends more than it has, nothing runs out: it kills. So `room` is asked before there are
copies of large data.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable

from unstuck.base.errors import UnstuckError
from unstuck.network.recipe import Recipe

from .population import Engine, Population

COPIES = 12
"""So many times the bytes of the data are needed for all of it; 9 were measured, at the yardstick."""
SMALL = 1 << 26
"""Bytes of data for whose copies there is room in any case."""


class OutOfMemory(UnstuckError):
    """Not even one replica at a time has room."""


def lighter(engine: Engine, recipe: Recipe, train: Callable[[], Population]) -> Population:
    """Train, with half as many replicas side by side as often as memory does not suffice.

    Raises:
        OutOfMemory: not even one replica at a time has room.
    """
    while True:
        try:
            return train()
        except Exception as error:
            if not is_memory(error):
                raise
        if not engine.halve(recipe):
            raise OutOfMemory("memory: not even one training at a time has room")


def is_memory(error: Exception) -> bool:
    """True for memory that ran out, here or on the device."""
    return isinstance(error, MemoryError) or (
        type(error).__name__ in ("JaxRuntimeError", "XlaRuntimeError")
        and ("RESOURCE_EXHAUSTED" in str(error) or "ut of memory" in str(error)))


def room() -> float:
    """Bytes that this process may still take, as far as the system tells (Linux); else without end."""
    found = [math.inf]
    with (contextlib.suppress(OSError, ValueError, StopIteration),
          open("/proc/meminfo", encoding="ascii") as stream):
        found.append(next(int(line.split()[1]) * 1024.0 for line in stream
                          if line.startswith("MemAvailable:")))
    with contextlib.suppress(OSError, ValueError):  # "max" is no number
        with open("/sys/fs/cgroup/memory.max", encoding="ascii") as stream:
            most = float(stream.read())
        with open("/sys/fs/cgroup/memory.current", encoding="ascii") as stream:
            found.append(most - float(stream.read()))
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        most = resource.getrlimit(resource.RLIMIT_AS)[0]
        if most != resource.RLIM_INFINITY:
            with open("/proc/self/statm", encoding="ascii") as stream:
                found.append(most - int(stream.read().split()[0]) * float(resource.getpagesize()))
    return max(0.0, min(found))
