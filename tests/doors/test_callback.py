"""The callback: the user's training is bit for bit its own; a line for each thing that looks wrong."""

from __future__ import annotations

import io
import random
from dataclasses import replace

import keras
import numpy as np
import pytest

import unstuck
from unstuck.base.errors import UnstuckError
from unstuck.capture import capture_model, capture_trained
from unstuck.doors.callback import _surely
from unstuck.goal import make_goal
from unstuck.population.population import Population

ROWS = np.random.default_rng(1).normal(size=(60, 2)).astype("float32") * 200
CLASSES = (np.hypot(*ROWS.T) > 240).astype("float32")


def model(optimizer="adadelta"):
    made = keras.Sequential([
        keras.Input((2,)), keras.layers.Dense(6, "relu"), keras.layers.BatchNormalization(),
        keras.layers.Dropout(0.1), keras.layers.Dense(1, activation="sigmoid"),
    ])
    made.compile(optimizer, "binary_crossentropy", metrics=["accuracy"])
    return made


def trained(*callbacks, **arguments):
    """Everything that a training leaves: history, weights, optimizer, all random states."""
    keras.utils.set_random_seed(3)
    network = model()
    history = network.fit(ROWS, CLASSES, epochs=4, verbose=0, validation_split=0.2,
                          callbacks=list(callbacks), **arguments)
    variables = [*network.variables, *network.optimizer.variables]
    return (history.history, [np.asarray(v).tobytes() for v in variables], random.getstate(),
            np.random.get_state()[1].tobytes(), np.asarray(keras.random.normal((3,))).tobytes(),
            network.stop_training, keras.layers.Dense(1).name)


def lines(watcher):
    return watcher._out.getvalue().splitlines()


def test_the_training_is_bit_for_bit_what_it_is_without():
    keras.utils.clear_session()
    without = trained()
    keras.utils.clear_session()
    watcher = unstuck.Callback(out=io.StringIO())
    assert trained(watcher) == without
    assert lines(watcher)


def test_it_says_each_thing_once_in_a_line_and_closes():
    watcher = unstuck.Callback(out=io.StringIO())
    trained(watcher, batch_size=8)
    *said, last = lines(watcher)
    names = [line.split(": ")[1] for line in said]
    assert len(set(names)) == len(names) > 1
    assert {"optimizer-barely-moves", "unscaled-inputs"} <= set(names)
    assert last.startswith("unstuck: it did not learn (accuracy 0.")
    assert "watcher.diagnosis() finds out why" in last


def test_a_training_that_learns():
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]] * 8, "float32")
    network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(16, "tanh"),
                                keras.layers.Dense(2, "sigmoid")])
    network.compile(keras.optimizers.Adam(0.1), "binary_crossentropy")
    watcher = unstuck.Callback(out=io.StringIO())
    network.fit(x, x, epochs=60, verbose=0, callbacks=[watcher])
    assert "it learned (" in lines(watcher)[-1]


def test_how_far_it_came_where_only_plain_methods_would_tell():
    x = np.random.default_rng(0).normal(size=(300, 3)).astype("float32")
    network = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    network.set_weights([np.full((3, 1), 0.5), np.zeros(1)])
    network.compile(keras.optimizers.SGD(1e-9), "mse")
    watcher = unstuck.Callback(out=io.StringIO())
    network.fit(x, x.sum(1), verbose=0, callbacks=[watcher])
    assert "it came 75% of the way from a constant output to a perfect answer (r2 0.75)" in (
        lines(watcher)[-1])
    goal = make_goal(capture_trained(watcher.model, watcher._arguments()).recipe, references=False)
    assert not goal.settled

    def surely(score):
        return _surely(goal, Population(
            seeds=(0,), loss=np.ones((1, 1)), final_loss=np.ones(1), score=np.full((1, 3), score),
            engine="fit", strategy="own run"))

    assert [surely(score) for score in (0.95, 0.5, 0.02, np.nan)] == [True, None, False, False]


def test_a_loss_that_is_no_number_is_told_at_once():
    watcher = unstuck.Callback(out=io.StringIO())
    seen = []
    after = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(
        len(lines(watcher))))
    network = model("sgd")
    network.fit(ROWS * np.nan, CLASSES, epochs=3, verbose=0, callbacks=[watcher, after])
    assert seen == [1, 1, 1]
    assert "the loss is nan since epoch 1" in lines(watcher)[0]


def test_its_diagnosis_is_of_the_very_arguments_of_fit():
    watcher = unstuck.Callback(budget="100runs", out=io.StringIO())
    trained(watcher, batch_size=16, class_weight={0: 1.0, 1: 2.0})
    fit = watcher.diagnosis().result.fit
    assert (fit.batch_size, fit.epochs, fit.rows, fit.left_out) == (16, 4, 48, ())
    given = watcher._arguments()
    looked_at = capture_trained(watcher.model, given).recipe
    tried_again = capture_model(watcher.model, **given).recipe
    for recipe in (looked_at, tried_again):
        assert (recipe.validation_split, recipe.class_weight) == (0.2, {0: 1.0, 1: 2.0})
    same_arrays = {name: getattr(looked_at, name) for name in ("x", "y", "sample_weight")}
    assert replace(tried_again, **same_arrays).signature == looked_at.signature


def test_its_diagnosis_looks_as_far_as_asked():
    watcher = unstuck.Callback(budget="20runs", horizon=4, rows=40, out=io.StringIO())
    trained(watcher, batch_size=8)
    result = watcher.diagnosis().result
    assert (result.horizon.updates, result.fit.rows) == (4, 40)
    given = {"epochs": 4, "batch_size": 8}
    result = unstuck.diagnose(
        watcher.model, ROWS, CLASSES, budget="20runs", horizon="4", rows=40, **given).result
    assert (result.horizon.updates, result.fit.rows) == (4, 40)
    assert result.switches[:6] == ("--budget", "20runs", "--horizon", "4", "--rows", "40")


def test_without_a_training_there_is_nothing_to_diagnose():
    with pytest.raises(UnstuckError, match=r"model\.fit first"):
        unstuck.Callback().diagnosis()


def test_what_cannot_be_looked_at_is_said_and_the_training_goes_on():
    def batches():
        while True:
            yield ROWS[:8], CLASSES[:8]

    class Odd(keras.callbacks.Callback):
        pass

    watcher = unstuck.Callback(out=io.StringIO())
    network = model()
    history = network.fit(batches(), steps_per_epoch=2, epochs=2, verbose=0,
                          shuffle=False, callbacks=[watcher, Odd()])
    assert len(history.history["loss"]) == 2
    assert len(lines(watcher)) >= 1


def test_the_callback_itself_is_no_part_of_what_is_left_out():
    recipe = capture_model(model(), ROWS, CLASSES, callbacks=[unstuck.Callback()]).recipe
    assert recipe.left_out == ()
