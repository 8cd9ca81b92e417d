"""The native engine beside Keras's own `fit` and the JAX population, in one run.

Seconds are wall-clock, the best of a few runs; "core" columns use processor time, so that they hold
on a machine that is busy with something else too. Operations counted are the multiply-adds of the
dense layers, forward and backward, two operations each; the rest (activations, losses, optimizer,
gathering rows) is overhead here.

    python benchmarks/native.py [--replicas 1024] [--without-jax] [case ...]
"""

from __future__ import annotations

import argparse
import os
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras
import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_digits

from unstuck.network.architecture import Architecture
from unstuck.network.optimizer import Optimizer
from unstuck.network.recipe import Recipe
from unstuck.population.keras_engine.engine import KerasEngine
from unstuck.population.native_engine import kernels
from unstuck.population.native_engine.engine import NativeEngine


@dataclass(frozen=True)
class Few:
    """A yardstick of a few rows that scores nothing."""

    inputs: Any
    keeps_outputs: bool = True
    keeps_codes: bool = False

    def score(self, recipe: Recipe, outputs: Any, final_loss: Any) -> NDArray[np.float64]:
        return np.zeros(len(outputs))


def network(*units: int, hidden: str = "relu", out: str | None = None) -> Any:
    inner = [keras.layers.Dense(n, hidden) for n in units[1:-1]]
    return keras.Sequential(
        [keras.Input((units[0],)), *inner, keras.layers.Dense(units[-1], out)])


def recipe(model: Any, loss: str, x: Any, y: Any, batch: int, epochs: int) -> Recipe:
    return Recipe(architecture=Architecture(source=model), optimizer=Optimizer.named("Adam"),
                  loss=loss, x=x, y=y, batch_size=batch, epochs=epochs)


def two_bits() -> Recipe:
    x = np.random.default_rng(0).integers(0, 2, (800, 2)).astype(np.float32)
    return recipe(network(2, 4, 2, 2, out="sigmoid"), "binary_crossentropy", x, x, 8, 12)


def xor() -> Recipe:
    x = np.random.default_rng(0).integers(0, 2, (400, 2)).astype(np.float32)
    y = (x[:, :1] != x[:, 1:]).astype(np.float32)
    return recipe(network(2, 8, 1, hidden="tanh", out="sigmoid"), "binary_crossentropy", x, y, 4, 4)


def digits() -> Recipe:
    x = (load_digits().data / 16).astype(np.float32)
    return recipe(network(64, 32, 64, out="sigmoid"), "mse", x, x, 64, 5)


def classifier() -> Recipe:
    found = load_digits()
    x = (found.data / 16).astype(np.float32)
    return recipe(network(64, 128, 64, 10, out="softmax"), "sparse_categorical_crossentropy", x,
                  found.target, 32, 3)


def regression() -> Recipe:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2000, 13)).astype(np.float32)
    return recipe(network(13, 64, 64, 1), "mse", x, np.sin(x[:, :1]), 32, 3)


CASES: dict[str, tuple[Callable[[], Recipe], int]] = {
    "two bits 2-4-2-2, batch 8": (two_bits, 1),
    "xor 2-8-1, batch 4": (xor, 1),
    "digits autoencoder 64-32-64, batch 64": (digits, 8),
    "digits classifier 64-128-64-10, batch 32": (classifier, 8),
    "regression 13-64-64-1, batch 32": (regression, 8),
}
"""A recipe, and by how much fewer replicas than asked for are enough."""


def operations(of: Recipe) -> float:
    """Of the dense layers in one training: forward, weights' and (but for the first) inputs'."""
    sizes = [2.0 * layer.config["units"] * width
             for layer, width in zip(of.layers[1:], _widths(of), strict=False)]
    per_row = 3 * sum(sizes) - sizes[0]
    return per_row * of.train.rows * of.epochs


def _widths(of: Recipe) -> list[int]:
    units = [int(layer.config["units"]) for layer in of.layers[1:]]
    return [int(of.x.shape[1]), *units[:-1]]


def timed(call: Callable[[], Any], runs: int) -> tuple[float, float]:
    """Least seconds on the clock, least seconds of processor time."""
    wall, work = [], []
    for _ in range(runs):
        clock, cpu = time.perf_counter(), time.process_time()
        call()
        wall.append(time.perf_counter() - clock)
        work.append(time.process_time() - cpu)
    return min(wall), min(work)


def warm_fit(of: Recipe) -> float:
    """Seconds of one of Keras's own trainings, compiled before."""
    model = keras.models.clone_model(of.architecture.source)
    model.compile(optimizer=of.optimizer.build(), loss=of.loss)
    model.fit(of.x, of.y, batch_size=of.batch_size, epochs=1, verbose=0)
    begun = time.perf_counter()
    model.fit(of.x, of.y, batch_size=of.batch_size, epochs=of.epochs, verbose=0)
    return time.perf_counter() - begun


def jax_population(of: Recipe, replicas: int) -> float:
    """Seconds a replica in the JAX engine, compiled before."""
    engine, few = KerasEngine(), Few(of.x[:4])
    begun = engine.train(of, range(replicas), few, probes=False)
    again = engine.train(of, range(replicas, 2 * replicas), few, probes=False)
    return min(begun.seconds - begun.compile_seconds, again.seconds) / replicas


def core(of: Recipe, replicas: int, threads: int) -> tuple[float, float]:
    """Clock and processor seconds of the compiled part alone."""
    engine = NativeEngine(threads=threads)
    plan: Any = engine._plan(of)
    rows = plan.objective.rows(of.train, plan.entry)
    from unstuck.population.native_engine.optimizers import step_numbers

    start = np.random.default_rng(0).normal(
        0, 0.2, (replicas, plan.program.parameters)).astype(np.float32)
    given = {"rows": rows, "validation": None, "judged": rows,
             "steps": step_numbers(of, of.updates), "seeds": np.arange(replicas, dtype=np.uint64),
             "start": start, "epochs": of.epochs, "shuffle": True, "salt": 0, "rates": None,
             "order": None, "threads": threads}
    return timed(lambda: plan.program.train(**given), 3)


def main() -> None:
    """Print a line a case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", help="parts of names; all without")
    parser.add_argument("--replicas", type=int, default=1024)
    parser.add_argument("--without-jax", action="store_true")
    given = parser.parse_args()
    peak = kernels.multiply_add_peak(0.5)
    print(f"kernel {kernels.available()[0]}, {len(os.sched_getaffinity(0))} processors, "
          f"multiply-add peak {peak / 1e9:.0f} GFLOP/s a core\n")
    for name, (make, fewer) in CASES.items():
        if given.cases and not any(part in name for part in given.cases):
            continue
        of, replicas = make(), max(64, given.replicas // fewer)
        wall_1, cpu_1 = core(of, replicas, 1)
        wall_2, cpu_2 = core(of, replicas, 2)
        whole, _ = timed(lambda of=of, n=replicas: NativeEngine(threads=2).train(
            of, range(n), Few(of.x[:4])), 2)
        rate = operations(of) * replicas / cpu_1
        print(f"{name}: {of.updates} updates, {replicas} replicas")
        print(f"  kernel alone, 1 thread   {wall_1 / replicas * 1e6:9.1f} us a training"
              f"   {rate / 1e9:6.1f} GFLOP/s a core, {rate / peak:.0%} of the peak")
        print(f"  kernel alone, 2 threads  {wall_2 / replicas * 1e6:9.1f} us a training"
              f"   x {wall_1 / wall_2:.2f} on the clock, {cpu_2 / cpu_1:.2f} of the work")
        print(f"  engine, 2 threads        {whole / replicas * 1e6:9.1f} us a training"
              "   (initial weights, probes, outputs included)")
        fit = warm_fit(of)
        print(f"  Keras fit, warm          {fit * 1e6:9.0f} us a training"
              f"   x {fit / (wall_2 / replicas):,.0f} the kernel's,"
              f" x {fit / (whole / replicas):,.0f} the engine's")
        if not given.without_jax:
            slow = jax_population(of, 64)
            print(f"  JAX population           {slow * 1e6:9.0f} us a training"
                  f"   x {slow / (wall_2 / replicas):,.1f} the kernel's,"
                  f" x {slow / (whole / replicas):,.1f} the engine's")
    peak_memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\nlargest resident memory {peak_memory:.0f} MiB")


if __name__ == "__main__":
    main()
