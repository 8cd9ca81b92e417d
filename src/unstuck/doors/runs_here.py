"""Whether a script that was written runs here as it is: it is started without `unstuck`'s settings."""

from __future__ import annotations

import importlib.util
import json
import os
from pathlib import Path

from unstuck import given_backend
from unstuck.script import Script
from unstuck.script.dialect import imported


def what_to_set(script: Script, place: Path) -> str:
    """Why the file does not run as Keras is configured here, and what to set; "" where it does."""
    packages = imported(script, place.parent)
    if "tensorflow" in packages and not _installed("tensorflow"):
        return ("It imports tensorflow, which is not installed here: unstuck fix --modernise writes it"
                " for Keras alone.")
    if "keras" not in packages or "KERAS_BACKEND" in script.text:
        return ""
    backend = given_backend or _configured()
    if _installed(backend):
        return ""
    return (f"Keras is set to {backend} here, which is not installed. It runs so: KERAS_BACKEND=jax"
            f" python {place.name}")


def _installed(package: str) -> bool:
    return importlib.util.find_spec(package) is not None


def _configured() -> str:
    """The backend in Keras's own settings; its default without any (`keras.src.backend.config`)."""
    home = Path(os.environ.get("KERAS_HOME", Path("~/.keras").expanduser()))
    try:
        return str(json.loads((home / "keras.json").read_text(encoding="utf-8"))["backend"])
    except (OSError, ValueError, KeyError, TypeError):
        return "tensorflow"
