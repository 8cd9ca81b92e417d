"""The process in which a model file is opened: without a network, with little memory and time.

Run as `python -P opening.py MODEL ARRAYS MEBIBYTES SECONDS`, it imports nothing of the package. It
writes the model's variables and then its optimizer's to ARRAYS, in the safetensors format and by
their numbers; what it cannot do, it says in a line on standard output.
"""

from __future__ import annotations

import ctypes
import os
import sys
from contextlib import suppress
from typing import Any

_NEW_USERS, _NEW_NETWORK = 0x10000000, 0x40000000
"""CLONE_NEWUSER and CLONE_NEWNET of Linux's sched.h."""


def main(model: str, arrays: str, mebibytes: int, seconds: int) -> str:
    """What went wrong, or nothing."""
    _leave_the_network()
    with suppress(OSError, AttributeError):  # every core's threads would want address space
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    os.environ.update(KERAS_BACKEND="jax", JAX_PLATFORMS="cpu")
    import keras
    import numpy as np
    from safetensors.numpy import save_file

    _limit(mebibytes * 2**20, seconds)
    try:
        opened = keras.saving.load_model(model, safe_mode=True)
        optimizer = opened.optimizer.variables if opened.compiled and opened.optimizer.built else []
        held = {f"{of}/{i}": np.asarray(v.value) for of, variables in
                (("model", opened.variables), ("optimizer", optimizer))
                for i, v in enumerate(variables)}
        save_file({name: np.array(a, a.dtype if a.dtype.kind in "biuf" else np.float32, order="C")
                   for name, a in held.items()}, arrays)
    except MemoryError:
        return f"it needs more than {mebibytes:,} MiB of memory"
    except Exception as error:
        said = (str(error).strip().splitlines() or [""])[0][:200]
        return f"{type(error).__name__}: {said}"
    return ""


def _leave_the_network() -> None:
    """A network of its own, without anything in it, where the system gives one to users.

    It has to come first: a process of several threads gets none.
    """
    with suppress(OSError, AttributeError):  # macOS, Windows
        ctypes.CDLL(None).unshare(_NEW_USERS | _NEW_NETWORK)


def _limit(size: int, seconds: int) -> None:
    """Limits to memory beyond what Keras itself takes, to time, and to files, where there are any."""
    try:
        import resource
    except ImportError:  # Windows
        return
    limits: dict[Any, int] = {resource.RLIMIT_CPU: seconds, resource.RLIMIT_CORE: 0}
    with suppress(OSError):
        with open("/proc/self/statm", encoding="ascii") as stream:
            taken = int(stream.read().split()[0]) * resource.getpagesize()
        limits[resource.RLIMIT_AS] = taken + size
    for kind, most in limits.items():
        with suppress(OSError, ValueError):
            resource.setrlimit(kind, (most, most))


if __name__ == "__main__":
    wrong = main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
    sys.stdout.write(wrong)
    sys.exit(bool(wrong))
