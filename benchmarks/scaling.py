"""The same population trained by one process, by several, and by local clusters of Dask and Ray.

    python benchmarks/scaling.py [--rounds 3] [--workers 2] [--chunks 8] [--without dask,ray]

For an LSTM and a dense network, chunks of one block each: seconds in all where each worker has its
programs compiled, how that compares with this process, what a chunk takes where it is trained, the
bytes that go there and come back, and what it costs this process to hand it out and take it in. Medians
over the rounds, in each of which all backends have their turn; a ratio is to what this process took
for the same just before.
Writes docs/scaling.md and docs/figures/scaling.json.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "jax")
from unstuck.goal import make_goal
from unstuck.population.kept import packed
from unstuck.population.keras_engine import KerasEngine
from unstuck.population.shipping import parcel
from unstuck.population.workers import Workers
from unstuck.recipe import Recipe

ROOT = Path(__file__).parents[1]
Row = dict[str, Any]
CHUNK = 10.0
"""Seconds that a chunk is made to take where trainings are long (`unstuck.chunks.SECONDS`)."""


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


def alone(recipe: Recipe, engine: KerasEngine, pieces: list[range]) -> Row:
    """In this process, chunk by chunk."""
    goal, back = make_goal(recipe), 0
    begun = time.monotonic()
    for piece in pieces:
        population = engine.train(recipe, piece, goal, probes=False)
        back = sum(a.nbytes for a in packed(population)[1].values())
    wall = time.monotonic() - begun
    return {"wall": wall, "chunk": wall / len(pieces), "sent": parcel(recipe, goal).nbytes,
            "back": back}


def given_out(workers: Workers, recipe: Recipe, pieces: list[range]) -> Row:
    """By workers that have compiled the programs; `own` is this process's time for each chunk."""
    trained(workers, recipe, pieces)
    begun, own = time.monotonic(), time.process_time()
    taken = trained(workers, recipe, pieces)
    wall, own = time.monotonic() - begun, time.process_time() - own
    return {"wall": wall, "chunk": median(taken), "own": own / len(pieces)}


def measured(rounds: int, count: int, chunks: int, without: list[str]) -> Row:
    """All cases and backends, that often."""
    sys.path[:0] = [str(ROOT / "tests")]
    os.environ["PYTHONPATH"] = os.pathsep.join((str(ROOT / "src"), str(ROOT / "tests")))
    from faults.worker_cases import lstm
    from recipes import two_bits

    cases, loads = {"LSTM": lstm(256, epochs=6), "dense": two_bits(400, epochs=30)}, []
    engine = KerasEngine(strategy="vmap", threads=1)
    pieces = {name: [range(at * block, (at + 1) * block) for at in range(chunks)]
              for name, recipe in cases.items() for block in [engine.block(recipe)]}
    for name, recipe in cases.items():
        engine.train(recipe, pieces[name][0], make_goal(recipe), probes=False)
    runs: dict[str, dict[str, list[Row]]] = {name: {} for name in cases}
    for _ in range(rounds):
        for backend, opened in {"processes": local, "dask": dask, "ray": ray}.items():
            if backend in without:
                continue
            with opened(count) as workers:
                for name, recipe in cases.items():
                    here = alone(recipe, engine, pieces[name])
                    runs[name].setdefault("this process", []).append({**here, "beside": here["wall"]})
                    runs[name].setdefault(backend, []).append(
                        given_out(workers, recipe, pieces[name]) | {"beside": here["wall"]})
                    loads.append(os.getloadavg()[0])
                    print(name, backend, runs[name][backend][-1], flush=True)
                workers.close()
    found: Row = {"workers": count, "chunks": chunks, "rounds": rounds, "cores": os.cpu_count(),
                  "load": loads, "cases": {}}
    for name, recipe in cases.items():
        found["cases"][name] = {
            "block": len(pieces[name][0]), "updates": recipe.updates, "backends": {
                backend: {key: median(row[key] for row in rows) for key in rows[0]}
                | {"ratio": median(row["wall"] / row["beside"] for row in rows)}
                for backend, rows in runs[name].items()}}
    return found


def page(found: Row) -> str:
    """docs/scaling.md."""
    rows, limits = [], []
    for case, measure in found["cases"].items():
        here = measure["backends"]["this process"]
        for backend, row in measure["backends"].items():
            where = backend if "own" not in row else f"{found['workers']} × {backend}"
            ratio = f"{row['ratio']:.2f}" if "ratio" in row else "–"
            own = f"{1000 * row['own']:.0f} ms" if "own" in row else ""
            rows.append(f"| {case} | {where} | {row['wall']:.2f} s | {ratio} |"
                        f" {row['chunk']:.2f} s | {own} |")
            if "own" in row:
                limits.append(f"| {case} | {backend} | {row['chunk'] / row['own']:,.0f} |"
                              f" {CHUNK / row['own']:,.0f} |")
        rows.append(f"| | *a chunk: {measure['block']} replicas of {measure['updates']:,} updates;"
                    f" {here['sent'] / 1024:.0f} KiB there, {here['back'] / 1024:.0f} KiB back*"
                    " | | | | |")
    loads = found["load"]
    return PAGE.format(
        rows="\n".join(rows), limits="\n".join(limits), chunks=found["chunks"],
        rounds=found["rounds"], cores=found["cores"], load=f"{min(loads):.1f} to {max(loads):.1f}")


PAGE = """\
# More than one process, more than one machine

Written by `python benchmarks/scaling.py`; the figures are not edited by hand. {chunks} chunks of
one block each, trained by the Keras engine with one thread, on {cores} processors whose load by
others was {load} while this was measured: trust
the processor times of the last column, not the seconds. A ratio stands where this process took its
turn just before, "–" where it did so minutes earlier, under another load. Medians of rounds: {rounds}.
Programs were compiled before.

| network | where | in all | ratio | a chunk where it is trained | this process, for each chunk |
|---|---|---:|---:|---:|---:|
{rows}

The last column is what one chunk costs the process that gives it out, in processor time: packing
the recipe and its data, the backend, unpacking the population. It is what cannot be given out.

Ray's seconds are mostly those of starting processes: joblib's backend for Ray opens a pool for each
call and ends it with it, so every arm pays for importing JAX and compiling again. Where there is a
choice, take Dask, whose workers stay.

## What a hundred machines would do

A plan on paper. A process that spends *c* on each chunk of *t* seconds keeps at most *t / c*
workers busy; beyond that they wait for it. From the table, with these chunks, and with chunks of 10
s, which is what the journal aims at:

| network | backend | workers kept busy, chunks as above | with chunks of 10 s |
|---|---|---:|---:|
{limits}

That bound is not the first one to be met. A search gives out one arm at a time: the first look at
an arm is of 64 replicas, at most 64 / block = 4 chunks of a recurrent or convolutional network; the
last of 256 is 16 chunks, a proof of 1,024 is 64. So, as it is built:

- up to 4 workers: every look gains;
- up to 16: the control, and the sharpening of verdicts to 256 pairs, where most trainings of a
  diagnosis are;
- up to 64: proofs only;
- 100 machines with 8 processors each are 800 workers, of which at most 64 have something to do at
  any moment, and mostly 4 to 16.

Beyond 16 workers it needs the arms side by side as well: twenty arms × 16 chunks are 320 tasks that
do not depend on each other, and from there the bound of the table is what counts. Data of more than
some MiB should then be put on the cluster once, not into every chunk.
"""


def main() -> None:
    """Measure and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--chunks", type=int, default=8)
    parser.add_argument("--without", default="")
    parser.add_argument("--draw-only", action="store_true", help="the page from scaling.json")
    asked = parser.parse_args()
    place = ROOT / "docs" / "figures" / "scaling.json"
    if asked.draw_only:
        found = json.loads(place.read_text())
    else:
        found = measured(asked.rounds, asked.workers, asked.chunks, asked.without.split(","))
        place.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    (ROOT / "docs" / "scaling.md").write_text(page(found), encoding="utf-8")
    print(page(found))


if __name__ == "__main__":
    main()
