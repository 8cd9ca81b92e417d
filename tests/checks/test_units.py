"""Checks on single layers and units: dead, merged, narrow, saturated, frozen, constant, linear."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from checks.helpers import dense, findings, labels, observed, recipe, two_bits
from unstuck.checks import Certainty
from unstuck.checks._words import tally

RING = np.random.default_rng(0).normal(size=(40, 2)).astype("float32")
INSIDE = (np.hypot(*RING.T) < 1).astype("float32")


@pytest.mark.parametrize(("dead", "speaks"), [(0.24, False), (0.25, True), (1.0, True)])
def test_dead_relu_speaks_from_its_share_on(dead: float, speaks: bool) -> None:
    seen = observed(two_bits(), start={"dead": {"dense": dead}}, end={"dead": {"dense": dead}})
    found = findings("dead-relu", seen)
    assert bool(found) is speaks
    if speaks:
        assert found[0].site == "layer:dense"
        assert found[0].certainty is Certainty.SUSPICION
        assert labels(found[0]) == ["dense: relu → leaky_relu", "hidden activations → leaky_relu"]


def test_dead_relu_counts_only_replicas_that_fail() -> None:
    dead = [1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    probed = {"dead": {"dense": dead}}
    healthy_ones_dead = observed(two_bits(), learned=[True, True] + [False] * 6, end=probed)
    assert findings("dead-relu", healthy_ones_dead) == []
    failing_ones_dead = observed(two_bits(), learned=[False] * 3 + [True] * 5, end=probed)
    (found,) = findings("dead-relu", failing_ones_dead)
    assert (found.evidence[0].replicas, found.evidence[0].of) == (2, 3)
    assert "2 of 3 failing trainings" in found.message


def test_units_that_died_in_training_put_the_rate_under_suspicion() -> None:
    seen = observed(two_bits(), start={"dead": {"dense": 0.0}}, end={"dead": {"dense": 0.5}})
    (found,) = findings("dead-relu", seen)
    assert "died in training" in found.message
    assert "learning rate 0.001 → 0.0001" in labels(found)


def test_a_dead_relu_output_is_to_be_linear() -> None:
    given = recipe(dense(4, "tanh"), dense(2, "relu"), loss="mse", epochs=3000)
    (found,) = findings("dead-relu", observed(given, end={"dead": {"dense_1": 1.0}}))
    assert labels(found) == ["dense_1: relu → linear"]


@pytest.mark.parametrize(("left", "speaks"), [(4, False), (3, True), (1, True)])
def test_relu_before_output_speaks_where_inputs_merge(left: int, speaks: bool) -> None:
    seen = observed(two_bits(), end={"distinct": {"dense": 4, "dense_1": left, "dense_2": left}})
    found = findings("relu-before-output", seen)
    assert [f.site for f in found] == (["layer:dense_1"] if speaks else [])
    if speaks:
        assert labels(found[0]) == ["dense_1: relu → linear", "dense_1: relu → leaky_relu"]


def test_relu_before_output_counts_dead_units_where_none_can_be_spared() -> None:
    seen = observed(two_bits(), end={"distinct": {"dense": 4, "dense_1": 4, "dense_2": 4},
                                     "dead": {"dense": 0.25, "dense_1": 0.5}})
    (found,) = findings("relu-before-output", seen)
    assert "some of the 2 ReLU units of dense_1" in found.message
    assert "(1 in 8 trainings)" in found.message
    roomy = recipe(dense(4, "relu"), dense(3, "relu"), dense(2, "sigmoid"), epochs=3000)
    assert findings("relu-before-output", observed(
        roomy, end={"distinct": {"dense": 4, "dense_1": 4}, "dead": {"dense_1": 0.33}})) == []


def test_relu_before_output_leaves_other_activations_alone() -> None:
    given = recipe(dense(4, "relu"), dense(2, "tanh"), dense(2, "sigmoid"), epochs=3000)
    seen = observed(given, end={"distinct": {"dense": 4, "dense_1": 1, "dense_2": 1}})
    assert findings("relu-before-output", seen) == []


def test_relu_before_output_finds_a_relu_of_its_own_behind_other_layers() -> None:
    given = recipe(dense(8), keras.layers.ReLU(), keras.layers.Dropout(0.1), dense(2, "sigmoid"),
                   epochs=3000)
    seen = observed(given, end={"distinct": {"dense": 4, "re_lu": 2}})
    assert [f.site for f in findings("relu-before-output", seen)] == ["layer:re_lu"]


@pytest.mark.parametrize(("units", "speaks"), [(8, True), (9, False)])
def test_narrow_layer_speaks_up_to_its_width(units: int, speaks: bool) -> None:
    given = recipe(dense(32, "relu"), dense(units, "relu"), dense(2, "sigmoid"), epochs=3000)
    found = findings("narrow-layer", observed(given))
    assert [f.site for f in found] == (["layer:dense_1"] if speaks else [])
    if speaks:
        assert labels(found[0])[:2] == ["dense_1: width 8 → 16", "dense_1: width 8 → 64"]


def test_narrow_layer_knows_the_number_of_classes() -> None:
    y = np.arange(40) % 12
    given = recipe(dense(11, "relu"), dense(12, "softmax"), x=RING, y=y, epochs=3000,
                   loss="sparse_categorical_crossentropy")
    assert [f.site for f in findings("narrow-layer", observed(given))] == ["layer:dense"]


def test_narrow_layer_counts_what_still_differs_behind_it() -> None:
    seen = observed(two_bits(), end={"distinct": {
        "dense": 4, "dense_1": [1, 1, 1, 3, 3, 2, 4, 4], "dense_2": 1}})
    narrowest = findings("narrow-layer", seen)[0]
    assert narrowest.message.endswith(
        "; in 6 of 8 failing trainings not the 4 different inputs that reach it still differ behind it."
        " Of them are left: 1 in 3 trainings, 2 in 1, 3 in 2.")
    assert (narrowest.evidence[1].quantity, narrowest.evidence[1].value) == (
        "different inputs behind the layer, median", 1.5)


def test_relu_before_output_counts_replica_by_replica() -> None:
    seen = observed(two_bits(), end={"distinct": {
        "dense": 4, "dense_1": [1, 2, 2, 2, 3, 3, 3, 3], "dense_2": 1}})
    (found,) = findings("relu-before-output", seen)
    assert "Different before it: 4 in 8 trainings; behind it: 1 in 1 training, 2 in 3, 3 in 4." in (
        found.message)


def test_many_counts_are_told_as_a_range() -> None:
    assert tally(np.array([1, 1, 3])) == "1 in 2 trainings, 3 in 1"
    assert tally(np.arange(3.0, 20.0)) == "3 to 19, 11 in the median"


@pytest.mark.parametrize(("share", "speaks"), [(0.49, False), (0.5, True)])
def test_saturated_activation_speaks_from_its_share_on(share: float, speaks: bool) -> None:
    given = recipe(dense(8, "tanh"), dense(2, "sigmoid"), epochs=3000)
    found = findings("saturated-activation", observed(given, start={"saturated": {"dense": share}}))
    assert bool(found) is speaks
    if speaks:
        assert "inputs scaled" in labels(found[0])


def test_an_output_may_be_sure_of_itself_after_training() -> None:
    given = recipe(dense(8, "tanh"), dense(2, "sigmoid"), epochs=3000)
    after = observed(given, start={"saturated": {"dense_1": 0.0}},
                     end={"saturated": {"dense_1": 1.0}})
    assert findings("saturated-activation", after) == []
    before = observed(given, start={"saturated": {"dense_1": 1.0}})
    assert len(findings("saturated-activation", before)) == 1


def test_frozen_layer_counts_the_weights_that_stay() -> None:
    given = recipe(dense(4, "relu", trainable=False), dense(2, "sigmoid"), epochs=3000)
    (found,) = findings("frozen-layer", observed(given))
    assert found.certainty is Certainty.FACT
    assert found.message.startswith("dense has trainable=False: 12 of the 22 weights")
    assert findings("frozen-layer", observed(two_bits())) == []


def test_frozen_layer_looks_into_nested_models() -> None:
    body = keras.Sequential([keras.Input((2,)), dense(4, "relu"), dense(3)], name="body")
    for layer in body.layers[:-1]:
        layer.trainable = False
    (found,) = findings("frozen-layer", observed(recipe(body, dense(2, "sigmoid"), epochs=3000)))
    assert found.message.startswith("body has layers with trainable=False: 12 of the 35 weights")


@pytest.mark.parametrize(("hidden", "output", "activation", "certainty"), [
    ("ones", "ones", "tanh", Certainty.FACT),
    ("ones", "glorot_uniform", "tanh", Certainty.SUSPICION),
    ("zeros", "glorot_uniform", "relu", Certainty.FACT),
    ("glorot_uniform", "zeros", "relu", None),
    (keras.initializers.Constant(0.5), "ones", "tanh", Certainty.FACT),
    (keras.initializers.RandomNormal(stddev=0.0), "ones", "tanh", Certainty.FACT),
])
def test_constant_initializer_knows_what_breaks_the_symmetry(
    hidden: object, output: object, activation: str, certainty: Certainty | None
) -> None:
    given = recipe(dense(4, activation, kernel_initializer=hidden),
                   dense(2, "sigmoid", kernel_initializer=output), epochs=3000)
    found = findings("constant-initializer", observed(given))
    assert [f.certainty for f in found] == ([] if certainty is None else [certainty])


def test_a_linear_model_may_start_at_zero() -> None:
    given = recipe(dense(2, "sigmoid", kernel_initializer="zeros"), epochs=3000)
    assert findings("constant-initializer", observed(given)) == []


@pytest.mark.parametrize(("activation", "speaks"), [(None, True), ("relu", False)])
def test_linear_network_wants_something_nonlinear(activation: str | None, speaks: bool) -> None:
    given = recipe(dense(8, activation), keras.layers.Dropout(0.1), dense(1, "sigmoid"),
                   x=RING, y=INSIDE, epochs=3000)
    found = findings("linear-network", observed(given))
    assert bool(found) is speaks
    if speaks:
        assert found[0].certainty is Certainty.FACT
        assert labels(found[0]) == ["hidden activations → relu"]


def test_one_layer_alone_is_no_linear_network() -> None:
    given = recipe(dense(1, "sigmoid"), x=RING, y=INSIDE, epochs=3000)
    assert findings("linear-network", observed(given)) == []


def test_pooling_by_maximum_is_not_linear() -> None:
    images = np.random.default_rng(0).normal(size=(8, 4, 4, 1)).astype("float32")
    given = recipe(keras.layers.Conv2D(2, 3), keras.layers.MaxPooling2D(),
                   keras.layers.Flatten(), dense(1), x=images, y=np.arange(8.0), loss="mse")
    assert findings("linear-network", observed(given)) == []


@pytest.mark.parametrize(("units", "rate", "speaks"), [
    (64, 0.5, False), (64, 0.6, True), (8, 0.2, True),
])
def test_strong_dropout_looks_at_what_is_left(units: int, rate: float, speaks: bool) -> None:
    given = recipe(dense(units, "relu"), keras.layers.Dropout(rate), dense(1, "sigmoid"),
                   x=RING, y=INSIDE, epochs=3000)
    found = findings("strong-dropout", observed(given))
    assert bool(found) is speaks
    if speaks:
        assert labels(found[0]) == ["dropout: no dropout"]


def test_dropout_on_the_output_is_named_as_that() -> None:
    given = recipe(dense(64, "relu"), dense(2, "sigmoid"), keras.layers.Dropout(0.2), epochs=3000)
    (found,) = findings("strong-dropout", observed(given))
    assert "of the network's outputs" in found.message
