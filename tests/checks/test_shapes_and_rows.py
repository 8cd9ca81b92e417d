"""Checks on rows, labels, weights and shapes: each speaks of its sickness and not of its twin."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest

from checks.helpers import dense, findings, labels, observed, recipe
from unstuck.checks import Certainty
from unstuck.network.recipe import Recipe

L = keras.layers
RNG = np.random.default_rng(11)
X = RNG.normal(size=(120, 2)).astype("float32")
RING = (np.hypot(X[:, 0], X[:, 1]) > 1.2).astype("float32")
WORDS = RNG.integers(0, 30, size=(40, 5))
PADDED = np.pad(1 + WORDS % 29, [(0, 0), (0, 6)])
SERIES = RNG.normal(size=(30, 3, 24)).astype("float32")
pytestmark = pytest.mark.filterwarnings("ignore:.*softmax over axis")


def classifier(x: Any = X, y: Any = RING, **given: Any) -> Recipe:
    return recipe(dense(8, "relu"), dense(1, "sigmoid"), x=x, y=y, **given)


def taped(x: Any = X, y: Any = RING) -> Recipe:
    return replace(classifier(x, y, batch_size=20), taped=True)


def flipped(share: float) -> Recipe:
    many = np.random.default_rng(1).normal(size=(500, 2))
    side = (many[:, 0] > 0).astype("float32")
    wrong = np.random.default_rng(0).uniform(size=500) < share
    return classifier(many, np.where(wrong, 1 - side, side))


@pytest.mark.parametrize(("check", "sick", "healthy", "tried"), [
    ("constant-inputs", lambda: classifier((X * 0.1).astype("int32")), classifier, None),
    ("constant-inputs", lambda: classifier(np.column_stack([X, np.ones(120)])), classifier, None),
    ("row-numbers", lambda: classifier(np.column_stack([5000 + np.arange(120), X])), classifier, None),
    ("row-numbers", lambda: classifier(np.column_stack([X, RNG.permutation(120)])),
     lambda: classifier(np.column_stack([X, RNG.integers(0, 119, 120)])), None),
    ("row-numbers", lambda: classifier(np.column_stack([X, 7 * np.arange(120)])),
     lambda: classifier(np.column_stack([X, np.argsort(np.argsort(RING + X[:, 0] / 9))])), None),
    ("embedding-out-of-range",
     lambda: recipe(L.Embedding(29, 2), L.Flatten(), dense(1, "sigmoid"), x=WORDS,
                    y=WORDS[:, 0] > 9),
     lambda: recipe(L.Embedding(30, 2), L.Flatten(), dense(1, "sigmoid"), x=WORDS,
                    y=WORDS[:, 0] > 9), "embedding: embedding of 30 numbers"),
    ("embedding-out-of-range",
     lambda: recipe(L.Embedding(30, 2), L.Flatten(), dense(1, "sigmoid"), x=WORDS / 40,
                    y=WORDS[:, 0] > 9),
     lambda: recipe(L.Embedding(30, 2), L.Flatten(), dense(1, "sigmoid"), x=WORDS * 1.0,
                    y=WORDS[:, 0] > 9), None),
    ("padding-is-read",
     lambda: recipe(L.Embedding(30, 2), L.SpatialDropout1D(0.1), L.GRU(2), dense(1, "sigmoid"),
                    x=PADDED, y=WORDS[:, 0] > 9),
     lambda: recipe(L.Embedding(30, 2, mask_zero=True), L.GRU(2), dense(1, "sigmoid"),
                    x=PADDED, y=WORDS[:, 0] > 9), "padding masked"),
    ("padding-is-read",
     lambda: recipe(L.Embedding(30, 2), L.Bidirectional(L.LSTM(2)), dense(1, "sigmoid"),
                    x=PADDED, y=WORDS[:, 0] > 9),
     lambda: recipe(L.Embedding(30, 2), L.GRU(2), dense(1, "sigmoid"),
                    x=PADDED[:, ::-1], y=WORDS[:, 0] > 9), "padding masked"),
    ("padding-is-read",
     lambda: recipe(L.Embedding(30, 2), L.GRU(2), dense(1, "sigmoid"), x=PADDED, y=WORDS[:, 0] > 9),
     lambda: recipe(L.Embedding(30, 2), L.GRU(2), dense(1, "sigmoid"),
                    x=PADDED * (np.arange(11) % 3 > 0), y=WORDS[:, 0] > 9), "padding masked"),
    ("same-batch", lambda: taped(np.tile(X[:20], (5, 1)), np.tile(RING[:20], 5)),
     taped, None),
    ("same-batch", lambda: taped(np.tile(X[:20], (5, 1)), np.tile(RING[:20], 5)),
     lambda: taped(np.tile(X[:20], (5, 1)), RING[:100]), None),
    ("axes-in-wrong-order",
     lambda: recipe(L.SimpleRNN(2), dense(1), x=SERIES, y=SERIES[:, 0, 0], loss="mse"),
     lambda: recipe(L.SimpleRNN(2), dense(1), x=SERIES.transpose(0, 2, 1), y=SERIES[:, 0, 0],
                    loss="mse"), "axes of the input permuted to (2, 1)"),
    ("rows-out-of-step", lambda: classifier(y=np.roll(RING, -2)), classifier, None),
    ("rows-out-of-step", lambda: classifier(y=np.roll(RING, 1)),
     lambda: classifier(y=np.random.default_rng(0).permutation(RING)), None),
    ("contradicting-rows", lambda: classifier(np.round(X), np.arange(120) % 2),
     lambda: classifier(np.round(X), np.round(X[:, 0]) > 0), None),
    ("imbalanced-classes", lambda: classifier(y=np.arange(120) < 5), classifier,
     "classes weighted by rarity"),
    ("noisy-labels", lambda: flipped(0.2), lambda: flipped(0.0), None),
    ("noisy-labels", lambda: flipped(0.2), lambda: flipped(0.5), None),
    ("targets-broadcast", lambda: recipe(dense(1), x=X, y=X * 2, loss="mse"),
     lambda: recipe(dense(2), x=X, y=X * 2, loss="mse"),
     "2 linear outputs with mean_squared_error"),
    ("targets-broadcast", lambda: recipe(L.LSTM(2, return_sequences=True), dense(1), x=SERIES,
                                         y=SERIES[:, 0, 0], loss="mse"),
     lambda: recipe(L.LSTM(2), dense(1), x=SERIES, y=SERIES[:, 0, 0], loss="mse"),
     "returns the last state only"),
    ("one-output-for-classes", lambda: classifier(y=np.arange(120) % 4),
     lambda: recipe(dense(4, "softmax"), x=X, y=np.arange(120) % 4,
                    loss="sparse_categorical_crossentropy"),
     "4 softmax outputs with sparse_categorical_crossentropy"),
    ("one-output-for-classes", lambda: classifier(y=np.arange(120) % 4),
     lambda: recipe(dense(1), x=X, y=np.arange(120) % 4, loss="mse"),
     "4 softmax outputs with sparse_categorical_crossentropy"),
    ("validation-leak", lambda: classifier(validation_data=(X[:30], RING[:30])),
     lambda: classifier(validation_data=(X[:30] + 9, RING[:30])), None),
    ("validation-leak", lambda: classifier(validation_data=(X[:30], RING[:30])),
     lambda: classifier(np.round(X), validation_split=0.25), None),
    ("rows-without-weight", lambda: classifier(class_weight={0: 1.0, 1: 0.0}),
     lambda: classifier(class_weight={0: 1.0, 1: 2.0}), "all rows weighted alike"),
    ("rows-without-weight", lambda: classifier(sample_weight=np.where(np.arange(120) < 2, 99, 0.1)),
     lambda: classifier(sample_weight=np.ones(120)), "all rows weighted alike"),
    ("output-bias-far-off", lambda: recipe(dense(1), x=X, y=X[:, 0] + 50, loss="mse"),
     lambda: recipe(dense(1), x=X, y=X[:, 0] + 2, loss="mse"), "dense: bias starts at 50.03"),
    ("output-bias-far-off", lambda: classifier(y=np.arange(120) < 3), classifier,
     "dense_1: bias starts at -3.664"),
    ("reshape-mixes-axes",
     lambda: recipe(L.Reshape((24, 3)), L.Flatten(), dense(1), x=SERIES, y=SERIES[:, 0, 0],
                    loss="mse"),
     lambda: recipe(L.Permute((2, 1)), L.Reshape((24, 3, 1)), L.Flatten(), dense(1), x=SERIES,
                    y=SERIES[:, 0, 0], loss="mse"), "reshape: Reshape → Permute"),
    ("rows-mixed", lambda: recipe(dense(3), L.Softmax(axis=0), x=X, y=np.eye(3)[np.arange(120) % 3],
                                  loss="mse"),
     lambda: recipe(dense(3), L.Softmax(), x=X, y=np.eye(3)[np.arange(120) % 3], loss="mse"),
     "softmax: along the last axis"),
    ("double-activation",
     lambda: recipe(dense(1, "sigmoid"), L.Activation("sigmoid"), x=X, y=RING),
     lambda: recipe(dense(1), L.Activation("sigmoid"), x=X, y=RING), "dense: sigmoid → linear"),
    ("double-activation",
     lambda: recipe(dense(4, "relu"), L.Softmax(), x=X, y=np.eye(4)[np.arange(120) % 4],
                    loss="mse"),
     lambda: recipe(dense(4, "relu"), L.ReLU(), dense(1, "sigmoid"), x=X, y=RING),
     "dense: relu → linear"),
    ("constraint-blocks", lambda: recipe(dense(1, "sigmoid", kernel_constraint="non_neg"), x=X,
                                         y=RING), classifier, "no constraint on weights"),
    ("loss-is-summed", lambda: classifier(loss=keras.losses.BinaryCrossentropy(reduction="sum")),
     classifier, "loss averaged over the batch, not summed"),
    ("odd-optimizer-settings", lambda: classifier(optimizer=keras.optimizers.Adam(epsilon=1.0)),
     lambda: classifier(optimizer=keras.optimizers.Adam(epsilon=1e-5)),
     "optimizer's settings → Keras's defaults"),
    ("small-batch", lambda: classifier(batch_size=1, epochs=10),
     lambda: classifier(batch_size=4, epochs=100), "batch size 1 → 32"),
    ("batch-norm-lags", lambda: recipe(L.BatchNormalization(), dense(1, "sigmoid"), x=X, y=RING),
     lambda: recipe(L.BatchNormalization(), dense(1, "sigmoid"), x=X, y=RING, epochs=200),
     "batch normalisation's momentum → 0.9"),
    ("ragged-last-batch", lambda: recipe(L.BatchNormalization(momentum=0.5), dense(1, "sigmoid"),
                                         x=X, y=RING, batch_size=17),
     lambda: recipe(L.BatchNormalization(), dense(1, "sigmoid"), x=X, y=RING, batch_size=17),
     "batch size 17 → 16"),
    ("normalization-not-adapted",
     lambda: recipe(L.Normalization(), dense(1, "sigmoid"), x=X * 99, y=RING),
     lambda: recipe(L.Normalization(mean=[0.0, 0.0], variance=[9e3, 9e3]), dense(1, "sigmoid"),
                    x=X * 99, y=RING), "normalization: adapted to the data"),
    ("random-preprocessing", lambda: recipe(L.GaussianNoise(1.0), dense(1, "sigmoid"), x=X / 9, y=RING),
     lambda: recipe(L.GaussianNoise(0.1), dense(1, "sigmoid"), x=X, y=RING),
     "gaussian_noise removed"),
    ("accuracy-says-nothing",
     lambda: with_metrics(recipe(dense(1), x=X, y=X[:, 0], loss="mse")),
     lambda: with_metrics(classifier()), "metric accuracy → mean absolute error"),
    ("frozen-layer", lambda: recipe(dense(8, trainable=False), dense(1, "sigmoid"), x=X, y=RING),
     classifier, "dense: trained, not frozen"),
])
def test_it_speaks_of_the_sick_one_only(check: str, sick: Any, healthy: Any, tried: Any) -> None:
    found = findings(check, observed(sick()))
    assert found
    assert (labels(found[0]) or [None])[0] == tried
    keras.utils.clear_session(free_memory=False)
    assert findings(check, observed(healthy())) == []


def with_metrics(given: Recipe) -> Recipe:
    import dataclasses

    return dataclasses.replace(given, metrics=["accuracy"])


def test_a_feature_map_is_followed_to_its_last_place() -> None:
    images = RNG.normal(size=(20, 8, 8, 1))
    given = recipe(L.Conv2D(2, 3), L.MaxPooling2D(6), L.Flatten(), dense(1, "sigmoid"), x=images,
                   y=np.arange(20) % 2)
    (found,) = findings("feature-map-vanishes", observed(given))
    assert "max_pooling2d (MaxPooling2D) a map has the shape (1, 1, 2); 8 places" in found.message
    assert labels(found) == ["max_pooling2d: keeps the size of the map", "keeps the size of the map"]


def test_loss_weights_are_compared_with_each_other() -> None:
    inputs = keras.Input((2,))
    model = keras.Model(inputs, [L.Dense(1)(inputs), L.Dense(1)(inputs)])
    from unstuck.capture import capture_model

    for weights, speaks in (([1.0, 0.001], True), ([1.0, 0.5], False)):
        model.compile("adam", ["mse", "mse"], loss_weights=weights)
        given = capture_model(model, X, [X[:, :1], X[:, 1:]]).recipe
        assert bool(findings("uneven-loss-weights", observed(given))) is speaks


def test_rows_out_of_step_says_which_way() -> None:
    (found,) = findings("rows-out-of-step", observed(classifier(y=np.roll(RING, 1))))
    assert "those of 1 row further down agree" in found.message
    assert found.certainty is Certainty.FACT


def test_a_loss_of_ones_own_is_suspected_where_it_falls_and_nothing_gets_better() -> None:
    def apart(y_true: Any, y_pred: Any) -> Any:  # of right answers it says nothing wrong
        return keras.ops.mean((y_true - y_pred) ** 2, axis=-1)

    given = classifier(loss=apart)
    falling = np.linspace(0.5, -0.9, 40)
    (found,) = findings("own-loss-misleads", observed(given, loss=falling))
    assert found.certainty is Certainty.SUSPICION
    assert labels(found) == ["loss → binary_crossentropy"]
    assert findings("own-loss-misleads", observed(given, loss=np.full(40, 0.5))) == []
    assert findings("own-loss-misleads", observed(classifier(), loss=falling)) == []


@pytest.mark.parametrize(("given", "norm", "speaks"), [
    ({"clipnorm": 0.001}, 0.5, True), ({"clipnorm": 1.0}, 0.5, False),
    ({"clipvalue": 1e-5}, 0.5, True), ({"global_clipnorm": 0.01}, 0.5, True), ({}, 0.5, False),
])
def test_clipping_is_held_against_the_gradient(given: Any, norm: float, speaks: bool) -> None:
    seen = observed(classifier(optimizer=keras.optimizers.SGD(0.1, **given)),
                    start={"gradient_norm": {"dense": norm, "dense_1": norm}})
    assert bool(findings("clipping-too-tight", seen)) is speaks


def test_no_gradient_tells_a_flat_loss_from_a_wall() -> None:
    drawn = {"weight_norm": {"dense": 1.0, "dense_1": 1.0}}
    flat = {**drawn, "gradient_norm": {"dense": 0.0, "dense_1": 0.0}}
    (found,) = findings("no-gradient", observed(classifier(loss="mse"), start=flat))
    assert "or the output has no slope" in found.message
    given = recipe(dense(8, "tanh"), L.Identity(name="wall"), dense(1, "sigmoid"), x=X, y=RING)
    wall = {**drawn, "gradient_norm": {"dense": 0.0, "dense_1": 0.3}}
    (found,) = findings("no-gradient", observed(given, start=wall))
    assert labels(found) == ["wall removed"]
    fine = {**drawn, "gradient_norm": {"dense": 0.1, "dense_1": 0.3}}
    assert findings("no-gradient", observed(given, start=fine)) == []


def test_input_lost_names_the_first_layer_that_makes_all_rows_alike() -> None:
    given = recipe(L.LayerNormalization(), dense(8, "tanh"), dense(1, "sigmoid"), x=X[:, :1],
                   y=RING)
    lost = {"distinct": {"layer_normalization": 1, "dense": 1, "dense_1": 1}}
    (found,) = findings("input-lost", observed(given, start=lost))
    assert found.site == "layer:layer_normalization"
    kept = {"distinct": {"layer_normalization": 120, "dense": 1, "dense_1": 1}}
    assert findings("input-lost", observed(given, start=kept)) == []


def test_first_nan_names_the_layer_or_else_the_epoch() -> None:
    given = recipe(L.Identity(name="log"), dense(8, "tanh"), dense(1, "sigmoid"), x=X, y=RING)
    none = np.nan
    seen = observed(given, loss=np.full(40, none), final_loss=none,
                    start={"weight_norm": {"dense": 1.0, "dense_1": 1.0}})
    (found,) = findings("first-nan", seen)
    assert found.site == "layer:log"
    assert labels(found) == ["log removed"]
    curve = np.where(np.arange(40) < 7, 0.5, none)
    keras.utils.clear_session(free_memory=False)
    seen = observed(classifier(epochs=40), loss=curve, final_loss=none,
                    start={"weight_norm": {"dense": 1.0}, "spread": {"dense": 0.5, "dense_1": 0.1}})
    assert "in epoch 8 of 40" in findings("first-nan", seen)[0].message
    assert findings("first-nan", observed(classifier())) == []


def test_badly_scaled_weights_are_measured_by_what_comes_out() -> None:
    tiny = keras.initializers.RandomNormal(stddev=1e-3)
    given = recipe(dense(8, "relu", kernel_initializer=tiny), dense(1, "sigmoid"), x=X, y=RING)
    (found,) = findings("weights-badly-scaled", observed(given, start={"spread": {"dense": 1e-3}}))
    assert labels(found) == ["all initialisers → he_normal"]
    seen = observed(given, start={"spread": {"dense": 0.5}})
    assert findings("weights-badly-scaled", seen) == []


def test_overfitting_is_told_from_not_learning() -> None:
    given = recipe(dense(64, "relu"), dense(1, "sigmoid"), x=X, y=RING, validation_split=0.5,
                   epochs=50)
    seen = observed(given)
    for trained, held, speaks in ((1.0, 0.5, True), (0.5, 0.5, False), (1.0, 0.99, False)):
        seen.control.score[:, 1], seen.control.score[:, 2] = trained, held
        found = findings("overfitting", seen)
        assert bool(found) is speaks
        if speaks:
            assert labels(found[0]) == ["dropout of 0.3 behind hidden layers", "epochs 50 → 5"]
