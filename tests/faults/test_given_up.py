"""F44: a training given up while XLA's threads run on, and a script's threads that compute to the last:
the process ends as it should, never by a crash of the interpreter's."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter

import pytest

from faults.helpers import SCRIPT
from faults.test_any_load import SCRIPTS

LEFT = """\
import threading
import jax
import jax.numpy as jnp
from jax import lax

kernel, image = jnp.full((8, 8, 3, 3), 0.01), jnp.ones((8, 8, 32, 32))
slow = jax.jit(lambda x: lax.fori_loop(
    0, 10**6, lambda i, x: jnp.tanh(lax.conv(x, kernel, (1, 1), "SAME")), x)).lower(image).compile()
threading.Thread(target=lambda: slow(image).block_until_ready(), daemon=True).start()
"""
"""Leaves a daemon that is in compiled code for minutes."""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="one process here")
def test_a_daemon_in_compiled_code_does_not_abort_the_end(tmp_path):
    (tmp_path / "train.py").write_text(LEFT + SCRIPT)
    command = [sys.executable, "-m", "unstuck", "run", "train.py", "--budget", "40runs", "--replicas",
               "4", "--no-journal", "--quiet"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=240,
                          check=False)
    assert done.returncode in (1, 3), done.stderr
    assert "of 4 trainings" in done.stdout
    assert "ended the process" not in done.stderr and "FATAL" not in done.stderr


FORKED = """\
import os, random, sys, time
import keras, jax, unstuck.diagnosis.diagnosis  # without a backend, and so without its threads
from unstuck.doors import entry
from unstuck.population import chunks

for number in range(int(sys.argv[1])):
    pid = os.fork()
    if not pid:
        seconds = random.Random(number).uniform(0.02, 4.0)
        chunks.Chunks._patience = lambda *given: seconds
        os.dup2(os.open(f"{number}.txt", os.O_WRONLY | os.O_CREAT), 2)
        sys.argv = ["unstuck", "fix", "train.py", "--diff", "--quiet", "--no-journal",
                    "--budget", "8runs", "--replicas", "4"]
        entry.main()
        os._exit(99)
    status = os.waitpid(pid, 0)[1]
    print(os.waitstatus_to_exitcode(status), flush=True)
"""
"""Many times `fix`, each in a fork, with a patience that ends at another moment of its trainings."""


@pytest.mark.slow
@pytest.mark.skipif("not os.environ.get('UNSTUCK_SLOW')", reason="minutes; UNSTUCK_SLOW=1 runs it")
def test_fix_whose_trainings_are_given_up_at_a_hundred_moments(tmp_path, fault):
    (tmp_path / "train.py").write_text(SCRIPTS["compiled"][1])
    done = subprocess.run([sys.executable, "-c", FORKED, "100"], cwd=tmp_path, capture_output=True,
                          text=True, timeout=2400, check=False)
    ends = Counter(map(int, done.stdout.split()))
    said = "".join((tmp_path / f"{number}.txt").read_text() for number in range(100))
    print(ends)  # noqa: T201
    assert ends.total() == 100 and set(ends) <= {0, 1, 2, 3}, (ends, said[-3000:])
    assert "ended the process" not in said and "fault of unstuck" not in said and "FATAL" not in said
    assert "did not come back" in said
    fault("F44", 100, "`fix` of a convolutional network, its training given up at another moment each:"
                      " a sentence, no crash")
