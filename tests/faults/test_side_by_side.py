"""Several arms with other processes at a time; here threads stand for them, which can be watched."""

from __future__ import annotations

import pickle
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from recipes import two_bits
from unstuck.goal import make_goal
from unstuck.interventions.epochs import Epochs
from unstuck.interventions.learning_rate import LearningRate
from unstuck.population.backends import Cluster
from unstuck.population.child import work
from unstuck.population.choice import engines
from unstuck.population.chunks import Chunks
from unstuck.population.keras_engine.engine import KerasEngine
from unstuck.population.packing import unpacked
from unstuck.population.shipping import opened, parcel
from unstuck.population.workers import Workers
from unstuck.search.budget import Budget, BudgetSpent
from unstuck.search.experiment import Experiment


class Threads(Cluster):
    """`hook(recipe, seeds)` is called before each chunk; what it raises is the worker's death."""

    name, count = "threads", 2

    def __init__(self):
        super().__init__()
        self.pool, self.given, self.stopped, self.now = ThreadPoolExecutor(2), [], [], set()
        self.most, self.lock, self.kept = 0, threading.Lock(), []
        self.hook = lambda recipe, seeds: None

    def put(self, data):
        self.kept.append(data)
        there = data.copy()
        there.flags.writeable = False  # as what arrives from a cluster is
        return there

    def submit(self, work, engine, seeds, probes, *sent):
        def run():
            recipe, _ = opened(sent)
            arm = mark(recipe)
            with self.lock:
                self.given.append((arm, seeds))
                self.now.add(arm)
                self.most = max(self.most, len(self.now))
            try:
                self.hook(recipe, seeds)
                return work(engine, seeds, probes, *sent)
            finally:
                with self.lock:
                    self.now.discard(arm)
        return self.pool.submit(run)

    def stop(self, futures):
        for future in futures:
            self.stopped.append(future)
            future.cancel()

    def close(self):
        self.pool.shutdown()


def mark(recipe):
    """What tells the arms of these tests apart."""
    return round(float(recipe.optimizer.learning_rate), 6), recipe.epochs


@pytest.fixture
def cluster(monkeypatch):
    backend = Threads()
    monkeypatch.setattr("unstuck.population.workers.connected", lambda cluster: backend)
    monkeypatch.setattr("unstuck.population.workers.LOOK", 0.01)
    yield backend
    backend.close()


def opened_lab(workers=None, budget="60s"):
    recipe = two_bits(8, balanced=True, epochs=3)
    experiment = Experiment(
        recipe, make_goal(recipe), budget=Budget.parse(budget), chunks=Chunks(workers=workers))
    experiment.run(experiment.control, 64)
    return experiment


def arms_of(experiment):
    return [experiment.arm((LearningRate.of(experiment.recipe, rate),)) for rate in (0.1, 0.2, 0.3)]


def test_arms_are_trained_at_a_time_and_come_out_as_they_do_here(cluster):
    workers = Workers(cluster="dask://here:1")
    experiment, alone = opened_lab(workers), opened_lab()
    assert experiment.costs.workers == 2
    assert experiment.costs.beside == 4
    assert alone.costs.workers == 0
    together = threading.Barrier(2, timeout=30)
    first = cluster.given.copy()

    def meet(recipe, seeds):
        if len(cluster.given) <= len(first) + 2:
            together.wait()  # passes only if two chunks are out at once

    cluster.hook = meet
    experiment.run_all(arms_of(experiment), 64)
    alone.run_all(arms_of(alone), 64)
    for there, here in zip(arms_of(experiment), arms_of(alone), strict=True):
        np.testing.assert_array_equal(there.population.seeds, here.population.seeds)
        np.testing.assert_allclose(there.population.loss, here.population.loss, atol=1e-6)
        assert there.learned.tolist() == here.learned.tolist()
    assert cluster.most == 2  # of two arms, not two chunks of one
    assert sum(workers.chunks.values()) == len(cluster.given)


def test_every_arm_is_one_piece_where_there_are_enough_of_them(cluster):
    experiment = opened_lab(Workers(cluster="dask://here:1"))
    assert sorted(len(seeds) for _, seeds in cluster.given) == [32, 32]  # alone: as blocks allow
    cluster.given.clear()
    experiment.run_all([*arms_of(experiment), experiment.arm((Epochs.of(experiment.recipe, 5),))], 64)
    assert sorted(len(seeds) for _, seeds in cluster.given) == [64] * 4


@pytest.mark.parametrize(("compilation", "pieces"), [(0.0, 64), (0.01, 64), (1.0, 22), (40.0, 1)])
def test_no_piece_trains_much_shorter_than_it_compiles(compilation, pieces):
    recipe, engine = two_bits(8, balanced=True, epochs=3), KerasEngine(strategy="steps")
    chunks = Chunks()
    population = KerasEngine(strategy="steps").train(recipe, [0], make_goal(recipe), probes=False)
    seconds = 6.4 / 64  # a replica; all of them 6.4 s
    chunks._note_pace(engine, recipe, replace(
        population, seconds=compilation + seconds, compile_seconds=compilation))
    made = chunks._pieces(engine, recipe, range(64), 400, 2)
    assert [seed for piece in made for seed in piece] == list(range(64))
    assert len(made) == pieces  # whole replicas: 25 wished for are 22 of three each
    assert len(chunks._pieces(engine, recipe, range(64), 2, 4)) == 1


def test_a_worker_that_dies_takes_one_chunk_with_it_and_one_arm_if_it_dies_again(cluster):
    workers = Workers(cluster="dask://here:1")
    experiment = opened_lab(workers)
    first, second, third = arms_of(experiment)
    died = []

    def die(recipe, seeds):
        if mark(recipe) == mark(second.recipe) and len(died) < deaths:
            died.append(seeds)
            raise OSError("connection reset")

    deaths, cluster.hook = 1, die
    experiment.run_all([first, second], 64)
    assert len(first.learned) == len(second.learned) == 64
    assert workers.notes == ["a worker was lost (connection reset);"
                             " its chunk was given out once more"]
    deaths = 99
    experiment.run_all([second, third], 128)
    assert len(third.learned) == 128
    assert len(second.learned) == 64
    assert experiment.untestable == {second.changes[0].label:
                              "error: two workers were lost while they trained it (connection reset)"}


def test_large_arrays_are_put_where_the_workers_are_once_for_all_arms(cluster, monkeypatch):
    monkeypatch.setattr("unstuck.population.shipping.LARGE", 32)
    workers = Workers(cluster="dask://here:1")
    experiment, alone = opened_lab(workers), opened_lab()
    held = {data.tobytes() for data in cluster.kept}
    assert np.ascontiguousarray(experiment.recipe.x).tobytes() in held
    assert len(held) == len(cluster.kept)
    experiment.run_all(arms_of(experiment), 64)
    alone.run_all(arms_of(alone), 64)
    assert len(cluster.kept) == len(held)
    for there, here in zip(arms_of(experiment), arms_of(alone), strict=True):
        np.testing.assert_allclose(there.population.loss, here.population.loss, atol=1e-6)
    cluster.hook = lambda recipe, seeds: died or died.append(1) or 1 / 0
    died = []
    experiment.run(experiment.control, 128)
    assert len(cluster.kept) == 2 * len(held)  # who died may have been the only one to have them


@pytest.mark.parametrize("name", ["keras", "native"])
def test_arrays_that_cannot_be_written_to_train_as_others(name, monkeypatch):
    monkeypatch.setattr("unstuck.population.shipping.LARGE", 1)
    recipe = two_bits(8, balanced=True, epochs=3)
    sent = parcel(recipe, make_goal(recipe))
    assert len(sent) > 1
    for array in sent:
        array.flags.writeable = False
    error, data, _ = work((name, True), (0, 1), True, *sent)
    assert error is None
    there = unpacked(*pickle.loads(data))
    engine = next(engine for engine in engines(1) if engine.name == name)
    here = engine.train(recipe, [0, 1], make_goal(recipe))
    np.testing.assert_allclose(there.loss, here.loss, atol=1e-6)


def test_an_arm_that_takes_too_long_is_given_up_and_the_others_are_not(cluster, monkeypatch):
    experiment = opened_lab(Workers(cluster="dask://here:1"), budget="1h")
    first, second, _ = arms_of(experiment)
    real, later, given_up = Experiment.spent.fget, [0.0], threading.Event()
    monkeypatch.setattr(Experiment, "spent", property(lambda self: real(self) + later[0]))
    stop = cluster.stop
    monkeypatch.setattr(cluster, "stop", lambda futures: (
        stop(futures), futures and given_up.set()))

    def hang(recipe, seeds):
        if mark(recipe) == mark(second.recipe):
            while len(first.learned) < 64:
                time.sleep(0.01)
            later[0] = 1000.0  # the other has ended, however long that took
            assert given_up.wait(60)

    cluster.hook = hang
    experiment.run_all([first, second], 64, limit=500)
    assert len(first.learned) == 64
    assert second.given_up == 64
    assert experiment.untestable[second.changes[0].label].startswith("it took more than 500 s")
    assert given_up.is_set() and cluster.stopped


def test_the_end_of_the_budget_ends_all_of_them(cluster):
    experiment = opened_lab(Workers(cluster="dask://here:1"))
    cluster.hook = lambda recipe, seeds: time.sleep(1)
    experiment.budget = Budget.parse(f"{experiment.spent + 0.3}s")
    with pytest.raises(BudgetSpent):
        experiment.run_all(arms_of(experiment), 64)
    assert cluster.stopped
    assert all(len(arm.learned) == 0 for arm in arms_of(experiment))
