"""What the page draws is what was measured."""

from __future__ import annotations

import base64
import math

import keras
import numpy as np
import pytest
from keras import layers
from sklearn.datasets import load_digits

from unstuck.capture import capture_model
from unstuck.diagnosis.diagnosis import Diagnosis, diagnose
from unstuck.diagnosis.scenes.curves import MOST_EPOCHS, curve_of, thinned
from unstuck.diagnosis.scenes.grids import sweep
from unstuck.diagnosis.scenes.samples import image_shape
from unstuck.goal import make_goal
from unstuck.search.budget import Budget
from unstuck.search.experiment import Experiment


def test_all_epochs_of_a_short_training_and_some_of_a_long_one() -> None:
    assert thinned(12).tolist() == list(range(12))
    assert thinned(0).tolist() == []
    many = thinned(5000)
    assert many[0] == 0 and many[-1] == 4999
    assert len(many) <= MOST_EPOCHS and (np.diff(many) > 0).all()
    assert (many < 100).sum() > 10  # most happens at the beginning


def test_a_curve_has_losses_that_were_measured() -> None:
    losses = np.arange(20.0).reshape(20, 1) + np.array([[0.5, 0.25]])
    curve = curve_of(losses, np.arange(20))
    assert curve.epochs == (1, 2) and curve.replicas == 20
    for epoch, row in enumerate(curve.quantiles):
        assert list(row) == sorted(row)
        assert set(row) <= set(losses[:, epoch])
    assert curve.quantiles[0][2] == 9.5


def test_diverged_trainings_leave_the_other_curves_standing() -> None:
    losses = np.ones((10, 3))
    losses[:3, 1:] = np.nan
    curve = curve_of(losses, np.arange(10))
    assert curve.quantiles[2] == (1, 1, 1, math.inf, math.inf)


def test_pictures_are_told_from_tables() -> None:
    digits = load_digits().data
    rng = np.random.default_rng(7)
    assert image_shape(digits) == (8, 8, 1)
    assert image_shape(digits.reshape(-1, 8, 8)) == (8, 8, 1)
    assert image_shape(digits.reshape(-1, 8, 8, 1)) == (8, 8, 1)
    assert image_shape(np.zeros((4, 32, 40, 3))) == (32, 40, 3)
    assert image_shape(rng.normal(size=(200, 64))) is None
    assert image_shape(digits[:, rng.permutation(64)]) is None
    assert image_shape(rng.normal(size=(200, 2))) is None
    series = np.sin(np.arange(50)[None, :, None] / 9 + rng.uniform(0, 6, (30, 1, 8)))
    assert image_shape(series) is None  # smooth in time alone


@pytest.fixture(scope="module")
def two_bits() -> Diagnosis:
    """The two-bit autoencoder with what keeps it from learning."""
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]] * 50, dtype="float32")
    model = keras.Sequential([
        keras.Input((2,)), layers.Dense(4, activation="relu", name="one"),
        layers.Dense(2, activation="relu", name="two"),
        layers.Dense(2, activation="sigmoid", name="three"),
    ])  # fmt: skip
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss="binary_crossentropy")
    return diagnose(model, x, x, batch_size=8, epochs=12, replicas=32, budget="5s")


def test_every_replica_is_there(two_bits: Diagnosis) -> None:
    result, pictures = two_bits.result, two_bits.result.pictures
    assert pictures is not None
    assert len(pictures.final_losses) == len(pictures.final_modes) == result.population.replicas
    assert np.allclose(pictures.final_losses, two_bits.arrays["control/final_loss"], rtol=1e-5)
    assert pictures.seeds == tuple(two_bits.arrays["control/seeds"])
    for place, mode in enumerate(result.population.modes):
        mine = [loss for loss, m in zip(pictures.final_losses, pictures.final_modes, strict=True)
                if m == place]  # fmt: skip
        assert len(mine) == round(mode.share * result.population.replicas)
        assert np.median(mine) == pytest.approx(mode.loss, rel=1e-4)
        curve = next(c for c in pictures.curves if c.mode == place or len(pictures.curves) == 1)
        assert curve.replicas == len(mine) and len(curve.epochs) == 12


def test_a_replica_seen_again_is_the_same(two_bits: Diagnosis) -> None:
    pictures, kept = two_bits.result.pictures, two_bits.arrays["control/outputs"]
    assert pictures is not None and pictures.replicas
    losses = [replica.loss for replica in pictures.replicas]
    assert losses == sorted(losses)
    assert [s.input for s in pictures.samples] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    for replica in pictures.replicas:
        place = pictures.seeds.index(replica.seed)
        assert replica.loss == pytest.approx(pictures.final_losses[place], rel=1e-5)
        assert np.allclose(replica.outputs, kept[place], atol=2e-5)
        assert [state.layer for state in replica.layers] == ["one", "two", "three"]
        assert np.allclose(replica.layers[-1].values, kept[place], atol=1e-3)
        for state in replica.layers:
            values = np.asarray(state.values)
            assert state.distinct == len(np.unique(values.round(4), axis=0)) == 4 - sum(
                len(group) - 1 for group in state.groups)
            if state.layer != "three":
                assert state.dead == tuple(np.flatnonzero((values == 0).all(0)))


def test_the_sweep_is_the_control_where_nothing_is_varied() -> None:
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]] * 8, dtype="float32")
    model = keras.Sequential([
        keras.Input((2,)), layers.Dense(4, activation="relu"), layers.Dense(2, activation="relu"),
        layers.Dense(2, activation="sigmoid")])  # fmt: skip
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss="binary_crossentropy")
    recipe = capture_model(model, x, x, batch_size=4, epochs=30).recipe
    experiment = Experiment(recipe, make_goal(recipe), budget=Budget.parse("10m"), replicas=32)
    experiment.run(experiment.control, 32)
    if experiment.control.population is None or experiment.control.population.engine != "native":
        pytest.skip("without the native engine a sweep costs too much")
    (grid,) = sweep(experiment)
    assert len(grid.rows) == 5 and len(grid.columns) == 7 and len(grid.cells) == 35
    row, column = grid.rows.index("4, 2 (yours)"), grid.columns.index("0.01 (yours)")
    own = next(c for c in grid.cells if (c.row, c.column) == (row, column))
    assert (own.replicas, own.successes) == (32, experiment.control.learned.sum())
    slowest = max(c.success_rate for c in grid.cells if c.column == 0)
    assert slowest < max(c.success_rate for c in grid.cells)
    assert experiment.trainings == 32 * 35  # each field once, the control's among them


def test_images_go_in_and_come_out() -> None:
    x = load_digits().data[:300] / 16
    model = keras.Sequential([
        keras.Input((64,)), layers.Dense(8), layers.Dense(64, activation="sigmoid")])
    model.compile(optimizer="adam", loss="mse")
    result = diagnose(model, x, x, epochs=3, replicas=4, budget="4s").result
    pictures = result.pictures
    assert pictures is not None and len(pictures.samples) == 10
    first = pictures.samples[0].image
    assert first is not None and (first.width, first.height, first.channels) == (8, 8, 1)
    pixels = np.frombuffer(base64.b64decode(first.pixels), np.uint8)
    assert np.abs(pixels / 255 - x[0] / x.max()).max() < 0.01
    assert all(len(replica.images) == 10 for replica in pictures.replicas)
    assert pictures.samples[0].input == () and pictures.samples[0].target_image is None
