"""What is large: many rows, much data, many weights. It works, or a sentence says why not."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from faults.helpers import diagnosed, written
from unstuck.population import memory
from unstuck.search.budget import Budget

SLOW = bool(os.environ.get("UNSTUCK_SLOW"))

WIDE = """\
import keras
import numpy as np

x = np.tile(np.arange(ROWS, dtype="float32")[:, None] % 7, (1, COLUMNS))
y = (x[:, 0] > 3).astype("float32")
model = keras.Sequential([keras.Input((COLUMNS,)), keras.layers.Dense(8, activation="relu"),
                          keras.layers.Dense(1, activation="sigmoid")])
model.compile(loss="binary_crossentropy", optimizer=keras.optimizers.SGD(1e-5))
model.fit(x, y, epochs=1, batch_size=64, verbose=0)
"""
HEAVY = """\
import keras
import numpy as np

rng = np.random.default_rng(0)
x, y = rng.normal(size=(256, 784)).astype("float32"), rng.integers(0, 10, 256)
model = keras.Sequential([keras.Input((784,)), keras.layers.Dense(4096, activation="relu"),
                          keras.layers.Dense(4096, activation="relu"),
                          keras.layers.Dense(10, activation="softmax")])
model.compile(loss="sparse_categorical_crossentropy", optimizer="adam")
model.fit(x, y, epochs=5, batch_size=32, verbose=0)
"""


FEW = {"replicas": 2, "budget": Budget.parse("4runs")}


def test_data_whose_copies_have_no_room_are_thinned(tmp_path, monkeypatch, fault):
    """Nothing is raised where a system lends more than it has: fewer rows are taken beforehand."""
    script = written(tmp_path, WIDE.replace("ROWS", "4096").replace("COLUMNS", "4"))
    size = 4096 * 5 * 4
    monkeypatch.setattr(memory, "SMALL", 0)
    monkeypatch.setattr(memory, "room", lambda: memory.COPIES * size / 3)
    result = diagnosed(script, **FEW).result
    assert result.fit.rows == 1024
    assert any(note == "memory did not suffice for all rows: everything was trained on 1,024 of 4,096,"
               " evenly picked" for note in result.notes)
    assert any("of memory, and" in note for note in result.notes)
    monkeypatch.setattr(memory, "room", lambda: memory.COPIES * size * 1.0)
    assert diagnosed(script, **FEW).result.fit.rows == 4096
    fault("F03", 1, "data whose copies would fill the memory: fewer rows, and the report says so")


def test_what_the_system_tells_of_memory():
    assert 0 < memory.room() < 1e16


def unstuck(folder: Path, budget: str) -> tuple[subprocess.CompletedProcess[str], float, int]:
    """The command, seconds until its first word, and the most memory that it took, in MiB."""
    command = [sys.executable, "-c", "import resource, subprocess, sys\n"
               "done = subprocess.run(sys.argv[1:])\n"
               "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)\nsys.exit(done.returncode)",
               sys.executable, "-m", "unstuck", "run", "train.py", "--no-journal", "--budget", budget]
    begun = time.monotonic()
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True) as process:
        assert process.stderr is not None and process.stdout is not None
        first = process.stderr.readline()
        seconds = time.monotonic() - begun
        out, said = process.communicate(timeout=500)
    *lines, most = out.splitlines()
    done = subprocess.CompletedProcess(command, process.returncode, "\n".join(lines), first + said)
    return done, seconds, int(most) >> 10


@pytest.mark.slow
@pytest.mark.skipif(not SLOW, reason="a minute; UNSTUCK_SLOW=1 runs it")
def test_twenty_million_weights(tmp_path, fault):
    written(tmp_path, HEAVY)
    done, seconds, _ = unstuck(tmp_path, "30s")
    assert "a network of 20,037,642 weights: how long one training takes is measured" in done.stderr
    assert seconds < 20
    assert done.returncode in (1, 3)
    assert "One training of this script, 40 updates" in done.stderr or "trainings" in done.stdout
    fault("F31", 1, "20 million weights: said within 20 s, then what a training takes")


@pytest.mark.slow
@pytest.mark.skipif(not SLOW, reason="minutes; UNSTUCK_SLOW=1 runs it")
def test_100_000_rows(tmp_path, fault):
    written(tmp_path, WIDE.replace("ROWS", "100_000").replace("COLUMNS", "20"))
    done, _, most = unstuck(tmp_path, "30s")
    assert done.returncode in (0, 1, 3), done.stderr
    assert "100,000 training rows" in done.stdout and most < 2048
    fault("F03", 1, "100,000 rows of 20 columns: a report, within 2 GiB")


@pytest.mark.slow
@pytest.mark.skipif(not SLOW or memory.room() < 15e9, reason="minutes, 15 GB; UNSTUCK_SLOW=1 runs it")
def test_three_gigabytes_of_data(tmp_path, fault):
    written(tmp_path, WIDE.replace("ROWS", "250_000").replace("COLUMNS", "3000"))
    there = memory.room()
    done, _, most = unstuck(tmp_path, "60s")
    assert done.returncode in (0, 1, 2, 3), done.stderr
    assert "Traceback" not in done.stderr and "ended from outside" not in done.stderr
    assert (most << 20) < there
    fault("F03", 1, "3 GB of data: as many rows as there is room for, said; or a sentence")
