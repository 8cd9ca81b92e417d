"""What checks say of Keras, computed with Keras itself: each sentence has its numbers here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from checks.helpers import dense, findings, observed, recipe

ROWS = np.random.default_rng(5).normal(size=(40, 2)).astype("float32")
ONE_OF_THREE = np.eye(3, dtype="float32")[np.arange(40) % 3]
NO_NUMBER = float("nan")


def loss_and_gradient(
    name: str, targets: Any, outputs: Sequence[Sequence[float]], **config: Any
) -> tuple[float, NDArray[Any]]:
    """Keras's own loss of one batch, and its gradient with respect to the outputs."""
    loss = getattr(keras.losses, name)
    value, gradient = jax.value_and_grad(
        lambda given: jnp.mean(loss(jnp.asarray(targets), given, **config)))(
        jnp.asarray(outputs, jnp.float32))
    return float(value), np.asarray(gradient)


@pytest.mark.parametrize(("outputs", "loss", "gradient"), [
    ([5, 3, 0], 0.47, [-0.075, 0.125, 0.125]),      # divided by 8: 0.625, 0.375 and 0
    ([-1, 3, 1], 16.1, [0, 0, 0]),                  # the right one is -1/3: cut off
    ([1, -3, 1], 16.1, [0, 0, 0]),                  # the sum is below 0
    ([5, -3, 1], 0, [0, 0, 0]),                     # 5/3: cut off at 1, as if it were right
    ([0, 3, 1], 16.1, [0, 0, 0]),                   # a ReLU that is 0 for the right class
    ([0, 0, 0], NO_NUMBER, [NO_NUMBER] * 3),        # and one that is 0 for all
])
@pytest.mark.parametrize(("name", "targets"), [
    ("categorical_crossentropy", [[1.0, 0.0, 0.0]]), ("sparse_categorical_crossentropy", [0]),
])
def test_categorical_cross_entropy_divides_by_the_sum_first(
    name: str, targets: Any, outputs: Sequence[float], loss: float, gradient: Sequence[float]
) -> None:
    value, slope = loss_and_gradient(name, targets, [outputs])
    assert value == pytest.approx(loss, abs=0.02, nan_ok=True)
    assert slope[0] == pytest.approx(gradient, abs=1e-6, nan_ok=True)


@pytest.mark.parametrize(("activation", "words"), [
    ("linear", "by their sum: where that of the right class is then not between 0 and 1"),
    ("tanh", "goes from -1 to 1; Keras divides"),
    ("relu", "where all are 0 the loss is no number"),
    ("exponential", None),  # divided by their sum: a softmax
    ("softplus", None),
])
def test_raw_outputs_under_categorical_cross_entropy(activation: str, words: str | None) -> None:
    given = recipe(dense(3, activation), x=ROWS, y=ONE_OF_THREE, loss="categorical_crossentropy")
    found = findings("loss-does-not-suit-targets", observed(given))
    assert [words in one.message for one in found if words] == ([True] if words else [])


def test_exponential_outputs_divided_by_their_sum_are_a_softmax() -> None:
    raw = np.array([[0.3, -1.2, 2.0]])
    exponential = loss_and_gradient("categorical_crossentropy", [[1.0, 0.0, 0.0]], np.exp(raw))[0]
    assert exponential == pytest.approx(loss_and_gradient(
        "categorical_crossentropy", [[1.0, 0.0, 0.0]], raw, from_logits=True)[0], rel=1e-5)


@pytest.mark.parametrize("output", [1.5, -0.5])
def test_binary_cross_entropy_is_cut_off_outside_of_0_to_1(output: float) -> None:
    for target in (0.0, 1.0):
        assert loss_and_gradient("binary_crossentropy", [[target]], [[output]])[1] == 0.0
    focal = loss_and_gradient("binary_focal_crossentropy", [[1.0]], [[-0.5]])[1]
    assert focal != 0.0  # its weight, a power of what is no probability, has a gradient


@pytest.mark.parametrize("name", ["binary_crossentropy", "binary_focal_crossentropy"])
@pytest.mark.parametrize(("target", "outputs"), [(2.0, (0.9, 0.99, 0.999)), (-1.0, (0.1, 0.01, 0.001))])
def test_binary_cross_entropy_of_targets_outside_falls_and_falls(
    name: str, target: float, outputs: Sequence[float]
) -> None:
    values = [loss_and_gradient(name, [[target]], [[output]])[0] for output in outputs]
    assert values[0] > values[1] > values[2]
    assert values[2] < 0


def test_categorical_cross_entropy_of_targets_outside() -> None:
    def loss(targets: Sequence[float], *outputs: float) -> float:
        return loss_and_gradient("categorical_crossentropy", [targets], [outputs])[0]

    best = loss((4.0, 1.0), 0.8, 0.2)  # the targets divided by their sum
    assert all(best < loss((4.0, 1.0), p, 1 - p) for p in (0.7, 0.79, 0.81, 0.9, 0.999))
    assert loss((4.0, -1.0), 0.9, 0.1) > loss((4.0, -1.0), 0.99, 0.01) > loss(
        (4.0, -1.0), 0.999, 0.001)


@pytest.mark.parametrize(("targets", "words"), [
    (4 * ONE_OF_THREE + 1, "are its targets divided by their sum, so that their size is lost"),
    (2 * ONE_OF_THREE - 1, "pushed on towards their limit"),
])
def test_categorical_targets_outside_are_told_by_what_becomes_of_them(
    targets: NDArray[Any], words: str
) -> None:
    given = recipe(dense(3, "softmax"), x=ROWS, y=targets, loss="categorical_crossentropy")
    (found,) = findings("loss-does-not-suit-targets", observed(given))
    assert words in found.message


@pytest.mark.parametrize("label", [3, 7, -1])
@pytest.mark.parametrize("from_logits", [False, True])
def test_class_numbers_without_an_output_have_no_loss(label: int, from_logits: bool) -> None:
    value, slope = loss_and_gradient(
        "sparse_categorical_crossentropy", [label], [[0.2, 0.3, 0.5]], from_logits=from_logits)
    assert value == 0
    assert not slope.any()
    given = recipe(dense(3, "softmax"), x=ROWS, y=np.arange(40) % 4,
                   loss="sparse_categorical_crossentropy")
    (found,) = findings("loss-does-not-suit-targets", observed(given))
    assert "rows of the other classes have a loss of 0 and no gradient" in found.message


@pytest.mark.filterwarnings("ignore::SyntaxWarning", "ignore::UserWarning")
@pytest.mark.parametrize(("target", "output"), [(2.0, 0.3), (5.0, -7.0), (0.5, 100.0)])
def test_a_single_output_under_categorical_cross_entropy_has_no_loss(
    target: float, output: float
) -> None:
    value, slope = loss_and_gradient("categorical_crossentropy", [[target]], [[output]])
    assert value == pytest.approx(0, abs=1e-5)
    assert not slope.any()


@pytest.mark.parametrize(("classes", "floor"), [(1, 0.503), (3, 0.551)])
def test_probabilities_taken_for_logits_leave_a_floor(classes: int, floor: float) -> None:
    """The best that outputs from 0 to 1 can come to, over rows of two kinds, or of three classes."""
    name = "binary_crossentropy" if classes == 1 else "categorical_crossentropy"
    right = np.array([[0.0], [1.0]]) if classes == 1 else np.eye(3)
    least = loss_and_gradient(name, right, right, from_logits=True)[0]
    assert least == pytest.approx(floor, abs=1e-3)


@pytest.mark.filterwarnings("ignore::SyntaxWarning", "ignore::UserWarning")
def test_a_softmax_over_one_unit_is_1_and_has_no_gradient() -> None:
    value, slope = jax.value_and_grad(
        lambda z: keras.activations.softmax(z).sum())(jnp.array([[3.0], [-8.0]]))
    assert value == 2
    assert not slope.any()


@pytest.mark.parametrize(("targets", "outputs", "shown"), [
    ([-1, 1], [-1, 1], 0.5),           # -1 is never met, however right the output is
    ([-1, 1], [-0.9, 0.4], 0.0),
    ([3.5, 2.0], [3.5, 2.0], 0.0),     # exactly right
    ([0, 1], [0.3, 0.7], 1.0),
])
def test_what_accuracy_shows(
    targets: Sequence[float], outputs: Sequence[float], shown: float
) -> None:
    model = keras.Sequential([keras.Input((1,)), keras.layers.Activation("linear")])
    model.compile(loss="mse", metrics=["accuracy"])
    told = model.evaluate(np.array([outputs]).T, np.array([targets], float).T, verbose=0)
    assert told[1] == pytest.approx(shown)


def test_accuracy_with_a_border_at_0_suits_logits_and_not_signs() -> None:
    def accuracy(targets: Sequence[float], outputs: Sequence[float]) -> float:
        metric = keras.metrics.BinaryAccuracy(threshold=0.0)
        metric.update_state(np.array([targets]).T, np.array([outputs]).T)
        return float(metric.result())

    assert accuracy([0.0, 1.0], [-0.2, 0.2]) == 1.0
    assert accuracy([-1.0, 1.0], [-1.0, 1.0]) == 0.5  # the targets are not compared with 0


def test_what_an_embedding_reads_beyond_its_table() -> None:
    table = keras.layers.Embedding(4, 2)
    table.build((None, 1))
    rows = np.asarray(table.embeddings)
    read = np.asarray(table(np.array([4, 7, -1, -4])))
    assert np.isnan(read[:2]).all()
    np.testing.assert_array_equal(read[2:], rows[[-1, 0]])
    np.testing.assert_array_equal(np.asarray(table(np.array([0.2, 0.9, 3.7]))), rows[[0, 0, 3]])


def test_squared_error_stretches_shapes_and_cross_entropy_refuses() -> None:
    targets, outputs = np.array([[0.0, 1.0, 5.0]]), np.array([[2.0]])
    value, slope = loss_and_gradient("mean_squared_error", targets, outputs)
    assert value == pytest.approx((4 + 1 + 9) / 3)
    assert slope == pytest.approx(0.0)  # 2 is the mean of 0, 1 and 5
    with pytest.raises(ValueError, match="same shape"):
        keras.losses.binary_crossentropy(targets, outputs)


def test_a_batch_of_one_row_in_batch_normalisation() -> None:
    layer = keras.layers.BatchNormalization(momentum=0.1)
    layer.build((None, 1))
    out = layer(np.array([[5.0]]), training=True)
    assert np.asarray(out) == pytest.approx(0.0)  # less its own mean
    assert np.asarray(layer.moving_mean) == pytest.approx(4.5)  # a share of 1 - momentum
    assert np.asarray(layer.moving_variance) == pytest.approx(0.1)


def test_a_summed_loss_has_the_gradient_of_so_many_rows() -> None:
    targets, outputs = jnp.zeros((32, 1)), jnp.ones((32, 1))
    slopes = [jax.grad(lambda given, kind=kind: keras.losses.MeanSquaredError(reduction=kind)(
        targets, given))(outputs) for kind in ("sum", "sum_over_batch_size")]
    np.testing.assert_allclose(slopes[0], 32 * slopes[1], rtol=1e-5)


def test_an_activation_behind_another() -> None:
    sigmoid, softmax = keras.activations.sigmoid, keras.activations.softmax
    far = jnp.array([[-1e4, 1e4]])
    assert np.asarray(sigmoid(sigmoid(far))) == pytest.approx(np.array([[0.5, 0.731]]), abs=1e-3)
    assert float(sigmoid(keras.activations.relu(far)).min()) == 0.5
    sure = jnp.eye(10)[:1] * 1e4
    assert float(softmax(softmax(sure)).max()) == pytest.approx(np.e / (np.e + 9), rel=1e-4)
