"""The native engine against Keras's own `fit`, and what else it promises: refusals, safety.

Fidelity: same initial weights and batch order in, same losses and weights out, to 1e-5 after some
50 updates with a short last batch. One case varies several things at once, since Keras compiles
about a second for each; `UNSTUCK_SLOW=1` crosses every loss with every optimizer.
"""

from __future__ import annotations

import os
import re
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

from population.native_cases import (
    FEATURES,
    ROWS,
    Watched,
    assert_same_readings,
    assert_same_training,
    data,
    plain_path,
    recipe_of,
)
from unstuck.network.loops import Loop
from unstuck.network.rebuilding import rebuilt
from unstuck.network.recipe import Recipe
from unstuck.network.torch_numbers import optimizers as torchs
from unstuck.network.torch_numbers.losses import BCELoss
from unstuck.population import draws
from unstuck.population.native_engine.engine import MISSING, NativeEngine

pytestmark = [
    pytest.mark.skipif(MISSING is not None, reason=str(MISSING)),
    # Keras's variables under numpy 2 with warnings as errors.
    pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning"),
]

if MISSING is None:
    from unstuck.population.native_engine import kernels
    from unstuck.population.native_engine.activations import PLAIN

layers = keras.layers
slow_unless_asked = pytest.mark.skipif("UNSTUCK_SLOW" not in os.environ, reason="UNSTUCK_SLOW=1")

def chain(*inner: Any, out: Any = None, units: int = 3, entry: Any = (FEATURES,)) -> Any:
    last = [] if out is False else [layers.Dense(units, activation=out)]
    return keras.Sequential([keras.Input(entry), *inner, *last])


def hidden(*names: str, units: int = 4) -> list[Any]:
    return [layers.Dense(units, activation=name) for name in names]


@dataclass(frozen=True)
class Case:
    """A model, a loss, an optimizer, and what else is out of the ordinary."""

    model: Callable[[], Any]
    loss: Any
    optimizer: Callable[[], Any]
    targets: str = "real"
    more: dict[str, Any] = field(default_factory=dict)


o, L = keras.optimizers, keras.losses


def weights_of_rows(*shape: int) -> Any:
    return np.random.default_rng(9).uniform(0, 2, (ROWS, *shape))


CASES = {
    "relu, leaky relu, bce, adam": Case(
        lambda: chain(*hidden("relu", "leaky_relu"), out="sigmoid"), "binary_crossentropy",
        lambda: o.Adam(0.01), "bits", {"validation_split": 0.2}),
    "smoothed bce, amsgrad, gelu": Case(
        lambda: chain(*hidden("gelu", "elu", "silu"), out="sigmoid"),
        L.BinaryCrossentropy(label_smoothing=0.1), lambda: o.Adam(0.01, amsgrad=True), "bits"),
    "logits bce, adamw, selu": Case(
        lambda: chain(*hidden("selu", "softplus")), L.BinaryCrossentropy(from_logits=True),
        lambda: o.AdamW(0.01, weight_decay=0.1, beta_1=0.8), "shares",
        {"sample_weight": weights_of_rows()}),
    "softmax cce, sgd momentum": Case(
        lambda: chain(*hidden("tanh", "mish"), out="softmax"), "categorical_crossentropy",
        lambda: o.SGD(0.05, momentum=0.9), "one-hot", {"sample_weight": weights_of_rows(1)}),
    "logits cce smoothed, nesterov": Case(
        lambda: chain(*hidden("hard_sigmoid", "hard_silu")),
        L.CategoricalCrossentropy(from_logits=True, label_smoothing=0.2),
        lambda: o.SGD(0.05, momentum=0.5, nesterov=True), "one-hot"),
    "sparse cce, class weights, nadam": Case(
        lambda: chain(*hidden("relu6", "exponential"), out="softmax"),
        "sparse_categorical_crossentropy", lambda: o.Nadam(0.01), "class",
        {"class_weight": {0: 0.5, 1: 2.0, 2: 1.0}, "validation_split": 0.25}),
    "sparse cce of logits, adamax": Case(
        lambda: chain(*hidden("softsign", "celu")),
        L.SparseCategoricalCrossentropy(from_logits=True), lambda: o.Adamax(0.01),
        "class column"),
    "mse, rmsprop": Case(
        lambda: chain(*hidden("tanh_shrink", "squareplus")), "mse", lambda: o.RMSprop(0.01)),
    "mae, column, centered rmsprop with momentum": Case(
        lambda: chain(*hidden("sparse_sigmoid", "sparse_plus"), units=1), "mae",
        lambda: o.RMSprop(0.01, rho=0.8, momentum=0.5, centered=True), "column"),
    "huber, adagrad": Case(
        lambda: chain(*hidden("log_sigmoid", "hard_tanh")), L.Huber(delta=0.5),
        lambda: o.Adagrad(0.05)),
    "log cosh, adadelta": Case(
        lambda: chain(*hidden("soft_shrink", "hard_shrink")), "log_cosh",
        lambda: o.Adadelta(1.0)),
    "hinge, clipnorm": Case(
        lambda: chain(*hidden("tanh"), out="tanh"), "hinge", lambda: o.Adam(0.01, clipnorm=0.1),
        "bits"),
    "squared hinge, global clipnorm": Case(
        lambda: chain(*hidden("tanh"), out="tanh"), "squared_hinge",
        lambda: o.SGD(0.1, global_clipnorm=0.2), "signs"),
    "poisson, clipvalue": Case(
        lambda: chain(*hidden("relu"), out="softplus"), "poisson",
        lambda: o.Adam(0.01, clipvalue=0.02), "positive"),
    "kl, exponential decay": Case(
        lambda: chain(*hidden("relu"), out="softmax"), "kl_divergence",
        lambda: o.SGD(o.schedules.ExponentialDecay(0.2, 10, 0.7)), "shares"),
    "msle, cosine decay, weight decay": Case(
        lambda: chain(*hidden("relu"), out="softplus"), "mean_squared_logarithmic_error",
        lambda: o.Adam(o.schedules.CosineDecay(0.02, 40, warmup_steps=5, warmup_target=0.03),
                       weight_decay=0.01), "positive"),
    "mape, piecewise rate": Case(
        lambda: chain(*hidden("relu"), out="softplus"), "mape",
        lambda: o.SGD(o.schedules.PiecewiseConstantDecay([10, 30], [1e-3, 5e-4, 1e-4])),
        "positive"),
    "regularised": Case(
        lambda: chain(
            layers.Dense(4, "relu", kernel_regularizer=keras.regularizers.L1L2(0.01, 0.02),
                         bias_regularizer="l2", activity_regularizer="l1"),
            layers.ActivityRegularization(l2=0.01),
            layers.Dense(4, use_bias=False, kernel_regularizer="l1")),
        "mse", lambda: o.SGD(0.05), more={"validation_split": 0.3}),
    "batch normalisation": Case(
        lambda: chain(layers.Dense(6, use_bias=False), layers.BatchNormalization(momentum=0.9),
                      layers.Activation("relu"), layers.BatchNormalization(scale=False),
                      layers.Dense(4, "tanh"),
                      layers.BatchNormalization(trainable=False, center=False)),
        "mse", lambda: o.Adam(0.01), more={"validation_split": 0.3}),
    "frozen layer": Case(
        lambda: chain(layers.Dense(6, "relu"), layers.Dense(6, "tanh", trainable=False)),
        "mse", lambda: o.Adam(0.01)),
    "layers of activation": Case(
        lambda: chain(
            layers.Rescaling(0.5, offset=0.1),
            layers.Normalization(mean=[0.1] * FEATURES, variance=[2.0] * FEATURES),
            layers.Dense(5), layers.ReLU(max_value=1.5, negative_slope=0.1, threshold=0.2),
            layers.Dense(5), layers.LeakyReLU(negative_slope=0.3), layers.Dense(5),
            layers.ELU(alpha=0.5), layers.Dense(3), layers.Softmax(), out=False),
        "categorical_crossentropy", lambda: o.Adam(0.01), "one-hot"),
    "summed loss, loss weight": Case(
        lambda: chain(*hidden("tanh")), L.MeanSquaredError(reduction="sum"), lambda: o.SGD(0.05),
        more={"loss_weights": 0.02, "sample_weight": weights_of_rows(), "batch_size": 40}),
    "mean with sample weight": Case(
        lambda: chain(*hidden("tanh")), L.MeanSquaredError(reduction="mean_with_sample_weight"),
        lambda: o.SGD(0.05), more={"sample_weight": weights_of_rows()}),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_training_is_the_one_keras_does(case: Case) -> None:
    x, y = data(case.targets)
    assert_same_training(recipe_of(case.model(), case.loss, case.optimizer(), x, y, **case.more))


@pytest.mark.parametrize("optimizer", [
    torchs.Adam(0.01), torchs.Adam(0.01, epsilon=1e-3), torchs.AdamW(0.01),
    torchs.Adam(0.01, amsgrad=True), torchs.SGD(0.05), torchs.SGD(0.05, momentum=0.9),
    torchs.SGD(0.05, momentum=0.9, nesterov=True), torchs.Adam(0.01, global_clipnorm=0.5)],
    ids=lambda one: f"{type(one).__name__} {one.get_config().get('epsilon')}")
def test_torchs_optimizers_train_as_their_formulas_do(optimizer: Any) -> None:
    x, y = data("real")
    assert_same_training(recipe_of(chain(*hidden("relu")), "mse", optimizer, x, y))


@pytest.mark.parametrize("size", [1, 1000], ids=["between", "at their ends"])
def test_torchs_binary_cross_entropy_is_its_own(size: float) -> None:
    """Sigmoids of large numbers round to 0 and 1, where Keras would clip them at 1e-7."""
    x, y = data("bits")
    assert_same_training(recipe_of(
        chain(*hidden("relu"), out="sigmoid"), BCELoss(), o.SGD(0.05 / size**2), size * x, y))


@pytest.mark.parametrize(("optimizer", "why"), [
    (torchs.Adam(l2=0.1), "l2"), (torchs.SGD(momentum=0.9, dampening=0.5), "dampening"),
    (torchs.Adam(global_clipnorm=0.01), "global_clipnorm below"), (torchs.RMSprop(), "no optimizer"),
    (torchs.SGD(torchs.Rates([0.1, 0.01], 3), momentum=0.9), "learning rate|momentum")])
def test_what_torch_computes_otherwise_is_refused_by_name(optimizer: Any, why: str) -> None:
    x, y = data("real")
    refused = NativeEngine().refuses(recipe_of(chain(*hidden("relu")), "mse", optimizer, x, y))
    assert refused is not None and re.search(why, refused)


def test_a_loop_that_learns_nothing_moves_no_weight() -> None:
    x, y = data("real")
    recipe = replace(recipe_of(chain(*hidden("relu")), "mse", torchs.AdamW(0.1), x, y),
                     loop=Loop(clears="lost"))
    shown = NativeEngine().train(recipe, [1], Watched(x), keep_weights=True)
    begun = NativeEngine().train(replace(recipe, epochs=1), [1], Watched(x), keep_weights=True)
    assert shown.weights is not None and begun.weights is not None
    for path, values in shown.weights.items():
        np.testing.assert_array_equal(values, begun.weights[path])


def branched() -> Any:
    x = keras.Input((FEATURES,))
    a, b = layers.Dense(4, "relu")(x), layers.Dense(4, "tanh")(x)
    both = layers.Concatenate()([layers.Add()([a, b]), layers.Multiply()([a, b]),
                                 layers.Subtract()([a, b]), layers.Average()([a, b, a])])
    inner = keras.Sequential([keras.Input((16,)), layers.Dense(3, "relu"), layers.Dense(2)])
    return keras.Model(x, layers.Dense(3)(layers.Concatenate()([inner(both), x])))


def test_a_branched_network_with_a_nested_model_is_trained_as_keras_does() -> None:
    x, y = data("real")
    assert_same_training(recipe_of(branched(), "mse", o.Adam(0.01), x, y))


def test_rows_of_several_axes_are_trained_as_keras_does() -> None:
    rng = np.random.default_rng(3)
    x = rng.integers(0, 255, (ROWS, 4, 5, 1)).astype(np.uint8)
    y = x / 255.0
    model = keras.Sequential([
        keras.Input((4, 5, 1)), layers.Rescaling(1 / 255), layers.Flatten(),
        layers.Dense(3, "relu"), layers.Dense(20, "sigmoid"), layers.Reshape((4, 5, 1))])
    assert_same_training(recipe_of(model, "binary_crossentropy", o.Adam(0.01), x, y))


def test_an_adapted_normalization_is_applied() -> None:
    x, y = data("real")
    norm = layers.Normalization()
    norm.adapt(x * 3 + 7)
    model = keras.Sequential([keras.Input((FEATURES,)), norm, layers.Dense(3)])
    recipe = recipe_of(model, "mse", o.SGD(0.05), x * 3 + 7, y)
    shown = NativeEngine().train(recipe, [1], Watched(x * 3 + 7), keep_weights=True)
    assert shown.weights is not None
    assert shown.outputs is not None
    for variable in model.trainable_variables:
        variable.assign(shown.weights[plain_path(model, variable)][0])
    np.testing.assert_allclose(
        shown.outputs[0], model.predict(x * 3 + 7, verbose=0), rtol=1e-5, atol=1e-5)


def test_batches_too_large_for_the_cache_are_cut_without_a_difference() -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=(300, 40)).astype(np.float32)
    model = chain(*hidden("relu", "tanh", units=48), units=40, entry=(40,))
    assert_same_training(recipe_of(model, "mse", o.Adam(0.003), x, x, batch_size=140, epochs=8))


@pytest.mark.parametrize("name", sorted(f.__name__ for f in PLAIN) if MISSING is None else [])
def test_an_activation_and_its_slope_are_those_of_keras(name: str) -> None:
    """One replica for each point: kernel 0, bias = the point, and a loss whose slope is 1."""
    function = getattr(keras.activations, name)
    points = np.concatenate([
        np.linspace(-9, 9, 721), [0.0, -0.0, 1e-6, -1e-6, 30.0, -30.0, 88.0, -88.0, 200.0, -200.0],
    ]).astype(np.float32)
    kind, p = PLAIN[function]
    program = kernels.Program(
        [kernels.Node(op=kernels.Op.input, units=1),
         kernels.Node(op=kernels.Op.dense, units=1, first=0, variables=[0, 1]),
         kernels.Node(op=kernels.Op.activation, units=1, first=1, function=kind, p=p)],
        [kernels.Variable(rows=1, columns=1, trainable=True) for _ in range(2)],
        kernels.Loss(kind=kernels.LossKind.mean_absolute_error, target_units=1), SGD(), 1)
    weights = np.stack([np.zeros_like(points), points], axis=1)
    one = np.ones((1, 1), np.float32)
    (values,), squares = program.look(
        weights=weights, rows=kernels.Rows(one, -np.inf * one), wanted=[2], gradients=True,
        threads=1)
    expected = np.asarray(jax.vmap(function)(jnp.asarray(points)))
    slopes = np.asarray(jax.vmap(jax.grad(function))(jnp.asarray(points)))
    np.testing.assert_allclose(values[:, 0, 0], expected, rtol=2e-6, atol=2e-7)
    finite = np.abs(slopes) < 1e15  # the square of the rest is beyond float32
    np.testing.assert_allclose(
        np.sqrt(squares[finite, 1]), np.abs(slopes[finite]), rtol=2e-5, atol=2e-6)
    nan = np.array([[0, np.nan]], np.float32)
    (value,), _ = program.look(weights=nan, rows=kernels.Rows(one), wanted=[2], gradients=False,
                               threads=1)
    assert np.isnan(value).all()


def SGD() -> Any:
    return kernels.Optimizer(kind=kernels.OptimizerKind.sgd, slots=0, constants=[0.0])


def two_bits(**more: Any) -> Recipe:
    x = np.random.default_rng(0).integers(0, 2, (100, 2)).astype(np.float32)
    model = keras.Sequential([
        keras.Input((2,)), layers.Dense(4, "relu"), layers.Dense(2, "relu"),
        layers.Dense(2, "sigmoid")])
    more = {"epochs": 6, **more}
    return recipe_of(model, "binary_crossentropy", o.Adam(0.01), x, x, **more)


PATTERNS = Watched(np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32))


@pytest.mark.parametrize("salt", [0, 3])
def test_the_order_of_rows_is_the_one_of_draws(salt: int) -> None:
    recipe = two_bits(order_salt=salt)
    seeds = [0, 7, 2**31, 12345]
    own = NativeEngine().train(recipe, seeds, PATTERNS, keep_weights=True)
    order = draws.orders(seeds, range(recipe.epochs), recipe.train.rows, salt=salt)
    given = NativeEngine().train(recipe, seeds, PATTERNS, keep_weights=True, order=order)
    np.testing.assert_array_equal(own.loss, given.loss)
    assert own.weights is not None
    assert given.weights is not None
    for path, value in own.weights.items():
        np.testing.assert_array_equal(value, given.weights[path])


def test_unshuffled_rows_come_in_order() -> None:
    recipe = two_bits(shuffle=False)
    identity = np.tile(np.arange(100, dtype=np.int32), (2, recipe.epochs, 1))
    own = NativeEngine().train(recipe, [1, 2], PATTERNS)
    given = NativeEngine().train(recipe, [1, 2], PATTERNS, order=identity)
    np.testing.assert_array_equal(own.loss, given.loss)


def test_a_replica_is_the_same_in_any_company() -> None:
    """Lanes, threads, kernels and waves change nothing, not even in the last bit."""
    recipe = two_bits()
    many = NativeEngine(threads=2).train(recipe, range(37), PATTERNS)
    alone = NativeEngine(threads=1).train(recipe, [36], PATTERNS)
    np.testing.assert_array_equal(many.loss[36:], alone.loss)
    np.testing.assert_array_equal(many.final_loss[36:], alone.final_loss)
    fused = [name for name in kernels.available() if name != "baseline"]
    for kernel in fused:
        other = NativeEngine(kernel=kernel).train(recipe, range(37), PATTERNS)
        np.testing.assert_array_equal(many.loss, other.loss)


def test_every_kernel_trains_the_same_network() -> None:
    x, y = data("one-hot")
    model = chain(layers.Dropout(0.3), *hidden("gelu", "relu", units=19), out="softmax")
    recipe = recipe_of(model, "categorical_crossentropy", o.Adam(0.01), x, y)
    results = [NativeEngine(kernel=kernel).train(recipe, range(9), Watched(x)).final_loss
               for kernel in kernels.available()]
    for result in results[1:]:
        np.testing.assert_allclose(result, results[0], rtol=1e-3)


def test_waves_are_joined_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = two_bits()
    whole = NativeEngine(threads=1).train(recipe, range(70), PATTERNS)
    monkeypatch.setattr("unstuck.population.native_engine.engine.WAVE_BYTES", 1)
    heard: list[tuple[int, int]] = []
    cut = NativeEngine(threads=1).train(
        recipe, range(70), PATTERNS, progress=lambda done, total: heard.append((done, total)))
    np.testing.assert_array_equal(whole.loss, cut.loss)
    assert whole.outputs is not None
    assert cut.outputs is not None
    np.testing.assert_array_equal(whole.outputs, cut.outputs)
    assert heard[-1] == (70 * 6, 70 * 6)
    assert [done for done, _ in heard] == sorted(done for done, _ in heard)


def test_rates_may_differ_by_replica() -> None:
    recipe = two_bits()
    rates = np.array([0.01, 0.05, 0.0], np.float32)
    swept = NativeEngine().train(recipe, [1, 2, 3], PATTERNS, rates=rates)
    for i, rate in enumerate(rates[:2]):
        alone = recipe.with_optimizer(learning_rate=float(rate))
        one = NativeEngine().train(alone, [i + 1], PATTERNS)
        np.testing.assert_array_equal(one.loss[0], swept.loss[i])
    assert np.ptp(swept.loss[2]) < 1e-6


def test_a_diverging_replica_is_seen_to_diverge() -> None:
    x, y = data("real")
    model = chain(*hidden("linear"))
    recipe = recipe_of(model, "mse", o.SGD(1.0), x * 100, y, epochs=30)
    rates = np.array([1e3, 1e-6], np.float32)
    population = NativeEngine().train(recipe, [1, 2], Watched(x), rates=rates)
    assert population.diverged.tolist() == [True, False]


def test_dropout_drops_its_share_and_differs_by_replica_and_step() -> None:
    """With a frozen identity behind it, the loss tells how many inputs came through."""
    n = 2000
    x = np.ones((n, 8), np.float32)
    model = keras.Sequential([
        keras.Input((8,)), layers.Dense(8, trainable=False, kernel_initializer="identity"),
        layers.Dropout(0.25), layers.Dense(1, kernel_initializer="ones", use_bias=False)])
    model.layers[0].set_weights([np.eye(8), np.zeros(8)])
    recipe = recipe_of(model, "mse", o.SGD(0.0), x, 8 * x[:, :1], batch_size=50, epochs=3)
    population = NativeEngine().train(recipe, [1, 2], Watched(x[:1]))
    # A sum of 8 kept-or-dropped values, each 1 / 0.75 or 0: variance 8 * 0.25 / 0.75.
    np.testing.assert_allclose(population.loss, 8 / 3, rtol=0.1)
    assert len(np.unique(population.loss)) == population.loss.size
    np.testing.assert_allclose(population.final_loss, 0, atol=1e-6)


def test_probes_read_what_the_keras_engine_reads() -> None:
    from unstuck.population.keras_engine.engine import KerasEngine

    x, y = data("bits", 2)
    model = chain(layers.Dense(6, "relu"), layers.Dense(3, "tanh", kernel_regularizer="l2"),
                  layers.LeakyReLU(), out="sigmoid", units=2)
    recipe = recipe_of(model, "binary_crossentropy", o.Adam(0.01), x, y)
    seeds, watched = [3, 4, 5], Watched(x[:20] * 9)
    native = NativeEngine().train(recipe, seeds, watched)
    slow = KerasEngine().train(recipe, seeds, watched)
    assert native.code_layer == slow.code_layer
    np.testing.assert_allclose(native.loss, slow.loss, rtol=1e-4, atol=1e-5)
    for name in ("outputs", "codes"):
        np.testing.assert_allclose(getattr(native, name), getattr(slow, name), atol=1e-4)
    assert_same_readings(native, slow)


@pytest.mark.slow
@slow_unless_asked
def test_success_rates_are_those_of_the_keras_engine() -> None:
    """Dropout masks differ between the engines, so only the statistics can be compared."""
    from unstuck.population.keras_engine.engine import KerasEngine

    x = np.random.default_rng(0).integers(0, 2, (200, 2)).astype(np.float32)
    y = (x[:, :1] != x[:, 1:]).astype(np.float32)
    model = keras.Sequential([keras.Input((2,)), layers.Dense(16, "relu"), layers.Dropout(0.1),
                              layers.Dense(1, "sigmoid")])
    recipe = recipe_of(model, "binary_crossentropy", o.Adam(0.02), x, y, epochs=10)
    rates = []
    for engine in (NativeEngine(), KerasEngine()):
        population = engine.train(recipe, range(128), Watched(PATTERNS.inputs), probes=False)
        assert population.outputs is not None
        decoded = population.outputs[:, :, 0] > 0.5
        rates.append((decoded == [False, True, True, False]).all(axis=1).mean())
    # Two rates of 128 replicas differ by more than this once in a thousand times.
    assert abs(rates[0] - rates[1]) < 3.3 * np.sqrt(2 * 0.25 / 128)


@pytest.mark.parametrize(("change", "named"), [
    (lambda: recipe_of(chain(layers.PReLU()), "mse", o.SGD(), *data("real")), "PReLU"),
    (lambda: recipe_of(chain(layers.GaussianNoise(0.1)), "mse", o.SGD(), *data("real")),
     "GaussianNoise"),
    (lambda: recipe_of(chain(layers.Dense(3, kernel_constraint="non_neg")), "mse", o.SGD(),
                       *data("real")), "constraint"),
    (lambda: recipe_of(chain(layers.Dense(3, activation="sparsemax")), "mse", o.SGD(),
                       *data("real")), "no activation sparsemax"),
    (lambda: recipe_of(chain(layers.Dense(3, dtype="mixed_bfloat16")), "mse", o.SGD(),
                       *data("real")), "bfloat16"),
    (lambda: recipe_of(chain(), "mse", o.Lion(), *data("real")), "Lion"),
    (lambda: recipe_of(chain(), "mse", o.SGD(use_ema=True), *data("real")), "use_ema"),
    (lambda: recipe_of(chain(), "cosine_similarity", o.SGD(), *data("real")), "cosine"),
    (lambda: recipe_of(chain(), lambda t, y: t - y, o.SGD(), *data("real")), "custom"),
    (lambda: recipe_of(chain(), "mse", o.SGD(), *data("column")), "targets of shape"),
    (lambda: recipe_of(chain(), L.MeanSquaredError(reduction=None), o.SGD(), *data("real")),
     "reduction"),
])
def test_what_is_not_supported_is_refused_by_name(
    change: Callable[[], Recipe], named: str
) -> None:
    reason = NativeEngine().refuses(change())
    assert reason is not None
    assert named in reason


def plain_program(**more: Any) -> Any:
    given = {"nodes": [kernels.Node(op=kernels.Op.input, units=2),
                       kernels.Node(op=kernels.Op.dense, units=3, first=0, variables=[0, 1])],
             "variables": [kernels.Variable(rows=2, columns=3, trainable=True),
                           kernels.Variable(rows=1, columns=3, trainable=True)],
             "loss": kernels.Loss(kind=kernels.LossKind.mean_squared_error, target_units=3),
             "optimizer": SGD(), "batch_size": 4, **more}
    return kernels.Program(**given)


def N(**given: Any) -> Any:
    return kernels.Node(op=kernels.Op.input, units=2), kernels.Node(
        **{"op": kernels.Op.dense, "units": 3, "first": 0, "variables": [0, 1], **given})


@pytest.mark.parametrize("broken", [
    lambda: plain_program(nodes=[]),
    lambda: plain_program(nodes=N(first=1)),
    lambda: plain_program(nodes=N(first=-1)),
    lambda: plain_program(nodes=N(second=0)),
    lambda: plain_program(nodes=N(units=0)),
    lambda: plain_program(nodes=N(units=4)),
    lambda: plain_program(nodes=N(variables=[0, 7])),
    lambda: plain_program(nodes=N(variables=[])),
    lambda: plain_program(nodes=N(op=kernels.Op.add, second=0)),
    lambda: plain_program(nodes=N(op=kernels.Op.affine)),
    lambda: plain_program(nodes=N(op=kernels.Op.batch_norm)),
    lambda: plain_program(nodes=N(op=kernels.Op.input)),
    lambda: plain_program(variables=[kernels.Variable(rows=-1, columns=3, trainable=True)] * 2),
    lambda: plain_program(variables=[kernels.Variable(rows=2**30, columns=3, trainable=True)] * 2),
    lambda: plain_program(batch_size=0),
    lambda: plain_program(loss=kernels.Loss(
        kind=kernels.LossKind.mean_squared_error, target_units=2)),
])
def test_a_program_that_does_not_fit_together_is_refused(broken: Callable[[], Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        broken()


@pytest.mark.parametrize("change", [
    {"x": np.zeros((9, 3), np.float32)}, {"y": np.zeros((8, 3), np.float32)},
    {"y": np.zeros((9, 2), np.float32)}, {"x": np.zeros((0, 2), np.float32)},
    {"weight": np.zeros(8, np.float32)}, {"steps": np.zeros((5, 6), np.float32)},
    {"steps": np.zeros((6, 5), np.float32)}, {"start": np.zeros((2, 8), np.float32)},
    {"start": np.zeros((1, 9), np.float32)}, {"seeds": np.zeros(0, np.uint64)},
    {"rates": np.zeros(3, np.float32)}, {"order": np.zeros((2, 2, 8), np.int32)},
    {"order": np.full((2, 2, 9), 9, np.int32)}, {"order": np.full((2, 2, 9), -1, np.int32)},
    {"epochs": 0}, {"epochs": -2}, {"threads": 0}, {"threads": 10**6}, {"kernel": "mmx"},
])
def test_arrays_of_wrong_sizes_raise(change: dict[str, Any]) -> None:
    given: dict[str, Any] = {
        "x": np.zeros((9, 2), np.float32), "y": np.zeros((9, 3), np.float32), "weight": None,
        "steps": np.zeros((6, 6), np.float32), "seeds": np.zeros(2, np.uint64),
        "start": np.zeros((2, 9), np.float32), "epochs": 2, "rates": None, "order": None,
        "threads": 1, "kernel": "",
    }

    def train(**all_of_it: Any) -> Any:
        rows = kernels.Rows(*(all_of_it.pop(name) for name in ("x", "y", "weight")))
        return plain_program().train(
            rows=rows, validation=None, judged=rows, shuffle=True, salt=0, **all_of_it)

    train(**given)
    with pytest.raises(ValueError, match=r"."):
        train(**{**given, **change})


def test_start_of_another_shape_is_refused() -> None:
    recipe = two_bits()
    path = rebuilt(recipe.architecture).model.trainable_variables[0].path
    with pytest.raises(ValueError, match="shape"):
        NativeEngine().train(recipe, [1, 2], PATTERNS, start={path: np.zeros((2, 3, 3))})


def endless() -> Recipe:
    return two_bits(epochs=3_000_000 // 13)


def test_an_interrupt_is_answered_at_once() -> None:
    # A shell starts what runs in the background with interrupts ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    pressed: list[float] = []

    def press() -> None:
        pressed.append(time.monotonic())
        signal.raise_signal(signal.SIGINT)

    timer = threading.Timer(0.5, press)
    timer.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            NativeEngine().train(endless(), range(64), PATTERNS, probes=False)
        assert time.monotonic() - pressed[0] < 10  # of minutes
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_progress_function_may_stop_the_training() -> None:
    class Enough(Exception):
        pass

    def stop(done: int, total: int) -> None:
        raise Enough

    begun = time.monotonic()
    with pytest.raises(Enough):
        NativeEngine().train(endless(), range(64), PATTERNS, probes=False, progress=stop)
    assert time.monotonic() - begun < 30  # of minutes


def test_without_the_compiled_part_everything_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("unstuck.population.native_engine.engine.MISSING", "not compiled")
    assert NativeEngine().refuses(two_bits()) == "not compiled"


@pytest.mark.slow
@slow_unless_asked
@pytest.mark.parametrize("loss", CASES)
def test_every_loss_with_every_optimizer(loss: str) -> None:
    case = CASES[loss]
    x, y = data(case.targets)
    for other in CASES.values():
        assert_same_training(
            recipe_of(case.model(), case.loss, other.optimizer(), x, y, **case.more),
            tolerance=1e-4)
