"""Causes that hide each other: what is guilty is named with its proof, and never cleared."""

from __future__ import annotations

from pathlib import Path

import pytest

from honesty import assert_honest
from unstuck.diagnosis.diagnosis import Options, diagnose_script
from unstuck.result.results import Result
from unstuck.search.budget import Budget

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # Keras warns of the softmax itself

PRICES = """
import numpy as np
import keras
from keras import layers

rng = np.random.default_rng(3)
X = rng.normal(5000, 900, (600, 3))
y = 1600 + 32400 / (1 + np.exp(-((X - 5000) / 900) @ [1.2, -0.8, 0.5]))
model = keras.Sequential([
    keras.Input((3,)),
    layers.Dense(3, activation="tanh"),
    layers.Dropout(0.2),
    layers.Dense(2, activation="tanh"),
    layers.Dropout(0.2),
    layers.Dense(1, activation="softmax"),
])
model.compile(loss="mse", optimizer=keras.optimizers.SGD(0.1, momentum=0.9, nesterov=True))
model.fit(X, y, epochs=30)
"""

ADDRESSES = """
import numpy as np
import keras
from keras import layers

rng = np.random.default_rng(0)
X = np.column_stack([3232235770 + rng.integers(3, 16, 400), rng.normal(size=400),
                     rng.integers(0, 5, 400), rng.exponential(size=400)])
y = ((X[:, 1] + 0.5 * X[:, 2] - X[:, 3]) > 0.4).astype("float32")
model = keras.Sequential([
    keras.Input((4,)),
    layers.Dense(12, activation="relu"),
    layers.Dense(12, activation="relu"),
    layers.Dense(1, activation="relu"),
])
model.compile(loss="binary_crossentropy", optimizer="adam")
model.fit(X, y, epochs=60, batch_size=16)
"""

COLUMNS = """
import numpy as np
import keras
from keras import layers

rng = np.random.default_rng(1)
sizes = np.logspace(0, 5, 20)
data = (rng.normal(size=(400, 3)) @ rng.normal(size=(3, 20)) + 2) * sizes
model = keras.Sequential([
    keras.Input((20,)),
    layers.Dense(24, activation="relu"),
    layers.Dense(8, activation="relu"),
    layers.Dense(20, activation="relu"),
])
model.compile(optimizer=keras.optimizers.Adam(0.003), loss="mse")
model.fit(data, data, epochs=40, batch_size=32)
"""


def diagnosed(text: str, folder: Path, *, budget: str = "60s", replicas: int = 64) -> Result:
    path = folder / "train.py"
    path.write_text(text)
    result = diagnose_script(path, options=Options(
        budget=Budget.parse(budget), replicas=replicas, pictures=False)).result
    assert_honest(result)
    return result


@pytest.fixture(scope="module")
def prices(tmp_path_factory):
    return diagnosed(PRICES, tmp_path_factory.mktemp("prices"))


def test_three_causes_that_hide_each_other_are_each_shown_to_be_needed(prices):
    repair = prices.repairs[0]
    assert set(repair.interventions) == {"inputs scaled", "targets scaled", "dense_2: softmax → linear"}
    assert repair.success_rate >= 0.95
    assert all(back is not None and back.needed for back in repair.put_back)
    named = {arm.intervention for arm in prices.by_verdict("needs company")}
    assert named == set(repair.interventions)
    assert "softmax-over-one-unit" in {fact.check for fact in prices.facts}


def test_nothing_that_is_guilty_is_cleared_and_nothing_is_acquitted_where_nothing_learns(prices):
    cleared = {one.kind for one in prices.cleared}
    assert not cleared & {"activation", "input_scale", "target_encoding"}
    assert prices.by_verdict("acquitted") == ()


def test_the_repair_is_written_as_people_write_it(prices):
    diff = prices.repairs[0].diff
    assert "loss_weights" not in diff
    assert "normalization.adapt(X)" in diff
    assert "y = (y - y_mean) / y_std" in diff


def test_a_column_of_addresses_is_scaled_with_the_digits_that_it_needs(tmp_path):
    found = diagnosed(ADDRESSES, tmp_path)
    (scaled,) = [arm for arm in found.arms if arm.intervention == "inputs scaled"]
    assert scaled.verdict == "cause"
    assert scaled.success_rate > 0.5
    assert "inputs scaled" in found.repairs[0].interventions
    assert found.repairs[0].success_rate >= 0.95
    assert "values-merged-by-float32" in {fact.check for fact in found.facts}


def test_columns_of_all_sizes_are_standardised_in_the_data_for_an_autoencoder(tmp_path):
    found = diagnosed(COLUMNS, tmp_path, budget="400runs", replicas=16)
    assert "in the mean of the columns" in found.goal.why
    repair = found.repairs[0]
    assert set(repair.interventions) == {"data standardised", "dense_2: relu → linear"}
    assert repair.success_rate >= 0.95
    assert all(back is not None and back.needed for back in repair.put_back)
    assert "data = (data - data_mean) / data_std" in repair.diff
    assert "offset=" not in repair.diff
