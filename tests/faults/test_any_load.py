"""F35: a budget in trainings, under any load: the same document, bit for bit."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from faults.helpers import SCRIPT

CONVOLVED = """\
import keras
import numpy as np

rng = np.random.default_rng(0)
x = rng.normal(size=(64, 8, 1)).astype("float32")
y = (x.sum(axis=(1, 2)) > 0).astype("float32")


class Twice(keras.layers.Layer):
    def call(self, a):
        return 2.0 * a


model = keras.Sequential([keras.Input((8, 1)), keras.layers.Conv1D(2, 3, activation="relu"),
                          keras.layers.Flatten(), OWN keras.layers.Dense(1, activation="sigmoid")])
model.compile(loss="binary_crossentropy", optimizer=keras.optimizers.SGD(1e-4))
model.fit(x, y, epochs=3, batch_size=32, verbose=0)
"""
"""For the program engine. Other processes get it, too, where nothing in it is the user's own."""
HALF = CONVOLVED.replace("rng =", "keras.config.set_dtype_policy('mixed_bfloat16')\nrng =")
"""For the Keras engine, which XLA compiles: no other has half precision."""
SCRIPTS = {"native": ("native", SCRIPT), "shipped": ("program", CONVOLVED.replace("OWN ", "")),
           "own": ("program", CONVOLVED.replace("OWN ", "Twice(), ")),
           "compiled": ("keras", HALF.replace("OWN ", "")),
           "compiled, own": ("keras", HALF.replace("OWN ", "Twice(), "))}
"""By name: the engine that takes it, and the script."""
LOADS = [(0, 1), (3, 2), (1, 1), (4, 2), (0, 2), (2, 1), (3, 2), (5, 1), (1, 2), (0, 1)]
"""Processes that do nothing but to be in the way, and `--jobs`, of one run after the other."""
BURSTS = "import time\nwhile True:\n    for _ in range(500_000): pass\n    time.sleep(0.07)"
"""A load that comes and goes: it changes what the clock shows, and leaves room for others."""


@contextlib.contextmanager
def load(processes: int) -> Iterator[None]:
    busy = [subprocess.Popen([sys.executable, "-c", BURSTS]) for _ in range(processes)]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


SLOW = bool(os.environ.get("UNSTUCK_SLOW"))


def document(path: Path) -> Any:
    """What a run says, but for times and for how many processes and threads worked at it."""
    found = json.loads(path.read_text())
    del found["budget"]["spent"], found["budget"]["seconds_by_part"], found["switches"]
    del found["population"]["strategy"]
    found["notes"] = [one for one in found["notes"]
                      if not one.startswith(("trained by", "not given"))]
    return found


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_same_command_gives_the_same_document_at_any_load(name, tmp_path, fault):
    """In a process of its own each time, by one or two processes that train."""
    if name != "native" and not SLOW:
        pytest.skip("minutes: UNSTUCK_SLOW=1")
    engine, text = SCRIPTS[name]
    (tmp_path / "train.py").write_text(text)
    budget, documents = {"native": "400runs"}.get(name, "24runs"), []
    for at, (busy, jobs) in enumerate(LOADS[: 10 if SLOW else 2]):
        with load(busy):
            done = subprocess.run(
                [sys.executable, "-m", "unstuck", "run", "train.py", "--budget", budget, "--quiet",
                 "--replicas", "8", "--jobs", str(jobs), "--json", f"{at}.json", "--no-journal"],
                cwd=tmp_path, capture_output=True, text=True, timeout=580, check=False)
        assert done.returncode in (1, 3), done.stderr
        documents.append(document(tmp_path / f"{at}.json"))
        assert documents[-1]["population"]["engine"] == engine
    for other in documents[1:]:
        assert other == documents[0]
    fault("F35", len(documents), "the same command at any load, with one worker or two: the same"
                                 " document, bit for bit")
