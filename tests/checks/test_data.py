"""Checks on data, targets, loss and output: scales, missing values, splits, ranges, floors."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from checks.helpers import BITS, dense, findings, labels, observed, recipe, two_bits
from unstuck.checks import Certainty

RNG = np.random.default_rng(5)
X = RNG.normal(size=(40, 2)).astype("float32")
X -= X.mean(axis=0)
# Keras warns of some of the mistakes itself; here they are made on purpose.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*softmax over axis"),
    pytest.mark.filterwarnings("ignore:In loss categorical_crossentropy"),
]
ONE_HOT = np.eye(2)[np.arange(40) % 2]
LOGITS = keras.losses.BinaryCrossentropy(from_logits=True)


def test_nan_in_data_says_where_the_first_one_is() -> None:
    x = X.copy()
    x[7, 1], x[9, 0] = np.nan, np.inf
    seen = observed(recipe(dense(1), x=x, y=X[:, 0], loss="mse"), learned=[True] * 8)
    (found,) = findings("nan-in-data", seen)
    assert "2 NaN or infinite values in 2 rows" in found.message
    assert "the first is NaN in row 7, column 1" in found.message
    assert labels(found) == ["rows with missing values left out"]
    assert findings("nan-in-data", observed(two_bits())) == []


@pytest.mark.parametrize(("scale", "shift", "speaks"), [
    ([1, 1], 0, False), ([9, 9], 0, False), ([15, 15], 0, True), ([1, 1], 15, True),
    ([1, 90], 0, True), ([0.02, 1], 0, False), ([0.005, 0.005], 0, True), ([1, 0], 0, False),
])
def test_unscaled_inputs_knows_unit_scale(scale: list[float], shift: float, speaks: bool) -> None:
    x = X * np.asarray(scale, dtype="float32") + shift
    seen = observed(recipe(dense(8, "tanh"), dense(1), x=x, y=X[:, 0], loss="mse", epochs=3000))
    found = findings("unscaled-inputs", seen)
    assert [labels(f) for f in found] == ([["inputs scaled"]] if speaks else [])


@pytest.mark.parametrize("first", [
    keras.layers.Rescaling(0.01), keras.layers.BatchNormalization(),
    keras.layers.Embedding(1000, 4),
])
def test_unscaled_inputs_passes_over_networks_that_scale_or_look_up(first: keras.Layer) -> None:
    x = RNG.integers(0, 1000, size=(40, 3))
    given = recipe(first, keras.layers.Flatten(), dense(1), x=x, y=x[:, 0] / 1000, loss="mse")
    assert findings("unscaled-inputs", observed(given)) == []


@pytest.mark.parametrize(("scale", "shift", "speaks"), [
    (1, 0, False), (30, 0, True), (1, 100, True), (0.001, 0, True),
])
def test_unscaled_targets_knows_unit_scale(scale: float, shift: float, speaks: bool) -> None:
    given = recipe(dense(8, "tanh"), dense(1), x=X, y=scale * X[:, 0] + shift, loss="mse",
                   epochs=100)
    found = findings("unscaled-targets", observed(given))
    assert bool(found) is speaks
    if shift:
        assert "the output's bias moves by at most" in found[0].message


@pytest.mark.parametrize(("activation", "low", "high", "outside"), [
    ("sigmoid", 0, 1, 0), ("sigmoid", -1, 1, 0.5), ("tanh", -1, 1, 0), ("tanh", -2, 2, 0.5),
    ("relu", 0, 9, 0), ("relu", -1, 1, 0.5), ("linear", -9, 9, 0),
])
def test_output_cannot_reach_targets_compares_ranges(
    activation: str, low: float, high: float, outside: float
) -> None:
    y = np.linspace(low, high, 40)
    given = recipe(dense(8, "tanh"), dense(1, activation), x=X, y=y, loss="mse", epochs=3000)
    found = findings("output-cannot-reach-targets", observed(given))
    assert [f.evidence[0].value for f in found] == ([pytest.approx(outside)] if outside else [])
    for finding in found:
        assert finding.certainty is Certainty.FACT
        assert labels(finding)[0] == f"dense_1: {activation} → linear", "the loss is right already"


def test_output_cannot_reach_targets_states_the_floor() -> None:
    given = recipe(dense(1, "sigmoid"), x=X, y=np.tile([0.5, 3.0], 20), loss="mse", epochs=3000)
    (found,) = findings("output-cannot-reach-targets", observed(given))
    assert "no weights can bring the loss below 2." in found.message
    assert found.evidence[1].value == pytest.approx(0.5 * (3.0 - 1.0) ** 2)


def test_an_activation_as_a_layer_of_its_own_is_seen_and_scaling_behind_it_trusted() -> None:
    y = np.linspace(-3, 3, 40)
    own = recipe(dense(1), keras.layers.Activation("sigmoid"), keras.layers.Reshape((1,)),
                 x=X, y=y, loss="mse", epochs=3000)
    assert [f.site for f in findings("output-cannot-reach-targets", observed(own))] == [
        "layer:activation"]
    scaled = recipe(dense(1, "tanh"), keras.layers.Rescaling(3.0), x=X, y=y, loss="mse")
    assert findings("output-cannot-reach-targets", observed(scaled)) == []


def test_softmax_over_one_unit_is_a_fact_whatever_the_layer_is_called() -> None:
    y = np.tile([0.0, 1.0], 20)
    given = recipe(dense(4, "relu"), dense(1, "softmax", name="sigmoid_head"), x=X, y=y)
    (found,) = findings("softmax-over-one-unit", observed(given, learned=[True] * 8))
    assert labels(found) == ["sigmoid_head: softmax → sigmoid"]
    fine = recipe(dense(4, "relu"), dense(1, "sigmoid", name="softmax"), x=X, y=y)
    assert findings("softmax-over-one-unit", observed(fine)) == []


@pytest.mark.parametrize(("activation", "loss", "y", "words", "tried"), [
    ("sigmoid", "binary_crossentropy", np.tile([-1.0, 1.0], 20), "pushed on towards",
     "tanh output with mean_squared_error"),
    ("sigmoid", "binary_crossentropy", np.linspace(0, 5, 40), "outside [0, 1]",
     "linear output with mean_squared_error"),
    ("linear", "binary_crossentropy", np.tile([0.0, 1.0], 20), "is cut off there",
     "dense_1: linear → sigmoid"),
    ("sigmoid", LOGITS, np.tile([0.0, 1.0], 20), "leave the loss above 0.503",
     "loss → binary_crossentropy"),
    ("linear", "categorical_crossentropy", np.tile([0.0, 1.0], 20), "have a single column",
     "sigmoid output with binary_crossentropy"),
])
def test_loss_does_not_suit_targets_states_facts(
    activation: str, loss: object, y: np.ndarray, words: str, tried: str
) -> None:
    given = recipe(dense(8, "tanh"), dense(1, activation), x=X, y=y, loss=loss, epochs=3000)
    (found,) = findings("loss-does-not-suit-targets", observed(given, learned=[True] * 8))
    assert found.certainty is Certainty.FACT
    assert words in found.message
    assert labels(found)[0].startswith(tried)


def test_class_numbers_beyond_the_outputs_are_counted() -> None:
    given = recipe(dense(3, "softmax"), x=X, y=1 + np.arange(40) % 3,
                   loss="sparse_categorical_crossentropy")
    (found,) = findings("loss-does-not-suit-targets", observed(given))
    assert "from 1 to 3, and the 3 outputs have the numbers 0 to 2" in found.message


@pytest.mark.parametrize(("activation", "loss", "y", "tried"), [
    ("softmax", "mse", ONE_HOT, "softmax output with categorical_crossentropy"),
    ("softmax", "binary_crossentropy", ONE_HOT, "softmax output with categorical_crossentropy"),
    ("sigmoid", "categorical_crossentropy", ONE_HOT, "dense_1: sigmoid → softmax"),
    ("sigmoid", "sparse_categorical_crossentropy", np.arange(40) % 2, "dense_1: sigmoid → softmax"),
    ("sigmoid", "binary_crossentropy", np.linspace(0, 1, 80).reshape(40, 2),
     "linear output with mean_squared_error"),
])
def test_loss_does_not_suit_targets_suspects_only_where_training_fails(
    activation: str, loss: str, y: np.ndarray, tried: str
) -> None:
    given = recipe(dense(8, "tanh"), dense(2, activation), x=X, y=y, loss=loss, epochs=3000)
    assert findings("loss-does-not-suit-targets", observed(given, learned=[True] * 8)) == []
    (found,) = findings("loss-does-not-suit-targets", observed(given))
    assert found.certainty is Certainty.SUSPICION
    assert labels(found) == [tried]


@pytest.mark.parametrize(("activation", "loss"), [
    ("softmax", "categorical_crossentropy"),
    ("linear", keras.losses.CategoricalCrossentropy(from_logits=True)),
    ("sigmoid", "binary_crossentropy"),
])
def test_loss_does_not_suit_targets_leaves_right_pairs_alone(activation: str, loss: object) -> None:
    given = recipe(dense(2, activation), x=X, y=ONE_HOT, loss=loss)
    assert findings("loss-does-not-suit-targets", observed(given)) == []


@pytest.mark.parametrize(("activation", "floor"), [("relu", 0.347), ("tanh", 0.313)])
def test_logits_within_bounds_leave_a_floor(activation: str, floor: float) -> None:
    y = np.tile([[0.0], [1.0]], (20, 1))
    (found,) = findings("loss-does-not-suit-targets", observed(
        recipe(dense(1, activation), x=X[:40], y=y, loss=LOGITS)))
    assert f"leaves the loss above {floor}" in found.message
    assert labels(found) == [f"dense: {activation} → linear"]
    held = recipe(dense(2, "relu"), x=X, y=ONE_HOT,  # the right one as far above 0 as one likes
                  loss=keras.losses.CategoricalCrossentropy(from_logits=True))
    assert findings("loss-does-not-suit-targets", observed(held)) == []


def test_grey_values_under_binary_crossentropy_are_fine_in_an_autoencoder() -> None:
    grey = RNG.uniform(size=(20, 3)).astype("float32")
    given = recipe(dense(2, "relu"), dense(3, "sigmoid"), x=grey, epochs=3000)
    assert findings("loss-does-not-suit-targets", observed(given)) == []


def test_split_takes_patterns_names_the_row() -> None:
    (found,) = findings("split-takes-patterns", observed(two_bits(validation_split=0.2)))
    assert "cuts off the last 1 of 4 rows" in found.message
    assert "1 of the 4 distinct rows ([1, 1])" in found.message
    assert labels(found) == ["no validation_split", "rows shuffled before validation_split"]


def test_split_takes_patterns_is_silent_where_every_pattern_is_trained_on() -> None:
    repeated = two_bits(x=np.tile(BITS, (10, 1)), validation_split=0.2)
    assert findings("split-takes-patterns", observed(repeated)) == []
    assert findings("split-takes-patterns", observed(two_bits())) == []


def test_split_takes_patterns_names_classes() -> None:
    given = recipe(dense(3, "softmax"), x=X[:30], y=np.repeat([0, 1, 2], 10),
                   loss="sparse_categorical_crossentropy", validation_split=0.4)
    (found,) = findings("split-takes-patterns", observed(given))
    assert "Nowhere among the 18 rows trained on: 1 class (2)." in found.message


@pytest.mark.parametrize(("y", "fit", "tried"), [
    (np.repeat([0.0, 1.0], 20), {"shuffle": False}, ["rows shuffled in every epoch"]),
    (np.tile([0.0, 1.0], 20), {"shuffle": False}, []),
    (np.linspace(0, 1, 40), {"validation_split": 0.25}, ["rows shuffled before validation_split"]),
    (np.tile([0.0, 1.0], 20), {"validation_split": 0.25}, []),
    (np.linspace(0, 1, 40), {}, []),
])
def test_rows_in_order_reads_order_and_cut(
    y: np.ndarray, fit: dict[str, object], tried: list[str]
) -> None:
    given = recipe(dense(8, "tanh"), dense(1), x=X, y=y, loss="mse", epochs=3000, **fit)
    found = findings("rows-in-order", observed(given))
    assert [labels(f)[0] for f in found] == tried


@pytest.mark.parametrize(("y", "speaks"), [(np.ones(40), True), (np.arange(40) > 38, False)])
def test_constant_targets_are_all_the_same(y: np.ndarray, speaks: bool) -> None:
    seen = observed(recipe(dense(1, "sigmoid"), x=X, y=y), learned=[True] * 8)
    assert bool(findings("constant-targets", seen)) is speaks


@pytest.mark.parametrize(("final", "speaks"), [(0.50, True), (0.53, False)])
def test_loss_at_its_floor_acquits(final: float, speaks: bool) -> None:
    goal = {"floor": 0.48, "baseline": 0.69}
    found = findings("loss-at-its-floor", observed(two_bits(), final_loss=final, goal=goal))
    assert bool(found) is speaks
    if speaks:
        assert found[0].interventions == ()
        assert "no function of these inputs can have less than 0.48" in found[0].message


def test_loss_at_its_floor_is_silent_where_the_floor_is_zero() -> None:
    seen = observed(two_bits(), learned=[True] * 8, final_loss=0.001)
    assert findings("loss-at-its-floor", seen) == []


def test_targets_say_nothing_quotes_the_references() -> None:
    goal = {"no_signal": True, "constant": 0.6, "references": {"logistic regression": 0.58}}
    (found,) = findings("targets-say-nothing", observed(two_bits(), goal=goal))
    assert "(logistic regression) has a score of 0.58 and a constant output 0.6" in found.message
    assert findings("targets-say-nothing", observed(two_bits())) == []
