"""Plain methods have one thread each, also where nothing had loaded them before."""

from __future__ import annotations

import subprocess
import sys

ASKED = """
import unstuck.network.adapter  # Keras, with scikit-learn left for later
from threadpoolctl import threadpool_info

from unstuck.goal.plain_methods import one_thread_each

def threads():
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "openmp"}

assert not threads(), "loaded before: this test would tell nothing"
with one_thread_each():
    assert threads() == {1}, threads()
"""


def test_the_threads_of_what_is_loaded_by_it_are_held_too() -> None:
    subprocess.run([sys.executable, "-c", ASKED], check=True)
