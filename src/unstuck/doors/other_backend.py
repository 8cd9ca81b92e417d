"""The callback where Keras computes with TensorFlow or Torch: another process looks at the training.

Everything that looks stands on JAX, and a process has one backend. So the trained network and its
data, Keras's own classes and plain arrays, go to a process on JAX, whose lines are said here. The
user's training is bit for bit what it is without.

Run as `python -m unstuck.doors.other_backend FOLDER`, this is that process.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

import keras
import numpy as np

from unstuck.base.errors import NotSupported, UnstuckError

from .watching import LARGEST, Watching

SECONDS = 120
"""How long the other process may take; importing Keras and looking takes some seconds."""
_MODEL, _TRAINING = "model.keras", "training"
_TAKEN = ("x", "y", "sample_weight", "validation_data")


class Callback(Watching):
    """Says in a line each what looks wrong, and at the end whether it learned.

    Args:
        budget, horizon, rows: what a diagnosis may cost; here only their spelling is kept.
        goal: what counts as learned, such as "accuracy >= 0.95".
        out: where the lines go; standard error by default.
    """

    def __init__(
        self, *, budget: str = "2m", goal: str | None = None, horizon: int | str | None = None,
        rows: int | None = None, out: TextIO | None = None,
    ) -> None:
        super().__init__(out=out)
        self._goal = goal

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:
        """A look at data, network and result in another process, and a closing line."""
        if self._fit is None or not self._losses:
            return
        try:
            for line in self._looked_at():
                self._say(line)
        except UnstuckError as error:
            self._say(f"the loss ended at {self._losses[-1]:.4g}; {error}")
        except Exception as error:  # never the user's training's fault, nor its end
            self._say(f"a fault of unstuck's kept it from looking: {error!r}")

    def diagnosis(self, *, budget: str | None = None) -> Any:
        """On this backend, the sentence that says how to diagnose.

        Raises:
            UnstuckError: always.
        """
        raise UnstuckError(f"Keras computes with {keras.backend.backend()} here, and unstuck trains"
                           f" with JAX. {_how()}")

    def _looked_at(self) -> list[str]:
        """The lines that the other process has to say."""
        given = self._arguments()
        given.pop("callbacks")
        trees = {name: given[name] for name in _TAKEN if given.get(name) is not None}
        leaves = keras.tree.flatten(trees)
        if not all(hasattr(leaf, "shape") and hasattr(leaf, "__array__") for leaf in leaves):
            raise UnstuckError(f"its data are no arrays, so they are not looked at here. {_how()}")
        if sum(int(np.prod(leaf.shape)) for leaf in leaves) > LARGEST:
            raise UnstuckError(_how())
        given |= keras.tree.map_structure(np.asarray, trees)
        with tempfile.TemporaryDirectory() as folder:
            with warnings.catch_warnings(action="ignore"):  # lambdas are not loaded again
                self.model.save(Path(folder) / _MODEL)
            # Between two processes of ours, through a folder that nobody else may write to.
            (Path(folder) / _TRAINING).write_bytes(pickle.dumps(
                (given, self._losses, self._goal, _command())))
            env = {**os.environ, "KERAS_BACKEND": "jax",
                   "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
            done = subprocess.run([sys.executable, "-m", __name__, folder], env=env, timeout=SECONDS,
                                  capture_output=True, text=True, check=False)
        if done.returncode == NotSupported.exit_code:
            raise UnstuckError("the network holds code of its own, which only runs with"
                               f" {keras.backend.backend()}. {_how()}")
        if done.returncode:
            raise UnstuckError(f"looking at it failed: {(done.stderr.splitlines() or ['no word'])[-1]}")
        return [line.removeprefix("unstuck: ") for line in done.stdout.splitlines()]


def _command() -> str:
    return f"unstuck run {Path(sys.argv[0]).name or 'train.py'}"


def _how() -> str:
    return (f"{_command()} finds out why, and what helps; or set KERAS_BACKEND=jax for"
            " callback.diagnosis().")


def _look(folder: Path) -> None:
    from .callback import Callback as OnJax

    given, losses, goal, command = pickle.loads((folder / _TRAINING).read_bytes())
    watcher = OnJax(goal=goal, out=sys.stdout)
    try:
        watcher.set_model(keras.saving.load_model(folder / _MODEL, safe_mode=True))
    except (TypeError, ValueError) as error:  # of what is not Keras's own, it knows nothing
        raise NotSupported(str(error)) from error
    watcher.look_at({**given, "callbacks": None}, losses, elsewhere=command)


if __name__ == "__main__":
    try:
        _look(Path(sys.argv[1]))
    except NotSupported as error:
        sys.exit(error.exit_code)
