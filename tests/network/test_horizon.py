"""The first updates of a training: which rows, how many updates, and that nothing else is another."""

from __future__ import annotations

from dataclasses import replace

import keras
import numpy as np
import pytest

from recipes import Watched, dense, recipe
from unstuck.network.callback_rules import EarlyStopping, LearningRateScheduler, Rules
from unstuck.network.data import Data
from unstuck.network.horizon import HELD_ROWS, LOSS_ROWS, Horizon, on_fewer_rows
from unstuck.network.optimizer import Optimizer
from unstuck.network.picking import MOST_CLASSES, classes_of, picked
from unstuck.network.recipe import Recipe
from unstuck.population.choice import engines
from unstuck.population.keras_engine.engine import KerasEngine

ROWS = 4000


def rare(rows: int = ROWS, **given) -> Recipe:
    """A long training on rows that are numbered in their first column; one in ten is of class 1."""
    x = np.stack([np.arange(rows), np.random.default_rng(0).normal(size=rows)], 1).astype("float32")
    y = (np.arange(rows) % 10 == 0).astype("float32")[:, None]
    return recipe(dense(3, 1), x, y, **{"batch_size": 10, "epochs": 5, **given})


def numbers(data: Data) -> set[int]:
    return set(data.x[:, 0].astype(int))


def test_part_of_an_epoch_is_as_many_rows_of_each_class_as_its_updates_take():
    whole = rare()
    first = Horizon(updates=50).of(whole)
    assert (first.updates, first.epochs, first.train.rows) == (50, 1, 500)
    assert first.y.mean() == pytest.approx(0.1, abs=0.002)
    assert numbers(first.train) < numbers(whole.train)
    assert max(numbers(first.train)) > 0.9 * ROWS > ROWS / 2 > np.median(first.x[:, 0]) * 0.9


def test_held_out_rows_stay_held_out():
    whole = rare(validation_split=0.4)
    first = Horizon(updates=50).of(whole)
    held = numbers(first.validation)
    assert held <= numbers(whole.validation) and len(held) == HELD_ROWS
    assert numbers(first.train) <= numbers(whole.train) and len(numbers(first.train)) == 500
    own = Data(x=whole.x + 10_000, y=whole.y)
    given = Horizon(updates=50).of(rare(validation_data=own))
    assert min(numbers(given.validation)) >= 10_000 and given.validation.rows == HELD_ROWS


def test_rows_that_are_not_shuffled_are_the_first_ones():
    first = Horizon(updates=50).of(rare(shuffle=False))
    assert np.array_equal(first.x[:, 0], np.arange(500))
    stream = Horizon(updates=50).of(rare(batches="stream", epochs_in_rows=2))
    assert np.array_equal(stream.x[:, 0], np.arange(500)) and stream.updates == 50


def test_whole_batches_stay_whole():
    first = Horizon(updates=50).of(rare(batches="whole"))
    batches = first.x[:, 0].reshape(50, 10)
    assert np.array_equal(batches, batches[:, :1] + np.arange(10)) and not (batches[:, 0] % 10).any()


def test_other_batches_have_as_many_updates():
    horizon, whole = Horizon(updates=50), rare()
    for size, updates in ((2, 50), (40, 50), (400, 50)):
        first = horizon.of(replace(whole, batch_size=size))
        assert first.updates == updates


def test_several_epochs_are_whole_and_what_is_short_is_as_it_was():
    whole = rare(100)
    first = Horizon(updates=24).of(whole)
    assert (first.epochs, first.updates, first.x is whole.x) == (2, 20, True)
    assert Horizon(updates=50).of(whole) is whole


@pytest.mark.parametrize("given", [
    {}, {"validation_split": 0.2}, {"shuffle": False}, {"batches": "whole"}, {"batch_size": 7},
    {"batches": "stream", "epochs_in_rows": 2},
])
@pytest.mark.parametrize("updates", [10, 24, 50, 10**6])
def test_how_many_updates_there_are_is_known_without_taking_rows(updates, given):
    whole = rare(**given)
    assert Horizon(updates=updates).length(whole) == Horizon(updates=updates).of(whole).updates


def test_arms_share_the_rows_of_the_control():
    horizon, whole = Horizon(updates=50), rare()
    one, other = horizon.of(whole), horizon.of(whole.with_optimizer(learning_rate=0.5))
    assert one.x is other.x and one.signature != other.signature
    assert horizon.of(whole).signature == one.signature


@pytest.mark.parametrize("rules", [
    Rules(), Rules(rules=(EarlyStopping(watched="loss", patience=3, min_delta=0.5),)),
    Rules(rules=(LearningRateScheduler(schedule=lambda epoch, rate: 0.1 / (1 + epoch)),)),
], ids=["none", "early stopping", "schedule by epoch"])
@pytest.mark.parametrize("engine", [engines()[0], KerasEngine(strategy="map")], ids=lambda e: e.name)
def test_the_first_epochs_are_those_of_the_whole_training(rules, engine):
    """Callbacks and a cosine over all updates go as they do in the whole training, and end there."""
    whole = rare(60, epochs=8, rules=rules)
    whole = replace(whole, x=whole.x / 60)
    if not rules.rules:
        cosine = keras.optimizers.schedules.CosineDecay(0.1, decay_steps=whole.updates)
        whole = replace(whole, optimizer=Optimizer.of(keras.optimizers.SGD(cosine)))
    first = Horizon(updates=20).of(whole)
    assert first.epochs == 3 and engine.refuses(whole) is None
    seeds, watched = list(range(3)), Watched(whole.x)
    long, short = (engine.train(one, seeds, watched, probes=False) for one in (whole, first))
    assert np.array_equal(long.loss[:, :3], short.loss)
    assert not np.array_equal(long.loss[:, 3], short.loss[:, 2])


@pytest.mark.parametrize("engine", [engines()[0], KerasEngine(strategy="map")], ids=lambda e: e.name)
def test_the_loss_at_the_end_is_that_of_a_sample(engine):
    whole = rare(3 * LOSS_ROWS, epochs=2)
    whole = replace(whole, x=whole.x / ROWS)
    first = Horizon(updates=500).of(whole)
    assert first.judged.rows == LOSS_ROWS and first.judged.y.mean() == pytest.approx(0.1, abs=0.01)
    seeds, watched = [0, 1], Watched(whole.x)
    all_rows = engine.train(replace(first, loss_rows=None), seeds, watched, probes=False)
    sample = engine.train(first, seeds, watched, probes=False)
    assert np.array_equal(all_rows.loss, sample.loss)
    assert sample.final_loss == pytest.approx(all_rows.final_loss, rel=0.1)
    assert not np.array_equal(all_rows.final_loss, sample.final_loss)


def test_fewer_rows_keep_what_is_held_out_and_the_shares_of_classes():
    whole = rare(validation_split=0.2)
    fewer = on_fewer_rows(whole, 320)
    assert (fewer.train.rows, fewer.validation.rows) == (320, 80)
    assert numbers(fewer.train) < numbers(whole.train)
    assert numbers(fewer.validation) < numbers(whole.validation)
    assert fewer.train.y.mean() == pytest.approx(0.1, abs=0.004)
    assert on_fewer_rows(whole, 3200) is whole


def test_classes_are_those_of_numbers_and_of_columns_of_one():
    number = np.arange(12) % 3
    assert np.array_equal(classes_of(number), number)
    assert np.array_equal(classes_of(keras.utils.to_categorical(number)), number)
    assert classes_of(np.eye(3)[number] * 2) is None
    assert classes_of(np.arange(MOST_CLASSES + 1)) is None
    assert classes_of([None, number[:, None]]) is not None and classes_of(None) is None


def test_the_same_rows_come_every_time_and_quantities_are_drawn_fairly():
    values = np.random.default_rng(1).normal(size=5000)
    one = picked(values, 5000, 1000)
    assert np.array_equal(one, picked(values, 5000, 1000)) and len(set(one)) == 1000
    assert abs(values[one].mean()) < 0.1 and 2300 < np.median(one) < 2700
