"""What unstuck runs on: versions, devices, cores, engines, and what is missing."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from collections.abc import Iterator
from pathlib import Path

from unstuck import __version__

from . import config

_PACKAGES = ("keras", "jax", "jaxlib", "numpy", "scipy", "scikit-learn", "libcst", "safetensors")
_ENGINES = Path(__file__).parents[1] / "population"


def report() -> tuple[list[tuple[str, str]], bool]:
    """Lines of (name, value), and whether all that is needed is there."""
    lines = [
        ("unstuck", __version__),
        ("python", f"{platform.python_version()} on {platform.system()} {platform.machine()}"),
    ]
    missing = []
    for package in _PACKAGES:
        try:
            lines.append((package, importlib.metadata.version(package)))
        except importlib.metadata.PackageNotFoundError:
            missing.append(package)
            lines.append((package, "missing: pip install unstuck brings it"))
    lines.append(("cores", str(os.cpu_count() or 1)))
    lines.append(("engines", ", ".join(_engines()) or "none"))
    place, given = config.find(Path.cwd())
    told = ", ".join(f"{name} = {value!r}" for name, value in sorted(given.items())) or "none"
    lines.append(("settings", told if place is None else f"{told} (by {place})"))
    if not missing:
        lines += list(_devices())
    return lines, not missing


def _engines() -> Iterator[str]:
    for path in sorted(_ENGINES.glob("*_engine")):
        yield path.name.removesuffix("_engine")


def _devices() -> Iterator[tuple[str, str]]:
    """JAX's devices; importing it takes a second."""
    import jax

    for device in jax.devices():
        yield "device", f"{device.platform} {device.id}: {device.device_kind}"
