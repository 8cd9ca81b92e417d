"""Chunks given to other processes: the same replicas, whoever trains them and whatever happens."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path

import keras
import numpy as np
import pytest

from faults.worker_cases import grown, lstm
from recipes import dense, recipe, two_bits
from unstuck.base import interrupts
from unstuck.base.errors import NotSupported, UnstuckError
from unstuck.diagnosis.diagnosis import Options, diagnose_script
from unstuck.goal import make_goal
from unstuck.network.loops import Loop
from unstuck.population import child
from unstuck.population.backends import Processes
from unstuck.population.chunks import Chunks
from unstuck.population.identity import data_digest, fingerprint
from unstuck.population.keras_engine.engine import KerasEngine
from unstuck.population.keras_engine.program import program_key
from unstuck.population.memory import OutOfMemory
from unstuck.population.native_engine.engine import NativeEngine
from unstuck.population.packing import in_order, unpacked
from unstuck.population.shipping import check, opened, parcel
from unstuck.population.workers import WorkerLost, Workers, _as_here
from unstuck.search.budget import BudgetSpent


def made():
    return two_bits(16, balanced=True, epochs=30_000)


def alike(one, other):
    assert one.seeds == other.seeds
    for name in ("loss", "val_loss", "final_loss", "score", "outputs"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), atol=1e-5)


@pytest.fixture
def workers():
    """Two processes on this machine."""
    two = Workers(jobs=2)
    yield two
    two.close()


def test_a_recipe_arrives_as_it_was_sent():
    x = np.zeros((4, 2), "float32")
    for sent in (two_bits(16), lstm(), recipe(dense(2, 2, loss=keras.losses.mean_squared_error), x, x)):
        there, yardstick = opened(parcel(sent, make_goal(sent)))
        assert fingerprint(there) == fingerprint(sent)
        assert there.architecture.source is not sent.architecture.source
        assert yardstick.threshold == make_goal(sent).threshold
        again, _ = opened(parcel(sent, make_goal(sent)))
        assert program_key(again) == program_key(there)  # compiled once for all chunks


def test_a_fingerprint_tells_trainings_apart_and_nothing_else():
    one, same = made(), made()
    assert fingerprint(one) == fingerprint(same)
    x = np.array(one.x)
    x[0, 0] += 1
    from dataclasses import replace
    others = [replace(one, epochs=3), replace(one, x=x), replace(one, order_salt=1),
              one.with_layer("dense", units=5), one.with_optimizer(learning_rate=0.5),
              replace(one, loss="mse"), replace(one, class_weight={0: 2.0}),
              replace(one, sample_weight=np.ones(16, "float32")),
              replace(one, loop=Loop(training=False)),
              replace(one, loop=Loop(optimizer_for=1)),
              replace(one, loop=Loop(untrained=frozenset("ab"))),
              replace(one, others=(one.optimizer,)), replace(one, alone="optimizer")]
    told = [fingerprint(other) for other in others]
    assert len({fingerprint(one), *told}) == 1 + len(others)
    assert data_digest(one) == data_digest(replace(one, epochs=9))


class Own(keras.layers.Layer):
    def call(self, x):
        return x


def own_loss(y, z):
    return keras.ops.mean((y - z) ** 2)


@pytest.mark.parametrize("name", ["layer", "loss", "Lambda"])
def test_code_of_the_users_own_stays_here_and_that_is_said(workers, name):
    model = dense(2, 2, loss=own_loss if name == "loss" else "mse")
    if name != "loss":
        layer = Own() if name == "layer" else keras.layers.Lambda(lambda x: x)
        model = keras.Sequential([keras.Input((2,)), layer, keras.layers.Dense(2)])
        model.compile(loss="mse")
    x = np.zeros((4, 2), "float32")
    kept = recipe(model, x, x)
    said = {"layer": "Own", "loss": "own_loss", "Lambda": "Lambda"}[name]
    with pytest.raises(NotSupported, match=f"{said} is code of the script's own"):
        check(kept)
    assert not workers.take(KerasEngine(), kept)
    assert workers.notes == [f"not given out to 2 processes: {said} is code of the script's own,"
                             " which stays in this process"]


@pytest.fixture(scope="module")
def here():
    """The same trained in this process; natively, which compiles nothing in any process."""
    return NativeEngine().train(made(), range(64), make_goal(made()))


def test_two_processes_train_the_same(workers, here):
    pieces = [range(at, at + 32) for at in (0, 32)]
    parts = list(workers.train(NativeEngine(threads=1), made(), pieces, make_goal(made()), probes=True,
                               meanwhile=lambda: None))
    alike(here, in_order(parts, range(64)))
    assert workers.where.startswith("2 processes (chunks by process: ")


@pytest.mark.slow
@pytest.mark.skipif("not os.environ.get('UNSTUCK_SLOW')", reason="minutes; UNSTUCK_SLOW=1 runs it")
def test_two_processes_train_the_same_and_one_that_is_killed_is_replaced(
    workers, here, monkeypatch, fault
):
    progress: list[int] = []
    monkeypatch.setattr(workers, "take", lambda engine, recipe: True)
    monkeypatch.setattr("unstuck.population.workers.LOOK", 0.02)
    chunks = Chunks(workers=workers)

    def train(tell):
        return chunks.train(NativeEngine(threads=1), made(), range(64), make_goal(made()), probes=True,
                            progress=tell, left=60.0)

    alike(here, train(lambda done, of: progress.append(done)))
    assert sum(workers.chunks.values()) == 4
    assert "2 processes (chunks by process: " in workers.where

    victims = [pid for pid in interrupts.children() if "LokyProcess" in command_of(pid)]
    assert len(victims) == 2
    killed: list[int] = []

    def kill(done, of):
        if not killed:
            killed.append(victims[0])
            os.kill(victims[0], signal.SIGKILL)

    alike(here, train(kill))
    assert killed
    assert any(note.startswith("a worker was lost") for note in workers.notes)
    fault("F01", 1, "a worker SIGKILLed: its chunk given out once more, the same replicas")

    def always(done, of):
        for pid in interrupts.children():
            if "LokyProcess" in command_of(pid):
                os.kill(pid, signal.SIGKILL)

    with pytest.raises(WorkerLost, match="two workers were lost"):
        train(always)
    fault("F01", 2, "every worker SIGKILLed, twice: the arm is not tested; the next gets new ones")
    alike(here, train(lambda done, of: None))  # the next arm gets fresh processes

    def enough(done, of):
        raise BudgetSpent

    with pytest.raises(BudgetSpent):
        train(enough)
    workers.close()
    until = time.monotonic() + 60
    while still := [pid for pid in interrupts.children() if "LokyProcess" in command_of(pid)]:
        assert time.monotonic() < until, still
        time.sleep(0.05)


def command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def test_memory_that_runs_out_in_a_worker_is_handled_there(monkeypatch):
    """Fewer replicas side by side, then the same error as in this process."""
    made = two_bits(8, balanced=True, epochs=1)
    goal = make_goal(made)
    sent, pieces = parcel(made, goal), tuple(range(16))
    engine = KerasEngine(strategy="vmap")
    original, blocks = engine.train, []

    def tight(recipe, *given, **named):
        blocks.append(engine.block(recipe))
        if blocks[-1] > room:
            raise MemoryError
        return original(recipe, *given, **named)

    monkeypatch.setattr(engine, "train", tight)
    monkeypatch.setattr("unstuck.population.choice.engines", lambda threads, timed: (engine,))
    room = 8
    error, data, _ = child.work(("keras", True), pieces, True, *sent)
    assert error is None
    assert blocks == [32, 16, 8]
    alike(unpacked(*pickle.loads(data)), KerasEngine().train(made, pieces, goal))
    room = 0
    error, _, _ = child.work(("keras", True), pieces, True, *sent)
    with pytest.raises(OutOfMemory, match="memory: not even one training"):
        raise _as_here(error)
    with pytest.raises(UnstuckError, match="ValueError: too odd"):
        raise _as_here("ValueError: too odd")


def test_a_process_that_has_compiled_much_stays():
    """loky takes 300 MB more, where psutil can tell, for a leak, and would start another."""
    pytest.importorskip("psutil")
    processes = Processes(1)
    try:
        first = processes.submit(grown, 1).result()
        time.sleep(1.2)  # loky looks once in a second
        processes.submit(grown, 400).result()
        assert processes.submit(grown, 1).result() == first
    finally:
        processes.close()


SHARDED = """\
import jax, numpy as np
assert jax.local_device_count() == 2
from faults.worker_cases import lstm
from unstuck.goal import make_goal
from unstuck.population.keras_engine.engine import KerasEngine
made = lstm(rows=24, units=3, steps=4, epochs=2)
engine = KerasEngine(strategy="vmap")
found = engine.train(made, range(20), make_goal(made))
assert engine.block(made) == 32, engine.block(made)
print(found.strategy)
np.savez("there.npz", loss=found.loss, val=found.val_loss, end=found.final_loss,
         read=found.readings["end"].gradient_norm)
"""


def test_replicas_are_shared_among_the_devices_of_a_machine(tmp_path):
    """Two devices, a short block filled up: the same replicas to float tolerance."""
    environ = {**os.environ, "KERAS_BACKEND": "jax", "PYTHONPATH": os.pathsep.join(sys.path),
               "XLA_FLAGS": "--xla_force_host_platform_device_count=2"}
    done = subprocess.run([sys.executable, "-c", SHARDED], capture_output=True, text=True,
                          env=environ, check=False, timeout=240, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "vmap: as asked, on 2 devices\n"
    made = lstm(rows=24, units=3, steps=4, epochs=2)
    here = KerasEngine(strategy="vmap").train(made, range(20), make_goal(made))
    assert here.strategy == "vmap: as asked"
    there = np.load(tmp_path / "there.npz")
    for name, value in (("loss", here.loss), ("val", here.val_loss), ("end", here.final_loss),
                        ("read", here.readings["end"].gradient_norm)):
        np.testing.assert_allclose(there[name], value, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("address", "said"), [
    ("dask", "is not understood"), ("spark://x:1", "is not understood"),
    ("dask://nowhere", "is not understood|needs dask"),
    ("dask://127.0.0.1:1", "Nobody answers at --cluster dask://127.0.0.1:1: .*refused|needs dask"),
    ("ray://127.0.0.1:1", "Nobody answers at --cluster ray://127.0.0.1:1: .*refused|needs ray"),
])
def test_a_cluster_that_does_not_answer_is_told_before_the_script_runs(tmp_path, address, said):
    script = tmp_path / "train.py"
    script.write_text("raise SystemExit('it ran')")
    with pytest.raises(UnstuckError, match=said) as raised:
        diagnose_script(script, options=Options(cluster=address))
    assert raised.value.exit_code == 2


@pytest.mark.parametrize(("address", "said"), [
    ("dask", "is not understood"), ("spark://x:1", "is not understood"),
    ("dask://127.0.0.1:1", "No Dask scheduler answers|needs dask"),
])
def test_clusters_that_are_none(address, said, monkeypatch):
    monkeypatch.setattr("unstuck.population.backends.CONNECTING", 0.5)
    with pytest.raises(UnstuckError, match=said):
        Workers(cluster=address)


@pytest.mark.slow
@pytest.mark.skipif("not os.environ.get('UNSTUCK_SLOW')", reason="minutes; UNSTUCK_SLOW=1 runs it")
@pytest.mark.filterwarnings("ignore")
def test_a_dask_cluster_of_which_one_worker_is_killed(here, fault):
    distributed = pytest.importorskip("distributed")
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    os.environ["PYTHONPATH"] = environ["PYTHONPATH"]
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as made_of:
        address = made_of.scheduler_address.removeprefix("tcp://")
        cluster = Workers(cluster=f"dask://{address}")
        assert cluster.count == 2
        begun = time.monotonic()
        killed: list[int] = []

        def kill():
            if not killed and time.monotonic() - begun > 1:
                killed.append(next(iter(made_of.workers.values())).pid)
                os.kill(killed[0], signal.SIGKILL)

        pieces = [range(at, at + 1) for at in range(64)]
        parts = list(cluster.train("native", made(), pieces, make_goal(made()), probes=True,
                                   meanwhile=kill))
        alike(here, in_order(parts, range(64)))
        assert killed
        assert cluster.where.startswith("dask://127.0.0.1")
        fault("F01", 1, "a worker of a Dask cluster SIGKILLed: the same replicas")
        cluster.close()


@pytest.mark.slow
@pytest.mark.skipif("not os.environ.get('UNSTUCK_SLOW')", reason="minutes; UNSTUCK_SLOW=1 runs it")
@pytest.mark.filterwarnings("ignore")
def test_a_ray_cluster_of_which_one_worker_is_killed(here, fault, tmp_path):
    pytest.importorskip("ray")
    code = f"""\
import os, signal, sys; sys.path[:0] = {sys.path!r}
import numpy as np
from unstuck.population.choice import engines
from unstuck.population.workers import Workers
from unstuck.population.packing import in_order, unpacked
from unstuck.goal import make_goal
from recipes import two_bits
workers = Workers(cluster="ray://auto")
assert workers.count == 2
made, killed = two_bits(16, balanced=True, epochs=30_000), []
pieces = [range(at, at + 1) for at in range(64)]

def kill():
    if not killed and workers.chunks:
        place = next(iter(workers.chunks))
        killed.append(int(place.rpartition("/")[2]))
        os.kill(killed[0], signal.SIGKILL)

parts = list(workers.train(
    engines(1)[0], made, pieces, make_goal(made), probes=True, meanwhile=kill))
assert killed and any(note.startswith("a worker was lost") for note in workers.notes), workers.notes
np.save({str(tmp_path / "loss.npy")!r}, in_order(parts, range(64)).loss)
print(workers.where)
workers.close()
"""
    ray = str(Path(sys.executable).with_name("ray"))
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "RAY_TMPDIR": "/tmp"}
    subprocess.run([ray, "start", "--head", "--num-cpus=2", "--include-dashboard=false"], check=True,
                   capture_output=True, env=environ)
    try:
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                              env=environ, check=False, timeout=240)
    finally:
        subprocess.run([ray, "stop"], check=True, capture_output=True, env=environ)
    assert done.returncode == 0, done.stderr
    np.testing.assert_allclose(np.load(tmp_path / "loss.npy"), here.loss, atol=1e-5)
    fault("F01", 1, "a worker of a Ray cluster SIGKILLed: the same replicas")
