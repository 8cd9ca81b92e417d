"""A long run: what it holds of memory, descriptors and processes does not grow with time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from faults.test_any_load import HALF

SECONDS = 600
SCRIPT = HALF.replace("OWN ", "").replace("y = (x.sum(axis=(1, 2)) > 0)", "y = (rng.random(64) > 0.5)"
                                          ).replace("epochs=3", "epochs=300")
"""Nothing to be found, so that it is looked for as long as the budget lasts; XLA compiles every network
that is tried, which is what may pile up."""
pytestmark = [pytest.mark.slow, pytest.mark.skipif(
    "not os.environ.get('UNSTUCK_SLOW') or not os.path.exists('/proc/self/task')",
    reason="ten minutes; UNSTUCK_SLOW=1 runs it, on Linux")]


def family(number: int) -> list[int]:
    """A process and all that came from it."""
    found = [number]
    for one in found:
        try:
            for thread in os.listdir(f"/proc/{one}/task"):
                found += map(int, Path(f"/proc/{one}/task/{thread}/children").read_text().split())
        except OSError:
            continue
    return found


def held(number: int) -> tuple[int, int, int]:
    """Mebibytes, descriptors and processes of a command and its children."""
    pages = descriptors = 0
    everybody = family(number)
    for one in everybody:
        try:
            pages += int(Path(f"/proc/{one}/statm").read_text().split()[1])
            descriptors += len(os.listdir(f"/proc/{one}/fd"))
        except OSError:
            continue
    return pages * os.sysconf("SC_PAGE_SIZE") >> 20, descriptors, len(everybody)


def test_ten_minutes(tmp_path, fault):
    (tmp_path / "train.py").write_text(SCRIPT)
    begun = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "unstuck", "run", "train.py", "--budget", f"{SECONDS}s", "--no-journal",
         "--quiet", "--json", "a.json"], cwd=tmp_path)
    samples = []
    while process.poll() is None:
        time.sleep(2)
        samples.append(held(process.pid))
    wall = time.monotonic() - begun
    assert process.returncode in (1, 3)
    assert wall < SECONDS + 10
    assert len(samples) > SECONDS / 4, "it ended early, and showed nothing of a long run"
    assert json.loads((tmp_path / "a.json").read_text())["outcome"]
    samples = samples[:-1]
    quarter = samples[len(samples) // 4 : len(samples) // 2]
    last = samples[-len(samples) // 4 :]
    for before, after, most in zip(zip(*quarter, strict=True), zip(*last, strict=True), (256, 8, 1),
                                   strict=True):
        assert max(after) <= max(before) + most, samples
    (tmp_path / "samples.json").write_text(json.dumps(samples))
    print(f"{wall:.1f} s; {samples[len(samples) // 4]} then {samples[-1]}, most {max(samples)}")  # noqa: T201
    fault("F42", len(samples), "memory, descriptors and processes of a run of minutes, sampled: none"
                               " grows after its first quarter; it ends within 10 s of its budget")
