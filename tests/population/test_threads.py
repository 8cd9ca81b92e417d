"""Parts side by side: the same results in the same order, one waiting thread that may stop it all."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import keras
import numpy as np
import pytest
from keras.src.backend import numpy as backend_numpy
from keras.src.backend.jax.core import Variable as JaxVariable

from unstuck.capture import capture_model
from unstuck.population.keras_engine.program import Program
from unstuck.population.keras_engine.strategies import STRATEGIES
from unstuck.population.threads import side_by_side

Tell = Callable[[int], None]


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("first_alone", [False, True])
def test_results_come_in_the_order_of_the_parts(threads: int, first_alone: bool) -> None:
    def work(part: int, tell: Tell) -> int:
        time.sleep(0.01 * (5 - part))
        return part * part

    assert side_by_side(work, range(5), threads=threads, first_alone=first_alone) == [
        0, 1, 4, 9, 16]


def test_the_first_part_is_done_before_any_other_begins() -> None:
    begun: list[int] = []

    def work(part: int, tell: Tell) -> None:
        assert part == 0 or "first" in ended
        begun.append(part)
        if part == 0:
            time.sleep(0.05)
            ended.add("first")

    ended: set[str] = set()
    side_by_side(work, range(4), threads=4, first_alone=True)
    assert sorted(begun) == [0, 1, 2, 3]


def test_parts_do_run_at_one_time() -> None:
    both = threading.Barrier(2, timeout=60)
    side_by_side(lambda part, tell: both.wait(), range(2), threads=2, first_alone=False)


def test_what_a_part_raises_is_raised_and_ends_the_others() -> None:
    def work(part: int, tell: Tell) -> None:
        if part == 1:
            raise ValueError("part 1")
        for done in range(1000):
            time.sleep(0.01)
            tell(done)

    begun = time.monotonic()
    with pytest.raises(ValueError, match="part 1"):
        side_by_side(work, range(3), threads=3, first_alone=False)
    assert time.monotonic() - begun < 9


@pytest.mark.parametrize("enough", [KeyboardInterrupt, RuntimeError])
def test_the_progress_function_may_stop_it(enough: type[BaseException]) -> None:
    def work(part: int, tell: Tell) -> None:
        for done in range(1000):
            time.sleep(0.01)
            tell(done)

    def progress(done: int) -> None:
        assert threading.current_thread() is threading.main_thread()
        if done > 3:
            raise enough

    begun = time.monotonic()
    with pytest.raises(enough):
        side_by_side(work, range(3), threads=2, first_alone=False, progress=progress)
    assert time.monotonic() - begun < 9


def test_models_are_built_in_threads_and_keras_is_left_as_it_was() -> None:
    x = np.zeros((8, 3), np.float32)
    model = keras.Sequential([keras.Input((3,)), *(keras.layers.Dense(4) for _ in range(20))])
    model.compile("adam", "mse")
    recipe = capture_model(model, x, np.zeros((8, 4))).recipe
    before = JaxVariable._initialize_with_initializer, backend_numpy.matmul
    built = side_by_side(lambda part, tell: recipe.build(), range(12), threads=4, first_alone=False)
    assert before == (JaxVariable._initialize_with_initializer, backend_numpy.matmul)
    for one in built:
        assert {id(v) for v in one.model.trainable_variables} <= set(one.initializers)
    fresh = keras.layers.Dense(4)
    fresh.build((None, 3))
    assert np.abs(np.asarray(fresh.kernel)).min() > 0


def test_arms_that_share_a_program_compile_it_once() -> None:
    x = np.zeros((8, 3), np.float32)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4)])
    model.compile("sgd", "mse")
    strategy = STRATEGIES["steps"](Program(capture_model(model, x, np.zeros((8, 4))).recipe))
    made = []

    def make() -> Callable[[int], int]:
        made.append(time.sleep(0.05))
        return lambda number: number + 1

    results = side_by_side(lambda part, tell: strategy._call("a program", make, part), range(4),
                           threads=4, first_alone=False)
    assert results == [1, 2, 3, 4]
    assert len(made) == 1
