"""The same population trained by one process, by several, and by local clusters of Dask and Ray.

    python benchmarks/scaling.py [--rounds 3] [--workers 2] [--chunks 8] [--without dask,ray]

First single chunks, for an LSTM and a dense network, where each worker has its programs compiled:
seconds in all and as a ratio to what this process took for the same just before, what a chunk takes
where it is trained, the bytes that go there and come back, and what it costs this process to hand it
out and take it in. This process trains as a worker does, with one thread. Then a look at several arms,
each with a program of its own to compile, one after the other and at a time. Medians over the rounds,
in each of which all have their turn.
Writes docs/scaling.md and docs/figures/scaling.json.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false")  # as `child.prepare`
from unstuck.goal import make_goal
from unstuck.interventions.width import Width
from unstuck.network.recipe import Recipe
from unstuck.population import child
from unstuck.population.choice import engine_for
from unstuck.population.chunks import PIECES, WORTH, Chunks
from unstuck.population.keras_engine.engine import KerasEngine
from unstuck.population.population import Engine
from unstuck.population.shipping import parcel
from unstuck.population.workers import Workers
from unstuck.search.budget import Budget
from unstuck.search.experiment import Experiment

ROOT = Path(__file__).parents[1]
Row = dict[str, Any]
REPLICAS = {"LSTM": 16, "dense": 32}
"""In a chunk: what a block of such networks is where it is vmapped."""
LOOK = 64
"""Replicas of an arm at its first look."""
ARMS = 20
"""Arms of a look in the plan."""


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


BACKENDS = {"processes": local, "dask": dask, "ray": ray}


def given_out(workers: Workers, recipe: Recipe, pieces: list[range]) -> Row:
    """By workers that have compiled the programs; `own` is this process's time for each chunk."""
    def train() -> list[float]:
        parts = workers.train("keras", recipe, pieces, make_goal(recipe), probes=False,
                              meanwhile=lambda: None)
        return [part.seconds for part in parts]

    train()
    begun, own = time.monotonic(), time.process_time()
    taken = train()
    wall, own = time.monotonic() - begun, time.process_time() - own
    return {"wall": wall, "chunk": median(taken), "own": own / len(pieces)}


def alone(recipe: Recipe, pieces: list[range]) -> Row:
    """In this process, chunk by chunk, as a worker does it."""
    sent = parcel(recipe, make_goal(recipe))
    begun = time.monotonic()
    back = [len(child.work("keras", piece, False, *sent)[1]) for piece in pieces]
    wall = time.monotonic() - begun
    return {"wall": wall, "chunk": wall / len(pieces), "back": back[0],
            "sent": sum(array.nbytes for array in sent)}


class KerasExperiment(Experiment):
    """The Keras engine trains all of it: workers get what the native one does not take."""

    def _engine_for(self, recipe: Recipe) -> tuple[Engine, str | None]:
        return engine_for(recipe, like=KerasEngine.name)


def looked_at(recipe: Recipe, arms: int, workers: Workers | None) -> Row:
    """Seconds of a look at so many arms, which differ in a layer's width, one after the other and at a
    time. Of a new recipe, so that nobody has compiled them.
    """
    experiment = KerasExperiment(recipe, make_goal(recipe), budget=Budget.parse("1h"),
                   chunks=Chunks(workers=workers))
    experiment.run(experiment.control, LOOK)
    wider = [experiment.arm((Width.of(recipe, "lstm", 9 + more),)) for more in range(2 * arms)]

    def seconds(look: Callable[[], object]) -> float:
        begun = time.monotonic()
        look()
        return time.monotonic() - begun

    found = {"after": seconds(lambda: [experiment.run_or_skip(arm, LOOK) for arm in wider[::2]]),
             "together": seconds(lambda: experiment.run_all(wider[1::2], LOOK))}
    assert not experiment.untestable, experiment.untestable
    assert experiment.control.population is not None
    compiled = [arm.population.compile_seconds for arm in wider[1::2] if arm and arm.population]
    return found | {"compilation": median(compiled), "block": experiment.control.population.block}


def measured(rounds: int, count: int, chunks: int, arms: int, without: list[str]) -> Row:
    """All cases and backends, that often."""
    sys.path[:0] = [str(ROOT / "tests")]
    os.environ["PYTHONPATH"] = os.pathsep.join((str(ROOT / "src"), str(ROOT / "tests")))
    from faults.worker_cases import lstm
    from recipes import two_bits

    cases, loads = {"LSTM": lstm(256, epochs=18), "dense": two_bits(400, epochs=90)}, []
    pieces = {name: [range(at * size, (at + 1) * size) for at in range(chunks)]
              for name, size in REPLICAS.items()}
    for name, recipe in cases.items():
        alone(recipe, pieces[name][:1])
    runs: dict[str, dict[str, list[Row]]] = {name: {} for name in cases}
    looked: dict[str, list[Row]] = {}
    for _ in range(rounds):
        looked.setdefault("this process", []).append(looked_at(lstm(256, epochs=6), arms, None))
        for backend, opened in BACKENDS.items():
            if backend in without:
                continue
            with opened(count) as workers:
                for name, recipe in cases.items():
                    here = alone(recipe, pieces[name])
                    runs[name].setdefault("this process", []).append({**here, "beside": here["wall"]})
                    runs[name].setdefault(backend, []).append(
                        given_out(workers, recipe, pieces[name]) | {"beside": here["wall"]})
                    loads.append(os.getloadavg()[0])
                    print(name, backend, runs[name][backend][-1], flush=True)
                looked.setdefault(backend, []).append(
                    looked_at(lstm(256, epochs=6), arms, workers))
                print(backend, looked[backend][-1], flush=True)
                workers.close()

    def middle(rows: list[Row]) -> Row:
        return {key: median(row[key] for row in rows) for key in rows[0]}

    return {
        "workers": count, "chunks": chunks, "arms": arms, "rounds": rounds,
        "cores": os.cpu_count(), "load": loads,
        "looks": {backend: middle(rows) for backend, rows in looked.items()},
        "cases": {name: {
            "replicas": REPLICAS[name], "updates": recipe.updates, "backends": {
                backend: middle(rows)
                | {"ratio": median(row["wall"] / row["beside"] for row in rows)}
                for backend, rows in runs[name].items()}}
            for name, recipe in cases.items()}}


def look_of(workers: int, pieces: int, training: float, compilation: float, own: float) -> float:
    """Seconds of a look at `ARMS` arms by so many workers, as `Chunks` gives them out.

    An arm takes `training` seconds and comes in `pieces` at most, each of which has to be compiled
    where it is trained; `own` seconds for each are this process's, one after the other.
    """
    pieces = min(pieces, max(1, PIECES * workers // ARMS),
                 max(1, int(training / (WORTH * compilation))))
    tasks, task = ARMS * pieces, compilation + training / pieces
    return max(math.ceil(tasks / workers) * task, tasks * own + task)


def page(found: Row) -> str:
    """docs/scaling.md."""
    rows, looks, limits = [], [], []
    for case, measure in found["cases"].items():
        here = measure["backends"]["this process"]
        for backend, row in measure["backends"].items():
            where = backend if "own" not in row else f"{found['workers']} × {backend}"
            own = f"{1000 * row['own']:.0f} ms" if "own" in row else ""
            rows.append(f"| {case} | {where} | {row['wall']:.2f} s | {row['ratio']:.2f} |"
                        f" {row['chunk']:.2f} s | {own} |")
            if "own" in row:
                limits.append(f"| {case} | {backend} | {1 / row['own']:,.0f} |"
                              f" {row['chunk'] / row['own']:,.0f} | {10 / row['own']:,.0f} |")
        rows.append(f"| | *a chunk: {measure['replicas']} replicas of {measure['updates']:,} updates;"
                    f" {here['sent'] / 1024:.0f} KiB there, {here['back'] / 1024:.0f} KiB back*"
                    " | | | | |")
    for backend, row in found["looks"].items():
        where = backend if backend == "this process" else f"{found['workers']} × {backend}"
        looks.append(f"| {where} | {row['after']:.1f} s | {row['together']:.1f} s |"
                     f" {row['after'] / row['together']:.2f} |")
    there = found["cases"]["LSTM"]["backends"]
    pieces = LOOK // int(found["looks"]["this process"]["block"])
    chunk, own = there["this process"]["chunk"], there.get("dask", there["processes"])["own"]
    compilation = found["looks"]["this process"]["compilation"]
    training = chunk * LOOK / REPLICAS["LSTM"]
    looked = {workers: look_of(workers, pieces, training, compilation, own)
              for workers in (1, 2, 4, 8, 16, 32, 64, 128, 256, 800)}
    plan = [f"| {workers:,} | {seconds:.1f} s | {looked[1] / seconds:.1f} |"
            for workers, seconds in looked.items()]
    return PAGE.format(
        rows="\n".join(rows), looks="\n".join(looks), limits="\n".join(limits), plan="\n".join(plan),
        chunks=found["chunks"], rounds=found["rounds"], cores=found["cores"], arms=found["arms"],
        training=training, compilation=compilation, own=1000 * own,
        worth=100 * WORTH, cut=min(pieces, max(1, int(training / (WORTH * compilation)))),
        today=f"{date.today():%d %B %Y}", load=f"{min(found['load']):.1f} to {max(found['load']):.1f}")


PAGE = """\
# More than one process, more than one machine

Written by `python benchmarks/scaling.py` on {today}; the figures are not edited by hand. Medians of
{rounds} rounds on {cores} processors whose load, this work included, was {load}.

## Chunks

{chunks} chunks, trained by the Keras engine with one thread; the ratio is to what this process took for
the same just before. Programs were compiled before.

| network | where | in all | ratio | a chunk where it is trained | this process, for each chunk |
|---|---|---:|---:|---:|---:|
{rows}

The last column is what one chunk costs the process that gives it out, in processor time: packing
the recipe and its data, the backend, unpacking the population. It is what cannot be given out.

## Arms

A look at {arms} arms of the LSTM, 64 replicas each, trained for a third of the time above: every arm
is another network, which whoever trains it has to compile. One after the other, all workers share
each arm, and all compile it; at a time, as a search does it, a worker has an arm to itself. This
process runs arms in threads of its own, two here. The Keras engine trains all of them, as it does what
the native one does not take; this LSTM the native one would take, in this process, compiling nothing.

| where | one after the other | at a time | gain |
|---|---:|---:|---:|
{looks}

## What a hundred machines would do

A plan on paper. A process that spends *c* on each chunk of *t* seconds keeps at most *t / c* workers
busy; beyond that they wait for it:

| network | backend | chunks a second | workers kept busy, chunks as above | with chunks of 10 s |
|---|---|---:|---:|---:|
{limits}

The other bound is what there is to do at a time. A first look at twenty arms of 64 replicas is twenty
tasks, one an arm, as long as that keeps two for each worker; from there arms are cut, each piece
having to be compiled for: into no more than train {worth:.0f} % as long as that takes, here {cut}. With
the figures above, {training:.1f} s to train a look at an arm, {compilation:.1f} s to compile it and
{own:.0f} ms of this process for each task of a Dask cluster, such a look would take

| workers | seconds | gain |
|---:|---:|---:|
{plan}

So, as it is built: up to ten workers little is lost; from twenty on a look is bounded by compiling,
which every worker that joins an arm does again, and by this process; and a hundred machines of 8
processors, 800 workers, do for one diagnosis no more than some dozens. What they are good for is as
many diagnoses as there are machines, or networks whose trainings take minutes. To go further within
one diagnosis, compiled programs would have to travel, and the search would have to look at sets and
single changes in one go instead of deciding after each look what is worth the next.

Arrays of more than 1 MiB are put on the cluster once, not into every chunk; arms that change the data
(other noise, other targets) send their own.
"""


def main() -> None:
    """Measure and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--chunks", type=int, default=8)
    parser.add_argument("--arms", type=int, default=4)
    parser.add_argument("--without", default="")
    parser.add_argument("--draw-only", action="store_true", help="the page from scaling.json")
    asked = parser.parse_args()
    place = ROOT / "docs" / "figures" / "scaling.json"
    if asked.draw_only:
        found = json.loads(place.read_text())
    else:
        found = measured(asked.rounds, asked.workers, asked.chunks, asked.arms,
                         asked.without.split(","))
        place.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    (ROOT / "docs" / "scaling.md").write_text(page(found), encoding="utf-8")
    print(page(found))


if __name__ == "__main__":
    main()
