"""Checks on how training goes: updates, rates, optimizers, batches, gradients, penalties, seeds."""

from __future__ import annotations

import dataclasses
from typing import Any

import keras
import numpy as np
import pytest

from checks.helpers import BITS, dense, findings, labels, observed, recipe, two_bits
from unstuck.base.errors import NotSupported
from unstuck.checks import Certainty
from unstuck.checks._reach import reach
from unstuck.checks.learning_rate_too_high import oscillates
from unstuck.checks.learning_rate_too_low import last_quarter
from unstuck.network.optimizer import Optimizer

STRAIGHT = np.linspace(0.7, 0.3, 40)
SETTLED = 0.4 + 0.3 * np.exp(-np.arange(40) / 3)
NORMS = {"weight_norm": {"dense": 1.5, "dense_1": 1.5, "dense_2": 1.5}}


def adam_steps(gradients: np.ndarray, rate: float, first: float, second: float) -> float:
    """How far Adam moves one weight, by its published recursion."""
    mean = square = moved = 0.0
    for step, gradient in enumerate(gradients, start=1):
        mean = first * mean + (1 - first) * gradient
        square = second * square + (1 - second) * gradient**2
        moved += rate * (mean / (1 - first**step)) / np.sqrt(square / (1 - second**step))
    return abs(moved)


@pytest.mark.parametrize("updates", [1, 12, 300])
def test_no_gradients_move_adam_beyond_its_reach(updates: int) -> None:
    rng = np.random.default_rng(4)
    bound = reach(Optimizer.named("Adam", learning_rate=0.01), updates)
    assert bound is not None
    for gradients in (np.ones(updates), np.exp(np.linspace(0, 5, updates)),
                      10.0 ** rng.uniform(-6, 6, updates), rng.normal(size=updates)):
        assert adam_steps(gradients, 0.01, 0.9, 0.999) <= bound * (1 + 1e-6)


def test_the_reach_of_adam_is_close_to_the_rate_for_few_updates() -> None:
    adam = Optimizer.named("Adam", learning_rate=0.001)
    assert reach(adam, 1) == pytest.approx(0.001)
    assert reach(adam, 12) == pytest.approx(0.0123, rel=0.01)


@pytest.mark.parametrize("optimizer", [
    Optimizer.named("SGD"), Optimizer.named("Adam", weight_decay=0.01),
    Optimizer.named("Adam", learning_rate=keras.optimizers.schedules.CosineDecay(0.1, 10)),
])
def test_the_reach_is_unknown_where_steps_have_no_bound(optimizer: Optimizer) -> None:
    assert reach(optimizer, 10) is None


@pytest.mark.parametrize(("epochs", "loss", "speaks"), [
    (299, SETTLED, True), (300, SETTLED, False), (300, STRAIGHT, True), (999, STRAIGHT, True),
    (1000, STRAIGHT, False),
])
def test_few_updates_counts_them(epochs: int, loss: np.ndarray, speaks: bool) -> None:
    found = findings("few-updates", observed(two_bits(epochs=epochs), loss=loss))
    assert bool(found) is speaks
    if speaks:
        assert f"{epochs} in all" in found[0].message
        assert labels(found[0])[0].startswith(f"epochs {epochs} → {max(3000, 10 * epochs)}")


def test_few_updates_is_a_fact_where_no_weight_can_have_moved_far() -> None:
    seen = observed(two_bits(epochs=12, validation_split=0.2), start=NORMS)
    (found,) = findings("few-updates", seen)
    assert found.certainty is Certainty.FACT
    assert "3 rows in batches of 32 make 1 update an epoch, and 12 epochs make 12" in found.message
    assert "no weight can move further than 0.0123" in found.message


def test_few_updates_is_a_suspicion_where_weights_can_have_moved_far() -> None:
    given = two_bits(epochs=12, optimizer=keras.optimizers.Adam(0.5))
    (found,) = findings("few-updates", observed(given, start=NORMS))
    assert found.certainty is Certainty.SUSPICION


def test_a_straight_line_brings_a_quarter_in_its_last_quarter() -> None:
    curves = np.stack([STRAIGHT, SETTLED, STRAIGHT[::-1]])
    straight, settled, rising = last_quarter(curves)
    assert straight == pytest.approx(0.25, abs=0.03)
    assert settled < 0.01
    assert np.isnan(rising)


@pytest.mark.parametrize(("loss", "speaks"), [(STRAIGHT, True), (SETTLED, False)])
def test_learning_rate_too_low_reads_the_end_of_the_curve(loss: np.ndarray, speaks: bool) -> None:
    found = findings("learning-rate-too-low", observed(two_bits(), loss=loss))
    assert [labels(f) for f in found] == (
        [["learning rate 0.001 → 0.01", "learning rate 0.001 → 0.1"]] if speaks else [])


@pytest.mark.parametrize(("end", "speaks"), [(1.0, False), (1.009, True), (1.02, False)])
def test_learning_rate_too_low_asks_how_far_weights_went(end: float, speaks: bool) -> None:
    seen = observed(two_bits(), start={"weight_norm": {"dense": 1.0}},
                    end={"weight_norm": {"dense": end}})
    assert bool(findings("learning-rate-too-low", seen)) is speaks


@pytest.mark.parametrize(("rate", "said"), [
    (0.0, "The learning rate is 0: no update moves a weight."),
    (-1.0, "The learning rate is -1: every update goes up the slope of the loss, not down."),
])
def test_a_rate_that_is_not_above_zero_is_a_fact(rate: float, said: str) -> None:
    adam = keras.optimizers.Adam()
    adam.learning_rate = rate
    seen = observed(two_bits(epochs=12, optimizer=adam), loss=STRAIGHT, start=NORMS)
    (found,) = findings("odd-optimizer-settings", seen)
    assert found.certainty is Certainty.FACT and found.message == said
    assert labels(found) == [f"learning rate {rate:.4g} → 0.001"]
    assert found.interventions[0].oddity == 0
    assert not findings("learning-rate-too-low", seen)
    assert "can move further" not in findings("few-updates", seen)[0].message


def test_a_schedule_has_no_rate_to_judge() -> None:
    schedule = keras.optimizers.schedules.ExponentialDecay(0.01, 10, 0.9)
    given = two_bits(optimizer=keras.optimizers.Adam(schedule))
    seen = observed(given, loss=STRAIGHT)
    assert findings("learning-rate-too-low", seen) == findings("learning-rate-too-high", seen) == []


@pytest.mark.parametrize(("amplitude", "speaks"), [(0.02, False), (0.2, True)])
def test_learning_rate_too_high_hears_the_loss_rattle(amplitude: float, speaks: bool) -> None:
    curve = 0.5 + amplitude * (-1.0) ** np.arange(40)
    assert bool(oscillates(curve[None], 0.1)) is speaks
    assert not oscillates(curve[None] / 100, 0.1, least=0.1)
    assert bool(findings("learning-rate-too-high", observed(two_bits(), loss=curve,
                                                            final_loss=0.5))) is speaks


@pytest.mark.parametrize(("final", "weights", "speaks"), [
    (0.72, 3.0, False), (0.8, 3.0, True), (0.8, 1.51, False), (float("nan"), 3.0, True),
])
def test_learning_rate_too_high_compares_with_a_constant(
    final: float, weights: float, speaks: bool
) -> None:
    curve = np.append(np.linspace(0.7, 0.65, 39), final)
    seen = observed(two_bits(), loss=curve, start={"weight_norm": {"dense": 1.5}},
                    end={"weight_norm": {"dense": weights}})
    found = findings("learning-rate-too-high", seen)
    assert [labels(f) for f in found] == (
        [["learning rate 0.001 → 0.0001", "learning rate 0.001 → 1e-05"]] if speaks else [])


@pytest.mark.parametrize(("curve", "speaks"), [
    (np.linspace(2.5e9, 2.4e9, 40), False),           # far off, and on its way
    (np.full(40, 2.5e9), False),                      # an output that cannot get there
    (np.append(np.linspace(2.5e9, 2e9, 39), 2.3e9), True),
    ([2.5e9], False),
])
def test_a_loss_that_is_high_and_falls_is_slow_and_no_overshooting(
    curve: Any, speaks: bool
) -> None:
    rows = np.random.default_rng(3).normal(size=(40, 2)).astype("float32")
    given = recipe(dense(4, "relu"), dense(1), x=rows, y=50_000 + 100 * rows[:, 0], loss="mse")
    seen = observed(given, loss=np.asarray(curve), start={"weight_norm": {"dense": 1.5}},
                    end={"weight_norm": {"dense": 3.0}})
    assert bool(findings("learning-rate-too-high", seen)) is speaks


def test_learning_rate_too_high_leaves_missing_values_to_their_own_check() -> None:
    x = np.array([[0, np.nan], [1, 1]], dtype="float32")
    seen = observed(recipe(dense(2, "sigmoid"), x=x, y=np.eye(2)), final_loss=np.nan)
    assert findings("learning-rate-too-high", seen) == []
    assert len(findings("nan-in-data", seen)) == 1


@pytest.mark.parametrize(("optimizer", "speaks"), [
    (keras.optimizers.Adadelta, True),
    (keras.optimizers.SGD, True),
    (keras.optimizers.Adagrad, True),
    (keras.optimizers.Adam, False),
])
def test_optimizer_barely_moves_knows_the_defaults(optimizer: type, speaks: bool) -> None:
    found = findings("optimizer-barely-moves", observed(two_bits(optimizer=optimizer())))
    assert bool(found) is speaks


def test_sgd_with_momentum_or_a_high_rate_moves() -> None:
    for optimizer in (keras.optimizers.SGD(0.01, momentum=0.9), keras.optimizers.SGD(0.1)):
        given = two_bits(optimizer=optimizer)
        assert findings("optimizer-barely-moves", observed(given)) == []


@pytest.mark.parametrize(("batch", "epochs", "speaks"), [
    (64, 100, True), (63, 100, False), (64, 600, False), (512, 100, True),
])
def test_large_batch_weighs_batch_rows_and_updates(batch: int, epochs: int, speaks: bool) -> None:
    x = np.random.default_rng(0).normal(size=(256, 2)).astype("float32")
    given = recipe(dense(2), x=x, loss="mse", batch_size=batch, epochs=epochs)
    found = findings("large-batch", observed(given, goal={"no_signal": False}))
    assert bool(found) is speaks
    if speaks and batch == 512:
        assert labels(found[0]) == ["batch size 512 → 32", "batch size 512 → 128"]


@pytest.mark.parametrize(("first", "speaks"), [(2e-3, False), (0.9e-3, True)])
def test_vanishing_gradient_compares_first_and_last(first: float, speaks: bool) -> None:
    norms = {"dense": first, "dense_1": 0.5, "dense_2": 1.0}
    found = findings("vanishing-gradient", observed(two_bits(), start={"gradient_norm": norms}))
    assert [f.site for f in found] == (["layer:dense"] if speaks else [])


@pytest.mark.parametrize(("norm", "speaks"), [(99.0, False), (101.0, True), (np.nan, True)])
def test_exploding_gradient_names_the_largest(norm: float, speaks: bool) -> None:
    norms = {"dense": 1.0, "dense_1": norm, "dense_2": 1.0}
    found = findings("exploding-gradient", observed(two_bits(), start={"gradient_norm": norms}))
    assert [f.site for f in found] == (["layer:dense_1"] if speaks else [])


@pytest.mark.parametrize(("factor", "end", "speaks"), [
    (1e-4, 1.4, False), (1e-4, 0.7, True), (0.5, 1.4, True),
])
def test_over_regularised_weighs_the_penalty_and_what_it_did(
    factor: float, end: float, speaks: bool
) -> None:
    given = recipe(dense(4, "relu", kernel_regularizer=keras.regularizers.L2(factor)),
                   dense(2, "sigmoid"), epochs=3000)
    seen = observed(given, start={"weight_norm": {"dense": 1.5}},
                    end={"weight_norm": {"dense": end}})
    found = findings("over-regularised", seen)
    assert [labels(f) for f in found] == ([["no regularisers"]] if speaks else [])


@pytest.mark.parametrize(("learned", "speaks"), [(0, False), (1, True), (7, True), (8, False)])
def test_fragile_seeds_lies_between_stuck_and_learned(learned: int, speaks: bool) -> None:
    which = [True] * learned + [False] * (8 - learned)
    loss = np.where(which, 0.001, 0.35)
    found = findings("fragile-seeds", observed(two_bits(), learned=which, final_loss=loss))
    assert bool(found) is speaks
    if speaks:
        assert found[0].message.startswith(f"{learned} of 8 trainings learn")


def test_constant_output_reads_kept_outputs() -> None:
    mean, right = np.full((4, 2), 0.5), np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    (found,) = findings("constant-output", observed(two_bits(), outputs=mean, final_loss=0.693))
    assert "the same for every input, at a loss of 0.693" in found.message
    assert "a loss of 0.693" in found.message.partition(";")[2]
    assert findings("constant-output", observed(two_bits(), outputs=right)) == []


@pytest.mark.parametrize(("distinct", "speaks"), [(1, True), (2, False)])
def test_constant_output_else_counts_what_differs(distinct: int, speaks: bool) -> None:
    seen = observed(two_bits(), end={"distinct": {"dense_2": distinct}})
    assert bool(findings("constant-output", seen)) is speaks


STOPS = keras.callbacks.EarlyStopping("loss", patience=2)


@pytest.mark.parametrize(("stopped", "speaks"), [(90, True), (91, False), (3, True)])
def test_early_stopping_impatient_counts_who_was_stopped_early(stopped: int, speaks: bool) -> None:
    given = two_bits(epochs=100, callbacks=[STOPS])
    seen = observed(given)
    control = dataclasses.replace(seen.control, stopped=np.full(8, stopped, np.int32))
    found = findings("early-stopping-impatient", dataclasses.replace(seen, control=control))
    assert bool(found) is speaks
    if speaks:
        assert labels(found[0]) == ["no early stopping", "patience of early stopping 2 → 20"]
        assert found[0].site == "callback:0"
        assert f"usually after {stopped} epochs of 100" in found[0].message


def test_early_stopping_that_waits_for_the_loss_to_rise_is_told() -> None:
    wrong = keras.callbacks.EarlyStopping("loss", patience=2, mode="max")
    seen = observed(two_bits(epochs=100, callbacks=[wrong]))
    control = dataclasses.replace(seen.control, stopped=np.full(8, 4, np.int32))
    (found,) = findings("early-stopping-impatient", dataclasses.replace(seen, control=control))
    assert "waits for the loss to rise" in found.message


def test_early_stopping_that_is_not_there_is_no_matter() -> None:
    assert findings("early-stopping-impatient", observed(two_bits())) == []


schedules = keras.optimizers.schedules


@pytest.mark.parametrize(("rate", "speaks"), [
    (0.01, None),
    (schedules.ExponentialDecay(0.01, 10, 0.5), "it ends at"),
    (schedules.ExponentialDecay(0.01, 300, 0.5), None),
    (schedules.CosineDecay(0.01, 300), None),
    (schedules.CosineDecay(0.01, 100), "it ends at 0"),
    (schedules.CosineDecay(0.0, 90000, warmup_target=1.0, warmup_steps=60000),
     "the warm-up is longer than the training"),
])
def test_schedule_too_fast_reads_the_schedule(rate: object, speaks: str | None) -> None:
    given = two_bits(epochs=300, optimizer=keras.optimizers.Adam(rate))
    found = findings("schedule-too-fast", observed(given))
    assert bool(found) is (speaks is not None)
    if speaks:
        assert speaks in found[0].message
        assert found[0].site == "optimizer"
        assert labels(found[0])[0].startswith("no schedule, learning rate 0.01" if
                                              "ends" in speaks else "no schedule, learning rate")


def test_schedule_too_fast_reads_callbacks() -> None:
    halving = keras.callbacks.LearningRateScheduler(lambda epoch: 0.01 * 0.5**epoch)
    (found,) = findings("schedule-too-fast", observed(two_bits(epochs=40, callbacks=[halving])))
    assert found.site == "callback:0"
    assert labels(found) == ["no schedule, learning rate 0.01"]
    plateau = keras.callbacks.ReduceLROnPlateau("loss", patience=0)
    seen = observed(two_bits(epochs=40, callbacks=[plateau]))
    rates = np.tile(0.001 * 0.1 ** np.minimum(np.arange(40), 3), (8, 1)).astype(np.float32)
    control = dataclasses.replace(seen.control, metrics={"learning_rate": rates})
    (found,) = findings("schedule-too-fast", dataclasses.replace(seen, control=control))
    assert labels(found) == ["no schedule"]


def test_carried_over_weights_counts_what_is_no_draw() -> None:
    given = two_bits()
    assert findings("carried-over-weights", observed(given)) == []
    sizes = given.architecture.trainable_sizes
    assert sum(sizes.values()) == given.parameters == 28
    for kept, speaks in ((set(sizes), True), ({"dense_2/bias"}, False)):
        carried = dataclasses.replace(given, architecture=dataclasses.replace(
            given.architecture, kept=frozenset(kept)))
        found = findings("carried-over-weights", observed(carried))
        assert bool(found) is speaks
        if speaks:
            assert labels(found[0]) == ["weights drawn anew"]
            assert "100 % of the 28 trainable weights" in found[0].message
            assert not found[0].interventions[0].apply(carried).architecture.kept
            with pytest.raises(NotSupported, match="another width"):
                carried.with_layer("dense", units=16)
            assert found[0].interventions[0].apply(carried).signature == given.signature
LSTM = keras.layers.LSTM
SERIES = np.random.default_rng(0).normal(size=(40, 3, 2)).astype("float32")


@pytest.mark.parametrize("year", ["", "tf.keras", "Keras 1", "Keras 2"])
@pytest.mark.parametrize("kind", ["Adadelta", "Adagrad", "Adamax", "Nadam", "Adam", "SGD"])
def test_a_rate_that_was_another_when_the_script_was_written(year: str, kind: str) -> None:
    given = dataclasses.replace(two_bits(optimizer=kind.lower()), written_for=year)
    found = findings("changed-defaults", observed(given))
    then = {"Adadelta": "1", "Adagrad": "0.01", "Adamax": "0.002", "Nadam": "0.002"}.get(kind)
    if then is None or not year.startswith("Keras"):
        assert found == []
    else:
        assert [labels(one) for one in found] == [[f"learning rate 0.001 → {then}"]]
        assert f"{kind} runs at 0.001" in found[0].message


def test_a_rate_that_the_script_gives_itself_is_no_default() -> None:
    given = dataclasses.replace(
        two_bits(optimizer=keras.optimizers.Adadelta(0.5)), written_for="Keras 2")
    assert findings("changed-defaults", observed(given)) == []


@pytest.mark.parametrize(("year", "expected"), [
    ("Keras 1", ["momentum", "activity_regularizer", "recurrent_activation"]),
    ("Keras 2", ["activity_regularizer", "recurrent_activation"]), ("tf.keras", []),
])
def test_arguments_of_layers_that_had_other_defaults(year: str, expected: list[str]) -> None:
    given = recipe(
        LSTM(3), keras.layers.BatchNormalization(), dense(1, activity_regularizer="l1"),
        x=SERIES, y=SERIES[:, 0, :1], loss="mse", batch_size=16, epochs=2)
    found = findings("changed-defaults", observed(dataclasses.replace(given, written_for=year)))
    assert sorted(change.argument for one in found for change in one.interventions) == sorted(
        expected)


def test_a_penalty_is_as_much_weaker_as_the_batch_has_rows() -> None:
    given = recipe(dense(4, activity_regularizer=keras.regularizers.L1(0.001)), dense(2),
                   loss="mse", x=np.tile(BITS, (16, 1)), batch_size=32, epochs=2)
    (found,) = findings("changed-defaults", observed(
        dataclasses.replace(given, written_for="Keras 2")))
    assert labels(found) == ["dense: activity_regularizer → l1 0.032"]
    assert "32 times as strong" in found.message


def test_one_epoch_was_ten() -> None:
    given = dataclasses.replace(two_bits(epochs=1), written_for="Keras 1")
    (found,) = findings("changed-defaults", observed(given))
    assert labels(found) == ["epochs 1 → 10"]
