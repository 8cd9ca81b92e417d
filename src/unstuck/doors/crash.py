"""A fault of ours: a report that can be sent to us, with no word of the user's in it.

It names the exception's type and where in our own files it came from, versions and switches. Left
out are messages, names and values, which may be the user's, and every frame that is not ours.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import time
import traceback
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from unstuck import __version__
from unstuck.base.atomic import write_bytes
from unstuck.base.errors import UnstuckError

_OWN = str(Path(__file__).parents[1])
_TOLD = ("--budget", "--replicas", "--seed", "--jobs", "--device", "--format", "--fit", "--color")
"""Switches whose values are none of the user's."""


def report(error: BaseException, arguments: Sequence[str]) -> dict[str, Any]:
    """What is told of a fault, as JSON values."""
    chain: list[dict[str, Any]] = []
    here: BaseException | None = error
    while here is not None and len(chain) < 8:
        chain.append({"type": f"{type(here).__module__}.{type(here).__qualname__}",
                      "frames": _frames(here)})
        here = here.__cause__ or here.__context__
    versions = {"python": platform.python_version(), "unstuck": __version__}
    for name in ("keras", "jax", "jaxlib", "numpy", "scipy"):
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = "missing"
    return {"errors": chain, "versions": versions, "system": sys.platform,
            "machine": platform.machine(), "cores": os.cpu_count(),
            "switches": _switches(arguments)}


def _frames(error: BaseException) -> list[str]:
    """Our own frames, and how many lie between them, without the text of any line."""
    told, foreign = [], 0
    for frame in traceback.extract_tb(error.__traceback__):
        if not frame.filename.startswith(_OWN):
            foreign += 1
            continue
        if foreign:
            told.append(f"({foreign} of others)")
            foreign = 0
        name = os.path.relpath(frame.filename, _OWN).replace(os.sep, "/")
        told.append(f"{name}:{frame.lineno} {frame.name}")
    return [*told, f"({foreign} of others)"] if foreign else told


def _switches(arguments: Sequence[str]) -> list[str]:
    own = list(arguments[: arguments.index("--")] if "--" in arguments else arguments)
    told = [a for a in own[:1] if a.isalpha()]
    for i, argument in enumerate(own):
        name, _, value = argument.partition("=")
        if not argument.startswith("-"):
            continue
        value = value or (own[i + 1] if i + 1 < len(own) else "")
        told.append(f"{name} {value}" if name in _TOLD else name)
    return told


def write(error: BaseException, arguments: Sequence[str], folder: Path) -> Path | None:
    """Write the report into a folder of ours; `None` where that cannot be done."""
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        path = folder / f"fault-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.json"
        write_bytes(path, json.dumps(report(error, arguments), indent=1).encode())
    except (OSError, ValueError, UnstuckError):
        return None
    return path
