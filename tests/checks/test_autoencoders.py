"""Checks on codes, sparsity, latent variables and noise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import ops
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA

from checks.helpers import dense, findings, labels, observed, recipe, two_bits
from unstuck.capture import capture_model
from unstuck.checks import Certainty
from unstuck.goal import make_goal
from unstuck.goal.variational import is_sampled
from unstuck.network.recipe import Recipe
from unstuck.population.keras_engine.engine import KerasEngine

DIGITS = (load_digits().data[:400] / 16).astype("float32")
RNG = np.random.default_rng(3)
LEARNED = [True] * 8


def autoencoder(*layers: keras.Layer, x: Any = DIGITS, **fit: Any) -> Recipe:
    return recipe(*layers, x=x, **{"loss": "mse", **fit})


def codes(*columns: Any) -> Any:
    return np.stack([np.broadcast_to(column, 50) for column in columns], 1)


VARIED = RNG.normal(size=(4, 50))


@pytest.mark.parametrize(("code", "dead", "copies"), [
    (codes(*VARIED), 0, 0),
    (codes(*VARIED[:3], 0.7), 1, 0),
    (codes(*VARIED[:3], -2 * VARIED[0] + 1), 0, 1),
    (codes(VARIED[0], VARIED[0], 0, 0), 2, 1),
])
def test_units_of_the_code_that_carry_nothing(code: Any, dead: int, copies: int) -> None:
    given = autoencoder(dense(4, "relu"), dense(64, "sigmoid"))
    found = findings("code-units-unused", observed(given, codes=code))
    assert bool(found) is bool(dead or copies)
    if found:
        assert "the 4 units of the code, dense (Dense, 4 units, relu)" in found[0].message
        assert f"constant: {dead} in 8 trainings; that repeat another: {copies} in 8" in (
            found[0].message)
        assert labels(found[0])[:2] == ["dense: relu → linear", "dense: relu → leaky_relu"]


def test_a_narrow_layer_beside_the_code_is_not_the_code() -> None:
    """A gate of four units beside a code of eight: what the gate puts out is nobody's code."""
    inputs = keras.Input((64,))
    code = dense(8, "relu")(inputs)
    gate = dense(8, "sigmoid")(dense(4, "relu", name="gate")(code))
    model = keras.Model(inputs, dense(64, "sigmoid")(keras.layers.Multiply()([code, gate])))
    model.compile("adam", "mse")
    given = capture_model(model, DIGITS, DIGITS).recipe
    seen = observed(given, codes=codes(*VARIED[:3], 0.7))
    assert seen.control.code_layer == "gate"
    assert findings("code-units-unused", seen) == []


def test_the_effective_rank_of_a_code() -> None:
    given = autoencoder(dense(4, "relu"), dense(64, "sigmoid"))
    code = codes(*np.eye(2)[[0] * 25 + [1] * 25].T, 0, 0)
    (found,) = findings("code-units-unused", observed(given, codes=code))
    assert found.evidence[1].value == pytest.approx(1.0, abs=1e-6)  # (1, 0) and (0, 1): one line


def test_codes_of_other_networks_are_nobodys_business() -> None:
    given = recipe(dense(4, "relu"), dense(1), x=DIGITS, y=DIGITS.sum(1), loss="mse")
    assert findings("code-units-unused", observed(given, codes=codes(0, 0, 0, 0))) == []


@pytest.mark.parametrize(("units", "speaks"), [(1, True), (2, False), (16, False), (64, False)])
def test_a_code_too_narrow_for_the_data(units: int, speaks: bool) -> None:
    found = findings("code-too-narrow", observed(
        autoencoder(dense(units), dense(64, "sigmoid")), learned=LEARNED))
    assert bool(found) is speaks
    if speaks:
        assert found[0].certainty is Certainty.FACT
        assert "The code has 1 number." in found[0].message
        wanted = PCA(0.9).fit(DIGITS).n_components_
        assert labels(found[0]) == [f"dense: width 1 → {wanted}"]


def test_a_code_is_wide_enough_for_two_bits() -> None:
    assert findings("code-too-narrow", observed(two_bits())) == []


@pytest.mark.parametrize(("layers", "speaks"), [
    (lambda: [dense(64, "relu")], True),
    (lambda: [dense(128, "relu")], True),
    (lambda: [dense(63, "relu")], False),
    (lambda: [dense(128, "relu"), dense(16)], False),
    (lambda: [keras.layers.GaussianNoise(0.3), dense(128, "relu")], False),
    (lambda: [dense(128, "relu"), keras.layers.Dropout(0.3)], False),
    (lambda: [dense(128, "relu", activity_regularizer="l1")], False),
])
def test_room_to_copy(layers: Callable[[], list[keras.Layer]], speaks: bool) -> None:
    given = autoencoder(*layers(), dense(64, "sigmoid"))
    assert bool(findings("identity-shortcut", observed(given, learned=LEARNED))) is speaks
    assert findings("identity-shortcut", observed(given)) == []


def test_an_emptied_sparse_code() -> None:
    given = autoencoder(dense(32, "relu", activity_regularizer=keras.regularizers.L1(10)),
                        dense(64, "sigmoid"))
    seen = observed(given, start={"spread": {"dense": 0.5}}, end={"spread": {"dense": 0.04}})
    (found,) = findings("sparsity-penalty-too-strong", seen)
    assert "(L1 10, L2 0)" in found.message
    assert labels(found) == ["no regularisers"]
    healthy = observed(given, start={"spread": {"dense": 0.5}}, end={"spread": {"dense": 0.06}})
    assert findings("sparsity-penalty-too-strong", healthy) == []


@pytest.mark.parametrize(("factor", "speaks"), [(1e-9, True), (1e-5, True), (1e-3, False)])
def test_a_penalty_is_weighed_as_keras_weighs_it(factor: float, speaks: bool) -> None:
    code = np.abs(codes(*VARIED))
    given = autoencoder(dense(4, "relu", activity_regularizer=keras.regularizers.L1(factor)),
                        dense(64, "sigmoid"))
    seen = observed(given, learned=LEARNED, codes=code)
    found = findings("sparsity-penalty-without-effect", seen)
    assert bool(found) is speaks
    if speaks:
        layer = keras.layers.ActivityRegularization(l1=factor)
        layer(ops.convert_to_tensor(code))
        penalty = float(layer.losses[0])
        assert found[0].evidence[0].value == pytest.approx(
            penalty / (seen.goal.baseline - seen.goal.floor), rel=1e-4)
    assert findings("sparsity-penalty-without-effect", observed(given, codes=code)) == []


class Sampling(keras.layers.Layer):
    """As in a variational autoencoder."""

    def call(self, inputs: Any) -> Any:
        mean, _ = inputs
        self.add_loss(ops.mean(mean**2))
        return mean


def variational(activation: str | None = None) -> Recipe:
    inputs = keras.Input((64,))
    mean, other = dense(2, activation)(inputs), dense(2)(inputs)
    model = keras.Model(inputs, dense(64, "sigmoid")(Sampling()([mean, other])))
    model.compile(optimizer="adam", loss="binary_crossentropy")
    return capture_model(model, DIGITS, DIGITS).recipe


def test_latent_means_that_say_nothing() -> None:
    given = variational()
    (found,) = findings("posterior-collapse", observed(given, end={"spread": {"dense": 0.01}}))
    assert "Sampling" in found.message
    assert labels(found) == ["weight of the loss → 64", "weight of the loss → 640"]
    assert findings("posterior-collapse", observed(given, end={"spread": {"dense": 0.9}})) == []


def test_latent_means_behind_a_squashing_activation() -> None:
    seen = observed(variational("sigmoid"), end={"spread": {"dense": 0.4}})
    (found,) = findings("posterior-collapse", seen)
    assert "a mean may be any number" in found.message
    assert labels(found) == ["dense: sigmoid → linear"]


class Subclassed(keras.Model):
    """A variational autoencoder that tells no wiring, and whose `call` takes no `training`."""

    sampler: Any = Sampling

    def __init__(self, weight: float = 1.0) -> None:
        super().__init__()
        self.weight = weight
        self.mean, self.other, self.sampling = dense(2), dense(2), self.sampler()
        self.decoder = dense(64, "sigmoid")

    def call(self, inputs: Any) -> Any:
        return self.decoder(self.sampling([self.mean(inputs), self.other(inputs)]))

    def get_config(self) -> dict[str, Any]:
        return {"weight": self.weight}


class First(keras.layers.Layer):
    """The first of two, and no loss."""

    def call(self, inputs: Any) -> Any:
        return inputs[0]


class Plain(Subclassed):
    """The same without a loss of its own."""

    sampler = First


class Joined(keras.layers.Layer):
    """Means and variances in one array, so that no wiring tells them."""

    def call(self, inputs: Any) -> Any:
        mean, log_variance = ops.split(inputs, 2, axis=-1)
        self.add_loss(ops.mean(divergence(mean, log_variance)))
        return mean


def divergence(mean: Any, log_variance: Any) -> Any:
    return 0.5 * ops.sum(mean**2 + ops.exp(log_variance) - 1 - log_variance, axis=-1)


def joined() -> keras.Model:
    inputs = keras.Input((64,))
    return keras.Model(inputs, dense(64, "sigmoid")(Joined()(dense(4)(inputs))))


def compiled(model: keras.Model, rows: Any = DIGITS, **fit: Any) -> Recipe:
    model.compile(optimizer="adam", loss="binary_crossentropy")
    return capture_model(model, rows, rows, **fit).recipe


@pytest.mark.parametrize(("kind", "added", "score", "speaks"), [
    (Subclassed, 0.001, 0.0, True), (joined, 0.001, 0.0, True),
    (Subclassed, 2.0, 0.0, False),   # the code says something
    (Subclassed, 0.001, 0.3, False),  # so it does here: it is a small penalty
    (Plain, None, 0.0, False),
])
def test_a_divergence_of_nothing_is_told_however_the_network_is_written(
    kind: Any, added: float | None, score: float, speaks: bool
) -> None:
    seen = observed(compiled(kind()), added=added)
    seen.control.score[:] = score
    found = findings("posterior-collapse", seen)
    assert bool(found) is speaks
    if speaks:
        assert labels(found[0]) == ["weight of the loss → 64", "weight of the loss → 640"]
        assert "adds to its loss itself is 0.00 in 8 of 8 failing trainings" in found[0].message
        assert "tells the 400 rows apart costs ln 400 = 6.0 at least" in found[0].message


@pytest.mark.parametrize(("kl", "speaks"), [(0.0, True), (3.0, False)])
def test_terms_in_the_logs_that_sum_up_to_the_loss_are_weighed(kl: float, speaks: bool) -> None:
    curves = {"rebuilt": [0.5, 0.41], "kl_loss": [2.0, kl], "accuracy": [0.0, 0.0]}
    seen = observed(compiled(Plain()), loss=[2.5, 0.41 + kl], metrics=curves)
    seen.control.score[:] = 0.0
    found = findings("posterior-collapse", seen)
    assert [one.message.startswith("kl_loss is 0.00 in 8 of 8") for one in found] == [True] * speaks


class Drawing(Joined):
    """The same, which samples."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.seeds = keras.random.SeedGenerator(1)

    def call(self, inputs: Any) -> Any:
        mean = super().call(inputs)
        return mean + keras.random.normal(ops.shape(mean), seed=self.seeds)


@pytest.mark.parametrize(("code", "sampled"), [
    (Drawing, True), (Joined, False), (lambda: keras.layers.Dropout(0.5), False),
])
def test_what_is_sampled_is_told_however_the_network_is_written(code: Any, sampled: bool) -> None:
    inputs = keras.Input((64,))
    model = keras.Model(inputs, dense(64, "sigmoid")(code()(dense(4)(inputs))))
    given = compiled(model)
    assert is_sampled(given) is sampled
    assert make_goal(given).why.startswith("75 %" if sampled else "90 %")


def test_what_is_added_is_measured_in_the_trained_network() -> None:
    rows = DIGITS[:40]
    given = compiled(joined(), rows, epochs=2, batch_size=20)
    population = KerasEngine().train(given, (0, 1), make_goal(given), keep_weights=True)
    assert population.added is not None
    assert population.weights is not None
    kernel, bias = (population.weights[path] for path in list(population.weights)[:2])
    code = np.einsum("rc,ncd->nrd", rows, kernel) + bias[:, None]
    mean, log_variance = code[..., :2], code[..., 2:]
    wanted = 0.5 * (mean**2 + np.exp(log_variance) - 1 - log_variance).sum(-1).mean(1)
    assert population.added == pytest.approx(wanted, rel=1e-4)
    plain = recipe(dense(64, "sigmoid"), x=rows, epochs=1)
    penalised = recipe(dense(64, "sigmoid", kernel_regularizer="l2"), x=rows, epochs=1)
    for other in (plain, penalised):
        assert KerasEngine().train(other, (0,), make_goal(other)).added is None


def test_a_code_that_tells_two_rows_apart_costs_a_bit_at_least() -> None:
    spread = np.linspace(0.01, 1, 200)
    for apart in (3.0, 4.0, 6.0):  # of their spreads: what is drawn for one is not taken for the other
        mean = apart * spread
        costs = divergence(mean[:, None], 2 * np.log(spread)[:, None])
        assert np.asarray(costs).min() > np.log(2)


def test_parameters_of_a_subclassed_model_are_counted() -> None:
    model = Subclassed()
    model.compile(optimizer="adam", loss="binary_crossentropy")
    given = capture_model(model, DIGITS, DIGITS).recipe
    assert given.parameters == 2 * (64 * 2 + 2) + 2 * 64 + 64


def test_keras_layers_that_read_two_are_no_sampling() -> None:
    inputs = keras.Input((64,))
    both = [dense(2)(inputs), dense(2)(inputs)]
    for merged in (keras.layers.Add()(both), ops.multiply(*both)):
        model = keras.Model(inputs, dense(64, "sigmoid")(merged))
        model.compile(loss="mse")
        given = capture_model(model, DIGITS, DIGITS).recipe
        first = given.layers[1].name
        assert findings("posterior-collapse", observed(given, end={"spread": {first: 0.0}})) == []


def noisy(rows: Any) -> Any:
    return (rows + 0.5 * np.random.default_rng(0).normal(size=rows.shape)).clip(0, 1).astype("f4")


def test_noise_that_is_its_own_target() -> None:
    x = noisy(DIGITS)
    layers = (dense(16), dense(64, "sigmoid"))
    given = recipe(*layers, x=x[:300], y=x[:300], loss="mse",
                   validation_data=(x[300:], DIGITS[300:]))
    (found,) = findings("denoising-target-is-noisy", observed(given, learned=LEARNED))
    assert "taught to keep the noise" in found.message
    assert found.interventions == ()
    for inputs, targets, held in (
        (x, x, None), (x, DIGITS, (x, DIGITS)), (DIGITS, DIGITS, (DIGITS, DIGITS)),
    ):
        fine = recipe(*layers, x=inputs, y=targets, loss="mse", validation_data=held)
        assert findings("denoising-target-is-noisy", observed(fine, learned=LEARNED)) == []


def test_inputs_and_targets_exchanged() -> None:
    given = recipe(dense(16), dense(64, "sigmoid"), x=DIGITS, y=noisy(DIGITS), loss="mse")
    (found,) = findings("denoising-target-is-noisy", observed(given))
    assert "look exchanged" in found.message
    assert "clipped Gaussian noise, σ = 0.5" in found.message


@pytest.mark.parametrize(("sigma", "speaks"), [(0.25, False), (0.5, True), (1.0, True)])
def test_noise_above_what_can_be_removed(sigma: float, speaks: bool) -> None:
    clean = RNG.integers(0, 2, size=(1000, 2)).astype("float32")
    given = recipe(dense(8, "tanh"), dense(2, "sigmoid"),
                   x=clean + sigma * RNG.normal(size=clean.shape), y=clean)
    found = findings("noise-above-what-can-be-removed", observed(given, learned=LEARNED))
    assert bool(found) is speaks


def test_a_loss_at_the_noise_says_what_its_limit_is() -> None:
    clean = RNG.integers(0, 2, size=(1000, 2)).astype("float32")
    given = recipe(dense(8, "tanh"), dense(2, "sigmoid"),
                   x=clean + 0.5 * RNG.normal(size=clean.shape), y=clean)
    (found,) = findings("loss-at-its-floor", observed(given, learned=LEARNED, final_loss=0.36))
    assert "Noise, not the network, is the limit." in found.message
