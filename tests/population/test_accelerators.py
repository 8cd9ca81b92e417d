"""What is different where JAX computes on a GPU, as far as a machine without one can tell."""

from __future__ import annotations

from typing import Any

import jax
import keras
import numpy as np
import pytest
from keras import layers

from unstuck.capture import capture_model
from unstuck.network import adapter
from unstuck.network.recipe import Recipe
from unstuck.population.keras_engine import choice as keras_choice
from unstuck.population.keras_engine.choice import ACCELERATED_LANES, block_size, choose
from unstuck.population.keras_engine.engine import KerasEngine
from unstuck.population.keras_engine.program import Program
from unstuck.population.keras_engine.strategies import STRATEGIES


class Rows:
    """A yardstick without a score."""

    inputs = np.zeros((2, 6, 2), np.float32)
    keeps_outputs = keeps_codes = False

    def score(self, recipe: Any, outputs: Any, final_loss: Any) -> Any:
        return np.zeros((len(outputs), 3))


@pytest.fixture
def recurrent() -> Recipe:
    model = keras.Sequential([keras.Input((6, 2)), layers.LSTM(4), layers.Dense(1)])
    model.compile("sgd", "mse")
    x = np.random.default_rng(0).normal(size=(16, 6, 2)).astype("float32")
    return capture_model(model, x, x[:, 0, :1], batch_size=4, epochs=1).recipe


def test_recurrent_layers_are_mapped_as_loops(recurrent: Recipe, monkeypatch: Any) -> None:
    asked = []

    def cudnn_ok(*_: Any, **__: Any) -> bool:
        asked.append(True)
        return False

    monkeypatch.setattr(adapter.private.backend_rnn, "cudnn_ok", cudnn_ok)
    engine = KerasEngine(strategy="vmap")
    engine.block(recurrent)  # the model is built
    asked.clear()
    population = engine.train(recurrent, [1, 2], Rows())
    assert np.isfinite(population.final_loss).all()
    assert not asked, "a kernel that JAX cannot map was within reach"
    assert adapter.private.backend_rnn.cudnn_ok is cudnn_ok

    KerasEngine(strategy="steps").train(recurrent, [1], Rows())
    assert asked, "nor was it where it is faster"


def test_what_jax_cannot_map_is_not_taken_side_by_side(recurrent: Recipe, monkeypatch: Any) -> None:
    real = keras_choice.seconds_per_update

    def timed(strategy: Any) -> float:
        if strategy.name == "vmap":
            raise NotImplementedError("Batching rule for 'rnn_fwd' not implemented")
        return real(strategy)

    monkeypatch.setattr(keras_choice, "seconds_per_update", timed)
    strategy, choice = choose(Program(recurrent), {})
    assert strategy.name == choice.name != "vmap"
    assert "inf" not in choice.phrase


def test_blocks_are_as_large_as_an_accelerators_memory_allows(
        recurrent: Recipe, monkeypatch: Any) -> None:
    program = Program(recurrent.with_layer("lstm", units=1_000))
    strategy = STRATEGIES["vmap"](program)
    on_a_cpu = block_size(program, strategy)

    class Device:
        @staticmethod
        def memory_stats() -> dict[str, int]:
            return {"bytes_limit": 64 << 30}

    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    monkeypatch.setattr(jax, "local_devices", lambda: [Device()])
    monkeypatch.setattr(jax, "local_device_count", lambda: 1)
    assert on_a_cpu < block_size(program, strategy) == ACCELERATED_LANES
