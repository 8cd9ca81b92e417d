"""One official example, captured in this process, in a folder of made-up files (see `official`)."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import resource
import sys
import time
import traceback
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "jax")

import official_data

from unstuck.base.errors import NoFitCall, ScriptFailed, UnstuckError
from unstuck.capture import capture_script
from unstuck.network.recipe import Recipe
from unstuck.population.choice import engine_for
from unstuck.population.population import Engine
from unstuck.search.costs import NATIVE_PACE

_TRACEBACK = "Traceback (most recent call last)"


def answer(script: Path, *, timed: bool) -> dict[str, Any]:
    """The fields of an `official.Answer` that only this process knows."""
    official_data.put(script.read_text(errors="replace"))
    said = _Kept(sys.stderr)
    begun = time.monotonic()
    try:
        with contextlib.redirect_stderr(said):
            found = capture_script(script)
    except NoFitCall as error:
        return {"outcome": "without", "why": str(error)}
    except ScriptFailed as error:
        missing = re.search(r"No module named '(\w+)", said.last())
        if missing and missing[1] not in ("tensorflow", "keras", "jax", "numpy"):
            return {"outcome": "without", "why": f"{missing[1]} is not installed here."}
        return {"outcome": "crashed", "why": f"{error} {said.last()}"}
    except UnstuckError as error:
        return {"outcome": "refused", "why": str(error)}
    took = time.monotonic() - begun
    if _TRACEBACK in said.getvalue():
        return {"outcome": "crashed", "why": f"taken, but with a traceback: {said.last()}"}
    engine, refused = engine_for(found.recipe)
    why = "" if refused is None else f" (native: {refused})"
    told = {"outcome": "taken", "engine": engine.name, "training":
            f"{found.model_kind}, {found.parameters:,} weights, fit {found.index} of {found.of}{why}"}
    return {**told, "captured": took, "one": _one(engine, found.recipe)} if timed else told


def _one(engine: Engine, recipe: Recipe) -> float:
    """Seconds that one training takes, about."""
    pace = engine.pace(recipe)
    return recipe.updates * (pace if pace is not None else recipe.multiplications / NATIVE_PACE)


class _Kept(io.StringIO):
    """What is written, kept and handed on."""

    def __init__(self, stream: Any) -> None:
        super().__init__()
        self._stream = stream

    def write(self, text: str) -> int:
        self._stream.write(text)
        return super().write(text)

    def last(self) -> str:
        """The last line that holds something and is no remark of ours."""
        lines = [line for line in self.getvalue().split("\n") if line.strip()
                 and not line.startswith("unstuck:")]
        return lines[-1] if lines else ""


def main(script: Path, told: Path, memory: int, *, timed: bool = False) -> None:
    """Capture a script with so many bytes of memory; write down what came of it."""
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    try:
        found = answer(script, timed=timed)
    except BaseException as error:  # that is what is looked for
        traceback.print_exc()
        found = {"outcome": "crashed", "why": f"a fault of unstuck: {type(error).__name__}: {error}"}
    told.write_text(json.dumps(found))
