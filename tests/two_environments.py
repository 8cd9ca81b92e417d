"""Scripts in an environment with TensorFlow and in one that is the same without it.

Run as a program, it says what is captured of each script that it is given, as a line of JSON: the
digest of the whole recipe, and the losses of its first epochs.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

CORPUS = Path(__file__).parent / "corpus"
SCRIPTS = sorted((CORPUS / "with_tensorflow").glob("*.py"))
STEPS = sorted((CORPUS / "steps").glob("*.py"))

_HIDING = '''
import importlib.machinery as machinery
found = machinery.PathFinder.find_spec

def without(name, path=None, target=None):
    return None if name.partition(".")[0].startswith("tensorflow") else found(name, path, target)

machinery.PathFinder.find_spec = without
'''


def environment(folder: Path, *, tensorflow: bool, backend: str = "jax") -> dict[str, str]:
    """The variables of a process that finds TensorFlow, or finds none.

    Args:
        folder: where what hides it may be written.
        tensorflow: whether it is to be found.
        backend: Keras's backend.
    """
    paths = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    if not tensorflow:
        hiding = folder / "hiding"
        hiding.mkdir(exist_ok=True)
        (hiding / "sitecustomize.py").write_text(_HIDING)
        paths.insert(0, str(hiding))
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths)), "KERAS_BACKEND": backend,
            "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}


def told(scripts: Sequence[Path], env: dict[str, str]) -> dict[str, dict[str, Any]]:
    """What is captured of scripts in such a process, by their names."""
    done = subprocess.run([sys.executable, "-W", "ignore", __file__, *map(str, scripts)], env=env,
                          capture_output=True, text=True, check=True)
    return {found["script"]: found for found in map(json.loads, done.stdout.splitlines())}


def _lines(paths: Sequence[str]) -> Iterator[dict[str, Any]]:
    from unstuck.base.errors import UnstuckError
    from unstuck.capture import capture_script
    from unstuck.goal import make_goal
    from unstuck.population.choice import engine_for
    from unstuck.population.identity import fingerprint

    for path in map(Path, paths):
        said = StringIO()
        try:
            with redirect_stdout(said), redirect_stderr(said):
                captured = capture_script(path)
            recipe = replace(captured.recipe, epochs=min(2, captured.recipe.epochs))
            engine, _ = engine_for(recipe)
            losses = engine.train(recipe, [0, 1], make_goal(recipe, references=False),
                                  probes=False).loss
        except UnstuckError as error:
            yield {"script": path.stem, "refused": str(error), "said": said.getvalue()}
            continue
        yield {"script": path.stem, "line": captured.line, "notes": captured.notes,
               "recipe": fingerprint(captured.recipe), "losses": losses.tolist()}


if __name__ == "__main__":
    for line in _lines(sys.argv[1:]):
        sys.stdout.write(json.dumps(line) + "\n")
