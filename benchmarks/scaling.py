"""The same population trained by one process, by several, and by local clusters of Dask and Ray.

    python benchmarks/scaling.py [--replicas 64] [--workers 2] [--chunks 8] [--without dask,ray]

For an LSTM and a dense network: seconds in all where each worker has its programs compiled, how that
compares with this process, what a chunk takes, how many bytes it is, and what a backend adds to it.
From these follows how many workers one scheduler can keep busy: a chunk's seconds by what it costs
to hand out. Ratios are between figures of the same run only.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "jax")
from unstuck.goal import make_goal
from unstuck.population.keras_engine import KerasEngine
from unstuck.population.shipping import parcel
from unstuck.population.workers import Workers
from unstuck.recipe import Recipe


@contextmanager
def dask(workers: int) -> Iterator[Workers]:
    """A scheduler and its workers on this machine."""
    from distributed import LocalCluster

    with LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None) as cluster:
        yield Workers(cluster="dask://" + cluster.scheduler_address.removeprefix("tcp://"))


@contextmanager
def ray(workers: int) -> Iterator[Workers]:
    """A head node with so many processors."""
    command = str(Path(sys.executable).with_name("ray"))
    subprocess.run([command, "start", "--head", f"--num-cpus={workers}",
                    "--include-dashboard=false"], check=True, capture_output=True)
    try:
        yield Workers(cluster="ray://auto")
    finally:
        subprocess.run([command, "stop"], check=True, capture_output=True)


@contextmanager
def local(workers: int) -> Iterator[Workers]:
    """Processes of this machine."""
    yield Workers(jobs=workers)


def trained(workers: Workers, recipe: Recipe, pieces: list[range]) -> list[float]:
    """Train those seeds; the seconds that each chunk took where it was trained."""
    parts = workers.train("keras", recipe, pieces, make_goal(recipe), probes=False,
                          meanwhile=lambda: None)
    return [part.seconds for part in parts]


def main() -> None:
    """Train, time, print the table and what follows from it."""
    root = Path(__file__).parents[1]
    sys.path[:0] = [str(root / "tests")]
    os.environ["PYTHONPATH"] = os.pathsep.join((str(root / "src"), str(root / "tests")))
    from faults.worker_cases import lstm
    from recipes import two_bits

    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--replicas", type=int, default=64)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--chunks", type=int, default=8)
    parser.add_argument("--without", default="")
    asked = parser.parse_args()
    backends = {"processes": local, "dask": dask, "ray": ray}
    cases = {"LSTM": lstm(256, epochs=6), "dense": two_bits(400, epochs=30)}
    print(f"{'network':8}{'where':22}{'seconds':>9}{'ratio':>7}{'chunk s':>9}{'adds ms':>9}{'KiB':>7}")
    for case, recipe in cases.items():
        goal, engine = make_goal(recipe), KerasEngine()
        size = asked.replicas // asked.chunks
        pieces = [range(at, at + size) for at in range(0, asked.replicas, size)]
        engine.train(recipe, pieces[0], goal, probes=False)
        begun = time.monotonic()
        for piece in pieces:
            engine.train(recipe, piece, goal, probes=False)
        alone = time.monotonic() - begun
        bytes_sent = parcel(recipe, goal).nbytes
        print(f"{case:8}{'this process':22}{alone:9.2f}{1:7.2f}{alone / asked.chunks:9.3f}")
        for name, opened in backends.items():
            if name in asked.without.split(","):
                continue
            with opened(asked.workers) as workers:
                trained(workers, recipe, pieces)  # programs are compiled
                begun = time.monotonic()
                taken = trained(workers, recipe, pieces)
                wall = time.monotonic() - begun
                workers.close()
            adds = max(0.0, wall * asked.workers - sum(taken)) / asked.chunks
            print(f"{case:8}{f'{asked.workers} × {name}':22}{wall:9.2f}{wall / alone:7.2f}"
                  f"{sum(taken) / asked.chunks:9.3f}{1000 * adds:9.0f}{bytes_sent / 1024:7.0f}")
            chunk = sum(taken) / asked.chunks
            print(f"{'':8}  chunks of 10 s would cost {adds / (10 + adds):.1%}; one scheduler hands"
                  f" out to about {10 / max(1e-4, adds):,.0f} workers, at these"
                  f" {chunk:.2g} s to {chunk / max(1e-4, adds):,.0f}")


if __name__ == "__main__":
    main()
