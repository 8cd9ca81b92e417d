"""What a script draws without a seed is the same each time it is run with that number."""

from __future__ import annotations

import random

import numpy as np
import pytest

from unstuck.capture import capture_text, drawing_from

SCRIPT = """\
import random
import keras
import numpy as np
from numpy.random import default_rng

x = np.concatenate([
    np.random.uniform(size=(8, 2)), default_rng().normal(size=(8, 2)),
    np.random.default_rng().normal(size=(8, 2)), np.random.RandomState().normal(size=(8, 2)),
    [[random.random(), np.random.default_rng(5).normal()]], keras.random.normal((8, 2)),
])
model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
model.compile("sgd", "mse")
model.fit(x, x[:, :1])
"""


def drawn(seed: int) -> np.ndarray:
    with drawing_from(seed):
        return np.asarray(capture_text(SCRIPT).recipe.x)


def test_the_same_number_draws_the_same_data():
    first, again, other = drawn(3), drawn(3), drawn(4)
    np.testing.assert_array_equal(first, again)
    seeded = first[32, 1]
    assert other[32, 1] == seeded  # a seed of the script's own counts
    assert (first == other).sum() == 1


def test_afterwards_everything_is_random_again():
    python, numpy = random.getstate(), np.random.get_state()[1].copy()
    with drawing_from(2**40), pytest.raises(ZeroDivisionError):
        random.random(), np.random.uniform(), 1 / 0
    assert random.getstate() == python
    assert (np.random.get_state()[1] == numpy).all()
    assert np.random.default_rng().uniform() != np.random.default_rng().uniform()
