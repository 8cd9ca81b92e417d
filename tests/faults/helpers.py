"""A diagnosis that takes a second, with engines that can be made to fail, and what came of it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import struct
import subprocess
import termios
import threading
from pathlib import Path
from typing import Any

from unstuck.base.journal import Shelf
from unstuck.diagnosis.diagnosis import Diagnosis, Options, diagnose_script
from unstuck.population.choice import engines
from unstuck.search.budget import Budget

SCRIPT = """\
import keras
import numpy as np

x = np.tile(np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32"), (4, 1))
x = x[np.random.permutation(16)]
model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(8, activation="tanh"),
                          keras.layers.Dense(2, activation="sigmoid")])
model.compile(loss="mse", optimizer=keras.optimizers.Adam(0.001))
model.fit(x, x, epochs=40, batch_size=4, verbose=0)
"""
"""Small, sick, and with data drawn without a seed."""


def written(folder: Path, text: str = SCRIPT) -> Path:
    """The script in a folder."""
    path = folder / "train.py"
    path.write_text(text, encoding="utf-8")
    return path


def diagnosed(script: Path, *, journals: Path | None = None, fresh: bool = False,
              keep: bool = False, **asked: Any) -> Diagnosis:
    """What `unstuck run` does, without printing; the journal goes when all went well."""
    options = Options(**{"budget": Budget.parse("3000runs"), "replicas": 64, **asked})
    shelf = Shelf(journals, fresh=fresh)
    done = False
    try:
        found = diagnose_script(script, options=options, shelf=shelf)
        done = not keep
        return found
    finally:
        shelf.close(done=done)


def said(diagnosis: Diagnosis) -> Any:
    """Everything that a diagnosis claims, without times and notes."""
    result = diagnosis.result
    return (result.outcome, result.population.successes, result.population.replicas,
            [(a.intervention, a.verdict, a.replicas, a.successes, a.difference, a.ci95, a.p_holm)
             for a in result.arms],
            [(r.interventions, r.successes, r.replicas) for r in result.repairs],
            [(n.what, n.reason) for n in result.not_tested], result.budget.trainings)


def in_terminal(
    command: list[str], folder: Path, environ: dict[str, str], *, columns: int = 80,
    meanwhile: Any = None,
) -> tuple[int, str]:
    """Run a command in a terminal of that width: its exit status, and what the terminal got.

    `meanwhile` is called with the process once it runs.
    """
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen(command, cwd=folder, env=environ, stdin=slave, stdout=slave,
                               stderr=slave, start_new_session=True)
    os.close(slave)
    got: list[bytes] = []

    def read() -> None:
        with contextlib.suppress(OSError):  # the terminal's other end is gone
            while data := os.read(master, 65536):
                got.append(data)

    reader = threading.Thread(target=read)
    reader.start()
    if meanwhile is not None:
        meanwhile(process)
    status = process.wait(timeout=120)
    reader.join()
    os.close(master)
    return status, b"".join(got).decode(errors="replace")


class Counted:
    """While open, `call` is told of every training by the native engine, before it begins."""

    def __init__(self, monkeypatch: Any, before: Any = None, after: Any = None) -> None:
        self.calls: list[tuple[Any, tuple[int, ...]]] = []
        engine = engines(None)[0]
        original = engine.train

        def train(recipe: Any, seeds: Any, yardstick: Any, **given: Any) -> Any:
            if "keep_weights" in given:  # for pictures, on which no verdict rests
                return original(recipe, seeds, yardstick, **given)
            self.calls.append((recipe, tuple(seeds)))
            if before is not None:
                before(len(self.calls))
            population = original(recipe, seeds, yardstick, **given)
            if after is not None:
                after(len(self.calls))
            return population

        monkeypatch.setattr(engine, "train", train)
